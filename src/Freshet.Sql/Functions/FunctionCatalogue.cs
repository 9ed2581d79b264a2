using System.Collections.Immutable;
using Freshet.Columns.Expressions;
using Freshet.Columns.Json.Kernels;
using Freshet.Columns.Kernels;
using Freshet.Columns.Types;

namespace Freshet.Sql.Functions;

/// <summary>
/// The scalar functions, as data. Functions with a form of their own (CAST, CASE, EXTRACT, JSON_VALUE ...) are bound by
/// <see cref="Binding.SpecialFunctions"/>; their names are listed there.
/// </summary>
public static class FunctionCatalogue
{
    private static readonly Dictionary<string, ScalarFunction> ByName = Index();

    /// <summary>All functions in order of name.</summary>
    public static IEnumerable<ScalarFunction> All => ByName.Values.Distinct().OrderBy(f => f.Names[0], StringComparer.Ordinal);

    public static IEnumerable<string> Names => ByName.Keys;

    public static ScalarFunction? Find(string name) => ByName.GetValueOrDefault(name);

    private static Dictionary<string, ScalarFunction> Index()
    {
        var index = new Dictionary<string, ScalarFunction>(StringComparer.Ordinal);
        foreach (var function in Declarations())
            foreach (var name in function.Names) index.Add(name, function);
        return index;
    }

    private static IEnumerable<ScalarFunction> Declarations() => [.. TextFunctions(), .. NumberFunctions(), .. TimeFunctions(), .. JsonMaking()];

    private static ScalarFunction Text(string names, Family[] arguments, int min, ScalarKernel kernel, string sentence, params Example[] examples) =>
        new([.. names.Split(' ')], [.. arguments], min, arguments.Length, _ => SqlType.String, kernel, sentence, examples);

