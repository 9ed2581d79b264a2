using Freshet.Columns;
using Freshet.Columns.Expressions;
using Freshet.Columns.Kernels;
using Freshet.Columns.Types;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions over numbers.</summary>
internal static class NumberFunctions
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Number("ABS", "NUMBER", First, NumberKernel.Abs, "Without its sign.", ("ABS(-3)", "3")),
        Number("SIGN", "NUMBER", First, NumberKernel.Sign, "-1, 0 or 1.", ("SIGN(-3)", "-1")),
        Number("FLOOR", "NUMBER", Whole, NumberKernel.Floor, "The next whole number below; of a time with FLOOR(time TO unit).", ("FLOOR(1.5)", "1")),
        Number("CEIL CEILING", "NUMBER", Whole, NumberKernel.Ceiling, "The next whole number above; of a time with CEIL(time TO unit).", ("CEIL(1.5)", "2")),
        Number("ROUND", "NUMBER [, INTEGER]", First, NumberKernel.Round, "Rounded half up to so many digits after the point.", ("ROUND(CAST(2.345 AS DOUBLE), 2)", "2.35")),
        Double("POWER", "DOUBLE, DOUBLE", NumberKernel.OfDoubles(Math.Pow), "The first number to the power of the second.", ("POWER(2, 10)", "1024.0")),
        Double("ATAN2", "DOUBLE, DOUBLE", NumberKernel.OfDoubles(Math.Atan2), "The angle of a point, in radians."),
        Double("SQRT", "DOUBLE", NumberKernel.OfDouble(Math.Sqrt), "The square root.", ("SQRT(9)", "3.0")),
        Double("EXP", "DOUBLE", NumberKernel.OfDouble(Math.Exp), "e to this power.", ("EXP(0)", "1.0")),
        Double("LN", "DOUBLE", NumberKernel.OfDouble(Math.Log), "The natural logarithm.", ("LN(1)", "0.0")),
        Double("LOG10", "DOUBLE", NumberKernel.OfDouble(Math.Log10), "The logarithm to base 10.", ("LOG10(100)", "2.0")),
        Double("LOG2", "DOUBLE", NumberKernel.OfDouble(Math.Log2), "The logarithm to base 2.", ("LOG2(8)", "3.0")),
        Double("SIN", "DOUBLE", NumberKernel.OfDouble(Math.Sin), "The sine."),
        Double("COS", "DOUBLE", NumberKernel.OfDouble(Math.Cos), "The cosine.", ("COS(0)", "1.0")),
        Double("TAN", "DOUBLE", NumberKernel.OfDouble(Math.Tan), "The tangent."),
        Double("ASIN", "DOUBLE", NumberKernel.OfDouble(Math.Asin), "The inverse of the sine."),
        Double("ACOS", "DOUBLE", NumberKernel.OfDouble(Math.Acos), "The inverse of the cosine."),
        Double("ATAN", "DOUBLE", NumberKernel.OfDouble(Math.Atan), "The inverse of the tangent."),
        Double("DEGREES", "DOUBLE", NumberKernel.OfDouble(static d => d * 180 / Math.PI), "Radians to degrees."),
        Double("RADIANS", "DOUBLE", NumberKernel.OfDouble(static d => d * Math.PI / 180), "Degrees to radians."),
        Double("PI", "", static (c, _, _) => Column.Constant(PhysicalKind.Float64, Math.PI, c.Memory), "The circle's number."),
        Double("E", "", static (c, _, _) => Column.Constant(PhysicalKind.Float64, Math.E, c.Memory), "Euler's number."),
    ];

    private static SqlType Whole(System.Collections.Immutable.ImmutableArray<SqlType> types) =>
        types[0].Kind == TypeKind.Decimal ? SqlType.Decimal(types[0].Precision, 0) : types[0];

    private static ScalarFunction Number(string names, string signature, ResultRule result, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Numbers", names, signature, result, kernel, sentence, examples);

    private static ScalarFunction Double(string names, string signature, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        Number(names, signature, Always(SqlType.Double), kernel, sentence, examples);
}
