using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Numbers;
using Freshet.Kernels.Rows;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions over numbers.</summary>
internal static class NumberFunctions
{
    public static IEnumerable<ScalarFunction> All => [.. Rounded(), .. Powers(), .. Angles(), .. Random()];

    private static IEnumerable<ScalarFunction> Rounded() =>
    [
        Number("ABS", "NUMBER", First, NumberKernel.Abs, "Without its sign.", ("ABS(-3)", "3")),
        Number("SIGN", "NUMBER", First, NumberKernel.Sign, "-1, 0 or 1.", ("SIGN(-3)", "-1"), ("SIGN(-2.5)", "-1.0")),
        Number("FLOOR", "NUMBER", Whole, NumberKernel.Floor, "The next whole number below; of a time with FLOOR(time TO unit).", ("FLOOR(1.5)", "1"), ("FLOOR(-1.55)", "-2")),
        Number("CEIL CEILING", "NUMBER", Whole, NumberKernel.Ceiling, "The next whole number above; of a time with CEIL(time TO unit).", ("CEIL(1.5)", "2")),
        WithDigits("ROUND", truncates: false, "Rounded half up to so many digits after the point, 0 where none are named.", ("ROUND(CAST(1.005 AS DOUBLE), 2)", "1.01"), ("ROUND(123, -2)", "100"), ("ROUND(1.25, 1)", "1.3")),
        WithDigits("TRUNCATE", truncates: true, "Cut to so many digits after the point, 0 where none are named.", ("TRUNCATE(42.345, 2)", "42.34"), ("TRUNCATE(42324, -1)", "42320")),
    ];

    private static IEnumerable<ScalarFunction> Powers() =>
    [
        Double("POWER", "DOUBLE, DOUBLE", NumberKernel.OfDoubles(JavaMath.Pow), "The first number to the power of the second.", ("POWER(2, 10)", "1024.0")),
        Double("SQRT", "DOUBLE", NumberKernel.OfDouble(Math.Sqrt), "The square root.", ("SQRT(2)", "1.4142135623730951")),
        Double("EXP", "DOUBLE", NumberKernel.OfDouble(Math.Exp), "e to this power.", ("EXP(1)", "2.718281828459045")),
        Double("LN", "DOUBLE", NumberKernel.OfDouble(Math.Log), "The natural logarithm.", ("LN(2.718281828459045)", "1.0")),
        Double("LOG", "DOUBLE", NumberKernel.OfDouble(Math.Log), "The natural logarithm, or with two arguments that of the second to the base of the first.", ("LOG(10)", "2.302585092994046"), ("LOG(2, 8)", "3.0")).Or("DOUBLE, DOUBLE", NumberKernel.OfDoubles(JavaMath.Log)),
        Double("LOG10", "DOUBLE", NumberKernel.OfDouble(Math.Log10), "The logarithm to base 10.", ("LOG10(100)", "2.0")),
        Double("LOG2", "DOUBLE", NumberKernel.OfDouble(JavaMath.Log2), "The logarithm to base 2.", ("LOG2(8)", "3.0")),
        Double("E", "", static (c, _, _) => Column.Constant(PhysicalKind.Float64, Math.E, c.Memory), "Euler's number.", ("E()", "2.718281828459045")),
    ];