    private static IEnumerable<ScalarFunction> TextFunctions() =>
    [
        Text("UPPER UCASE", [Family.Text], 1, TextKernel.Upper, "The text in upper case.", new Example("UPPER('shop')", "SHOP")),
        Text("LOWER LCASE", [Family.Text], 1, TextKernel.Lower, "The text in lower case.", new Example("LOWER('Shop')", "shop")),
        Text("INITCAP", [Family.Text], 1, TextKernel.InitCap, "Each word with a capital first letter.", new Example("INITCAP('gift SHOP')", "Gift Shop")),
        Text("REVERSE", [Family.Text], 1, TextKernel.Reverse, "The characters from last to first.", new Example("REVERSE('abc')", "cba")),
        new(["CONCAT"], [Family.Text], 1, 64, _ => SqlType.String, TextKernel.Concat, "The texts one after another; NULL if one is.", new Example("CONCAT('a', 'b', 'c')", "abc")),
        new(["CONCAT_WS"], [Family.Text], 2, 64, _ => SqlType.String, TextKernel.ConcatWithSeparator, "The texts after the first, with the first between them; NULLs are left out.", new Example("CONCAT_WS('-', 'a', 'b')", "a-b")) { TakesNull = true, MayBeNull = true },
        Text("SUBSTRING SUBSTR", [Family.Text, Family.Integer, Family.Integer], 2, TextKernel.Substring, "Characters from a position (1 is the first, -1 the last), at most so many.", new Example("SUBSTRING('freshet', 3, 2)", "es"), new Example("SUBSTRING('freshet', -3)", "het")),
        Text("LEFT", [Family.Text, Family.Integer], 2, TextKernel.Left, "The first characters.", new Example("LEFT('freshet', 5)", "fresh")),
        Text("RIGHT", [Family.Text, Family.Integer], 2, TextKernel.Right, "The last characters.", new Example("RIGHT('freshet', 3)", "het")),
        Text("LTRIM", [Family.Text, Family.Text], 1, TextKernel.Trim(true, false), "Without blanks (or the given characters) at the start.", new Example("LTRIM('  a')", "a")),
        Text("RTRIM", [Family.Text, Family.Text], 1, TextKernel.Trim(false, true), "Without blanks (or the given characters) at the end.", new Example("RTRIM('a  ')", "a")),
        Text("BTRIM", [Family.Text, Family.Text], 1, TextKernel.Trim(true, true), "Without blanks (or the given characters) at both ends.", new Example("BTRIM(' a ')", "a")),
        Text("LPAD", [Family.Text, Family.Integer, Family.Text], 3, TextKernel.Pad(true), "Filled from the left to a length.", new Example("LPAD('7', 3, '0')", "007")) with { MayBeNull = true },
        Text("RPAD", [Family.Text, Family.Integer, Family.Text], 3, TextKernel.Pad(false), "Filled from the right to a length.", new Example("RPAD('7', 3, '0')", "700")) with { MayBeNull = true },
        Text("REPLACE", [Family.Text, Family.Text, Family.Text], 3, TextKernel.Replace, "Every occurrence of a text replaced.", new Example("REPLACE('a-b-c', '-', '+')", "a+b+c")),
        Text("REPEAT", [Family.Text, Family.Integer], 2, TextKernel.Repeat, "The text so many times.", new Example("REPEAT('ab', 3)", "ababab")) with { CanFail = true },
        Text("SPLIT_INDEX", [Family.Text, Family.Text, Family.Integer], 3, TextKernel.SplitIndex, "The part with this number (from 0) of a text split at a separator; NULL where there is none.", new Example("SPLIT_INDEX('a/b/c', '/', 1)", "b")) with { MayBeNull = true },
        Text("TO_BASE64", [Family.Text], 1, TextKernel.ToBase64, "The bytes in base 64.", new Example("TO_BASE64('hello world')", "aGVsbG8gd29ybGQ=")),
        Text("MD5", [Family.Text], 1, TextKernel.Hash(TextKernel.Md5), "The MD5 hash in hexadecimal digits.", new Example("MD5('a')", "0cc175b9c0f1b6a831c399e269772661")),
        Text("SHA1", [Family.Text], 1, TextKernel.Hash(TextKernel.Sha1), "The SHA-1 hash in hexadecimal digits.", new Example("SHA1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")),
        Text("SHA256", [Family.Text], 1, TextKernel.Hash(TextKernel.Sha256), "The SHA-256 hash in hexadecimal digits.", new Example("SHA256('a')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")),
        Text("SHA384", [Family.Text], 1, TextKernel.Hash(TextKernel.Sha384), "The SHA-384 hash in hexadecimal digits."),
        Text("SHA512", [Family.Text], 1, TextKernel.Hash(TextKernel.Sha512), "The SHA-512 hash in hexadecimal digits."),
        new(["CHAR_LENGTH", "CHARACTER_LENGTH", "LENGTH"], [Family.Text], 1, 1, _ => SqlType.Int, TextKernel.CharLength, "The number of characters.", new Example("CHAR_LENGTH('über')", "4")),
        new(["POSITION"], [Family.Text], 2, 2, _ => SqlType.Int, TextKernel.Position, "Where the first text is in the second, from 1; 0 where it is not.", new Example("POSITION('b' IN 'abc')", "2")),
        new(["INSTR"], [Family.Text], 2, 2, _ => SqlType.Int, TextKernel.InString, "Where the second text is in the first, from 1; 0 where it is not.", new Example("INSTR('abc', 'b')", "2")),
        new(["LOCATE"], [Family.Text], 2, 2, _ => SqlType.Int, TextKernel.Position, "Where the first text is in the second, from 1; 0 where it is not.", new Example("LOCATE('b', 'abc')", "2")),
    ];

    private static ScalarFunction Double(string names, Func<double, double> function, string sentence, params Example[] examples) =>
        new([.. names.Split(' ')], [Family.Number], 1, 1, _ => SqlType.Double, NumberKernel.OfDouble(function), sentence, examples);

    private static IEnumerable<ScalarFunction> NumberFunctions() =>
    [
        new(["ABS"], [Family.Number], 1, 1, t => t[0], NumberKernel.Abs, "Without its sign.", new Example("ABS(-3)", "3")),
        new(["SIGN"], [Family.Number], 1, 1, t => t[0], NumberKernel.Sign, "-1, 0 or 1.", new Example("SIGN(-3)", "-1")),
        new(["FLOOR"], [Family.Number], 1, 1, t => t[0].Kind == TypeKind.Decimal ? SqlType.Decimal(t[0].Precision, 0) : t[0], NumberKernel.Floor, "The next whole number below.", new Example("FLOOR(1.5)", "1")),
        new(["CEIL", "CEILING"], [Family.Number], 1, 1, t => t[0].Kind == TypeKind.Decimal ? SqlType.Decimal(t[0].Precision, 0) : t[0], NumberKernel.Ceiling, "The next whole number above.", new Example("CEIL(1.5)", "2")),
        new(["ROUND"], [Family.Number, Family.Integer], 1, 2, t => t[0], NumberKernel.Round, "Rounded half up to so many digits after the point.", new Example("ROUND(CAST(2.345 AS DOUBLE), 2)", "2.35")),
        new(["POWER"], [Family.Number, Family.Number], 2, 2, _ => SqlType.Double, NumberKernel.OfDoubles(Math.Pow), "The first number to the power of the second.", new Example("POWER(2, 10)", "1024.0")),
        new(["MOD"], [Family.Integer], 2, 2, t => TypeRules.Common(t[0], t[1])!, ArithmeticKernel.Remainder, "The rest of a division.", new Example("MOD(7, 3)", "1")) { CanFail = true },
        new(["ATAN2"], [Family.Number, Family.Number], 2, 2, _ => SqlType.Double, NumberKernel.OfDoubles(Math.Atan2), "The angle of a point, in radians."),
        Double("SQRT", Math.Sqrt, "The square root.", new Example("SQRT(9)", "3.0")),
        Double("EXP", Math.Exp, "e to this power.", new Example("EXP(0)", "1.0")),
        Double("LN", Math.Log, "The natural logarithm.", new Example("LN(1)", "0.0")),
        Double("LOG10", Math.Log10, "The logarithm to base 10.", new Example("LOG10(100)", "2.0")),
        Double("LOG2", Math.Log2, "The logarithm to base 2.", new Example("LOG2(8)", "3.0")),
        Double("SIN", Math.Sin, "The sine."),
        Double("COS", Math.Cos, "The cosine.", new Example("COS(0)", "1.0")),
        Double("TAN", Math.Tan, "The tangent."),
        Double("ASIN", Math.Asin, "The inverse of the sine."),
        Double("ACOS", Math.Acos, "The inverse of the cosine."),
        Double("ATAN", Math.Atan, "The inverse of the tangent."),
        Double("DEGREES", d => d * 180 / Math.PI, "Radians to degrees."),
        Double("RADIANS", d => d * Math.PI / 180, "Degrees to radians."),
        new(["PI"], [Family.Number], 0, 0, _ => SqlType.Double, static (c, _, _) => Freshet.Columns.Column.Constant(PhysicalKind.Float64, Math.PI, c.Memory), "The circle's number."),
        new(["E"], [Family.Number], 0, 0, _ => SqlType.Double, static (c, _, _) => Freshet.Columns.Column.Constant(PhysicalKind.Float64, Math.E, c.Memory), "Euler's number."),
    ];