    private static IEnumerable<ScalarFunction> Angles() =>
    [
        Double("SIN", "DOUBLE", NumberKernel.OfDouble(Math.Sin), "The sine.", ("SIN(0)", "0.0")),
        Double("COS", "DOUBLE", NumberKernel.OfDouble(Math.Cos), "The cosine.", ("COS(0)", "1.0")),
        Double("TAN", "DOUBLE", NumberKernel.OfDouble(Math.Tan), "The tangent.", ("TAN(0)", "0.0")),
        Double("COT", "DOUBLE", NumberKernel.OfDouble(JavaMath.Cot), "The cotangent.", ("COT(1)", "0.6420926159343306")),
        Double("ASIN", "DOUBLE", NumberKernel.OfDouble(Math.Asin), "The inverse of the sine.", ("ASIN(2)", "NaN")),
        Double("ACOS", "DOUBLE", NumberKernel.OfDouble(Math.Acos), "The inverse of the cosine.", ("ACOS(1)", "0.0")),
        Double("ATAN", "DOUBLE", NumberKernel.OfDouble(Math.Atan), "The inverse of the tangent.", ("ATAN(0)", "0.0")),
        Double("ATAN2", "DOUBLE, DOUBLE", NumberKernel.OfDoubles(Math.Atan2), "The angle of a point, in radians.", ("ATAN2(1, 2)", "0.4636476090008061")),
        Double("SINH", "DOUBLE", NumberKernel.OfDouble(Math.Sinh), "The hyperbolic sine.", ("SINH(1)", "1.1752011936438014")),
        Double("COSH", "DOUBLE", NumberKernel.OfDouble(JavaMath.Cosh), "The hyperbolic cosine.", ("COSH(1)", "1.543080634815244")),
        Double("TANH", "DOUBLE", NumberKernel.OfDouble(Math.Tanh), "The hyperbolic tangent.", ("TANH(1)", "0.7615941559557649")),
        Double("DEGREES", "DOUBLE", NumberKernel.OfDouble(JavaMath.ToDegrees), "Radians to degrees.", ("DEGREES(1)", "57.29577951308232")),
        Double("RADIANS", "DOUBLE", NumberKernel.OfDouble(JavaMath.ToRadians), "Degrees to radians.", ("RADIANS(180)", "3.141592653589793")),
        Double("PI", "", static (c, _, _) => Column.Constant(PhysicalKind.Float64, Math.PI, c.Memory), "The circle's number.", ("PI()", "3.141592653589793")),
    ];

    private static IEnumerable<ScalarFunction> Random() =>
    [
        Double("RAND", "[INTEGER]", RowLoop.Of(new RandomNumber(false, true, false, 0)), "A number from 0 up to 1, another one for each row: the same in every run over the same rows, as the seed and the row's position say.", ("RAND(1)", "0.7308781907032909")) with
        {
            PerRow = static (arguments, hasPosition, call) => RowLoop.Of(new RandomNumber(false, arguments == 1, hasPosition, call)),
        },
        Number("RAND_INTEGER", "INTEGER [, INTEGER]", Always(SqlType.Int), RowLoop.Of(new RandomNumber(true, false, false, 0)), "A whole number from 0 up to a bound, another one for each row; RAND_INTEGER(bound) or RAND_INTEGER(seed, bound).", ("RAND_INTEGER(3, 10)", "4")) with
        {
            CanFail = true,
            PerRow = static (arguments, hasPosition, call) => RowLoop.Of(new RandomNumber(true, arguments == 2, hasPosition, call)),
        },
        Number("UUID", "", Always(SqlType.Char(36)), RowLoop.Of(new RandomUuid(false, 0)), "A universally unique identifier (version 4), another one for each row: the same in every run over the same rows.", ("CHAR_LENGTH(UUID())", "36"), ("SUBSTRING(UUID(), 9, 1)", "-")) with
        {
            PerRow = static (_, hasPosition, call) => RowLoop.Of(new RandomUuid(hasPosition, call)),
        },
    ];

    private static ScalarFunction WithDigits(string name, bool truncates, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples)
    {
        var function = Number(name, "NUMBER [, INTEGER]", First, RowLoop.Of(new Kernels.Numbers.ToDigits(truncates)), sentence, examples);
        return function with { Signatures = [function.Signatures[0] with { ResultOfValues = ToDigits }] };
    }

    private static SqlType Whole(System.Collections.Immutable.ImmutableArray<SqlType> types) =>
        types[0].Kind == TypeKind.Decimal ? SqlType.Decimal(types[0].Precision, 0) : types[0];

    private static ScalarFunction Number(string names, string signature, ResultRule result, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Numbers", names, signature, result, kernel, sentence, examples);

    private static ScalarFunction Double(string names, string signature, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        Number(names, signature, Always(SqlType.Double), kernel, sentence, examples);
}