    private static IEnumerable<ScalarFunction> TimeFunctions() =>
    [
        new(["DATE_FORMAT"], [Family.Time, Family.Text], 2, 2, _ => SqlType.String, TimeKernel.Format, "A time as text by a pattern of Java's letters.", new Example("DATE_FORMAT(TIMESTAMP '2026-11-24 10:05:00', 'yyyy-MM')", "2026-11")) { CanFail = true },
        new(["TO_TIMESTAMP"], [Family.Text], 1, 2, _ => SqlType.Timestamp(3), TimeKernel.Parse, "A text as a timestamp; NULL where it is none.", new Example("TO_TIMESTAMP('2026-11-24 10:05:00')", "2026-11-24 10:05:00.000")) { MayBeNull = true },
        new(["TO_DATE"], [Family.Text], 1, 2, _ => SqlType.Date, TimeKernel.Parse, "A text as a date; NULL where it is none.", new Example("TO_DATE('2026-11-24')", "2026-11-24")) { MayBeNull = true },
        new(["TO_TIMESTAMP_LTZ"], [Family.Integer, Family.Integer], 1, 2, _ => SqlType.TimestampLtz(3), TimeKernel.FromEpoch, "Seconds (precision 0) or milliseconds (3) since 1970 as a timestamp.", new Example("TO_TIMESTAMP_LTZ(0, 3)", "1970-01-01 00:00:00.000")),
        new(["FROM_UNIXTIME"], [Family.Integer, Family.Text], 1, 2, _ => SqlType.String, TimeKernel.FromUnixTime, "Seconds since 1970 as text, by a pattern.", new Example("FROM_UNIXTIME(44)", "1970-01-01 00:00:44")),
        new(["UNIX_TIMESTAMP"], [Family.Text], 0, 2, _ => SqlType.BigInt, TimeKernel.UnixTimestamp, "Seconds since 1970 of a text, or now.", new Example("UNIX_TIMESTAMP('1970-01-01 00:00:44')", "44")),
        Clock("CURRENT_TIMESTAMP NOW CURRENT_ROW_TIMESTAMP", SqlType.TimestampLtz(3), "The time of the step."),
        Clock("LOCALTIMESTAMP", SqlType.Timestamp(3), "The time of the step on the session's clock."),
        Clock("CURRENT_DATE", SqlType.Date, "The date of the step on the session's clock."),
        Clock("LOCALTIME CURRENT_TIME", SqlType.Time(), "The time of day of the step on the session's clock."),
        Part("YEAR", "2026"), Part("QUARTER", "4"), Part("MONTH", "11"), Part("WEEK", "48"), Part("HOUR", "10"), Part("MINUTE", "5"), Part("SECOND", "30"),
        new(["DAYOFMONTH"], [Family.Time], 1, 1, _ => SqlType.BigInt, TimeKernel.Extract("DAY"), "The day of the month."),
        new(["DAYOFYEAR"], [Family.Time], 1, 1, _ => SqlType.BigInt, TimeKernel.Extract("DOY"), "The day of the year."),
        new(["DAYOFWEEK"], [Family.Time], 1, 1, _ => SqlType.BigInt, TimeKernel.Extract("DOW"), "The day of the week; 1 is Sunday."),
    ];

    private static ScalarFunction Clock(string names, SqlType type, string sentence) =>
        new([.. names.Split(' ')], [Family.Any], 0, 0, _ => type, TimeKernel.Now, sentence);

    private static ScalarFunction Part(string unit, string result) => new(
        [unit], [Family.Time], 1, 1, _ => SqlType.BigInt, TimeKernel.Extract(unit), $"The {unit.ToLowerInvariant()} of a time.", new Example($"{unit}(TIMESTAMP '2026-11-24 10:05:30')", result));

    private static IEnumerable<ScalarFunction> JsonMaking() =>
    [
        new(["PARSE_JSON"], [Family.Text], 1, 1, _ => SqlType.Variant, JsonConstructors.Parse(isTry: false), "A JSON text as a VARIANT.", new Example("CAST(PARSE_JSON('{\"a\": 1}')['a'] AS INT)", "1")) { CanFail = true },
        new(["TRY_PARSE_JSON"], [Family.Text], 1, 1, _ => SqlType.Variant, JsonConstructors.Parse(isTry: true), "A JSON text as a VARIANT; NULL where it is none.") { MayBeNull = true },
        new(["JSON_STRING"], [Family.Any], 1, 1, _ => SqlType.String, JsonConstructors.String, "A value as JSON text.", new Example("JSON_STRING(TRUE)", "true")),
        new(["JSON_QUOTE"], [Family.Text], 1, 1, _ => SqlType.String, JsonConstructors.Quote, "A text as a JSON string."),
        new(["JSON_UNQUOTE"], [Family.Text], 1, 1, _ => SqlType.String, JsonConstructors.Unquote, "The text of a JSON string."),
        new(["CARDINALITY"], [Family.Any], 1, 1, _ => SqlType.Int, CollectionKernels.Cardinality, "The number of elements of an array or map."),
    ];
}
