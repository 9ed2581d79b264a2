using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Rows;
using Freshet.Kernels.Texts;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions over text.</summary>
internal static class TextFunctions
{
    public static IEnumerable<ScalarFunction> All => [.. Forms(), .. Parts(), .. Joined(), .. Found(), .. Characters()];

    private static IEnumerable<ScalarFunction> Forms() =>
    [
        Text("UPPER UCASE", "STRING", First, RowLoop.Of(new ChangeCase(true)), "The text in upper case.", ("UPPER('shop')", "SHOP")),
        Text("LOWER LCASE", "STRING", First, RowLoop.Of(new ChangeCase(false)), "The text in lower case.", ("LOWER('Shop')", "shop"), ("LOWER('ΑΣ')", "ας")),
        Text("INITCAP", "STRING", First, RowLoop.Of<InitialCapitals>(), "Each word of ASCII letters and digits with a capital first letter, the rest in lower case.", ("INITCAP('gift SHOP')", "Gift Shop")),
        String("REVERSE", "STRING", RowLoop.Of<Reversed>(), "The characters from last to first.", ("REVERSE('abc')", "cba")) with { Nulls = NullRule.Always },
    ];

    private static IEnumerable<ScalarFunction> Parts() =>
    [
        Text("SUBSTRING SUBSTR", "STRING, INTEGER [, INTEGER]", Varying, RowLoop.Of<Substring>(), "Characters from a position (1 is the first, -1 the last), at most so many; also SUBSTRING(text FROM start FOR length).", ("SUBSTRING('freshet', 3, 2)", "es"), ("SUBSTRING('freshet' FROM -3)", "het")) with { Nulls = NullRule.Always },
        Text("LEFT", "STRING, INTEGER", Varying, RowLoop.Of(new End(true)), "The first characters.", ("LEFT('freshet', 5)", "fresh")) with { Nulls = NullRule.Always },
        Text("RIGHT", "STRING, INTEGER", Varying, RowLoop.Of(new End(false)), "The last characters.", ("RIGHT('freshet', 3)", "het")) with { Nulls = NullRule.Always },
        Text("LTRIM", "STRING [, STRING]", Varying, RowLoop.Of(new Trim(true, false)), "Without blanks (or the given characters) at the start.", ("LTRIM('  a')", "a"), ("LTRIM('abcddcba', 'abd')", "cddcba")),
        Text("RTRIM", "STRING [, STRING]", Varying, RowLoop.Of(new Trim(false, true)), "Without blanks (or the given characters) at the end.", ("RTRIM('a  ')", "a")),
        String("BTRIM", "STRING [, STRING]", RowLoop.Of(new Trim(true, true)), "Without blanks (or the given characters) at both ends.", ("BTRIM('  www.apache.org  ')", "www.apache.org")),
        String("SPLIT_INDEX", "STRING, STRING, INTEGER", SplitKernel.Part, "The part with this number (from 0) of a text split at a separator (a text, or the code of a character); NULL where there is none.", ("SPLIT_INDEX('a/b/c', '/', 1)", "b")).Or("STRING, INTEGER, INTEGER", SplitKernel.Part) with { Nulls = NullRule.Always },
    ];

    private static IEnumerable<ScalarFunction> Joined() =>
    [
        String("CONCAT", "STRING...", RowLoop.Of<Concat>(), "The texts one after another; NULL if one is.", ("CONCAT('a', 'b', 'c')", "abc")),
        String("CONCAT_WS", "STRING, STRING...", RowLoop.Of<ConcatWithSeparator>(), "The texts after the first, with the first between them; NULLs are left out.", ("CONCAT_WS('~', 'AA', 'BB', '', 'CC')", "AA~BB~~CC")) with { Nulls = NullRule.OfType, },
        String("LPAD", "STRING, INTEGER, STRING", RowLoop.Of(new Pad(true)), "Filled from the left to a length; NULL for a negative length or nothing to fill with.", ("LPAD('hi', 4, '??')", "??hi"), ("LPAD('hi', 1, '??')", "h")) with { Nulls = NullRule.Always, CanFail = true },
        String("RPAD", "STRING, INTEGER, STRING", RowLoop.Of(new Pad(false)), "Filled from the right to a length; NULL for a negative length or nothing to fill with.", ("RPAD('hi', 5, '??')", "hi???")) with { Nulls = NullRule.Always, CanFail = true },
        String("REPLACE", "STRING, STRING, STRING", RowLoop.Of<Replace>(), "Every occurrence of a text replaced.", ("REPLACE('hello world', 'world', 'flink')", "hello flink")),
        String("REPEAT", "STRING, INTEGER", RowLoop.Of<Repeat>(), "The text so many times.", ("REPEAT('ab', 3)", "ababab")) with { CanFail = true },
        Text("OVERLAY", "STRING, STRING, INTEGER [, INTEGER]", Laid, RowLoop.Of<Overlay>(), "A text in which characters from a position are replaced by another: OVERLAY(text PLACING other FROM start FOR length).", ("OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6)", "xxxxxxxxx"), ("OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6 FOR 2)", "xxxxxxxxxst")),
        Text("TRANSLATE TRANSLATE3", "STRING, STRING, STRING", NullableAsFirst(SqlType.String), RowLoop.Of<Translate>(), "Characters of the second text become those at the same place of the third, or nothing where that is shorter.", ("TRANSLATE('www.apache.org', 'abcworg', '123 ')", "   .1p13he.")) with { Nulls = NullRule.OfType },
        Text("ELT", "INTEGER, STRING...", Chosen, RowLoop.Of<Choose>(), "The argument with this number from 1; NULL where there is none.", ("ELT(2, 'a', 'b')", "b")).Or("INTEGER, BYTES...", RowLoop.Of<Choose>()) with { Nulls = NullRule.Always },
    ];

    private static IEnumerable<ScalarFunction> Found() =>
    [
        Number("CHAR_LENGTH CHARACTER_LENGTH LENGTH", "STRING", RowLoop.Of<CharLength>(), "The number of characters.", ("CHAR_LENGTH('über')", "4")),
        Number("POSITION", "STRING, STRING [, INTEGER]", RowLoop.Of<Position>(), "Where the first text is in the second, from 1; 0 where it is not. Written POSITION(search IN text).", ("POSITION('aa' IN 'aaads')", "1")),
        Number("LOCATE", "STRING, STRING [, INTEGER]", RowLoop.Of<Position>(), "Where the first text is in the second, from 1, searched from a position; 0 where it is not.", ("LOCATE('aa', 'aaads', 2)", "2")),
        Number("INSTR", "STRING, STRING [, INTEGER [, INTEGER]]", RowLoop.Of<InString>(), "Where the second text is in the first, from 1; 0 where it is not. A start below 0 searches from the end; the last argument says which occurrence.", ("INSTR('Corporate Floor', 'or', 3, 2)", "14"), ("INSTR('Corporate Floor', 'or', -3, 2)", "2")) with { CanFail = true },
        Truth("STARTSWITH", "STRING, STRING", RowLoop.Of(new HasEnd(true)), "Whether a text begins with another.", ("STARTSWITH('www.apache.org', 'ww')", "TRUE")).Or("BYTES, BYTES", RowLoop.Of(new HasEnd(true))),
        Truth("ENDSWITH", "STRING, STRING", RowLoop.Of(new HasEnd(false)), "Whether a text ends with another.", ("ENDSWITH('www.apache.org', 'org')", "TRUE")).Or("BYTES, BYTES", RowLoop.Of(new HasEnd(false))),
        Truth("IS_ALPHA", "ANY", RowLoop.Of(new HasShape(TextShape.Letters)), "Whether a text has only letters; FALSE for NULL.", ("IS_ALPHA('abc')", "TRUE")) with { Nulls = NullRule.Never },
        Truth("IS_DIGIT", "ANY", RowLoop.Of(new HasShape(TextShape.Digits)), "Whether a text has only digits; FALSE for NULL.", ("IS_DIGIT('11.4445')", "FALSE")) with { Nulls = NullRule.Never },
        Truth("IS_DECIMAL", "ANY", RowLoop.Of(new HasShape(TextShape.Number)), "Whether a text is a number; FALSE for NULL.", ("IS_DECIMAL('11.4445')", "TRUE")) with { Nulls = NullRule.Never },
    ];

    private static IEnumerable<ScalarFunction> Characters() =>
    [
        Number("ASCII", "STRING", RowLoop.Of<FirstByte>(), "The first byte of a text, as a number from -128 to 127.", ("ASCII('a')", "97")),
        String("CHR", "INTEGER", RowLoop.Of<CharacterOf>(), "The character of a number's lowest byte.", ("CHR(97 + 256)", "a"), ("CHR(300)", ",")) with { Nulls = NullRule.Always },
        String("PRINTF", "STRING, ANY...", RowLoop.Of<Printf>(), "The format with the values in it, by the rules of Java's Formatter; NULL where they do not fit it.", ("PRINTF('%08d', 1024)", "00001024"), ("PRINTF('%5.1f|%-3s|', CAST(10.24 AS DOUBLE), 'ab')", " 10.2|ab |")).Or("STRING", RowLoop.Of<Printf>()) with { Nulls = NullRule.Always },
        Text("STR_TO_MAP", "STRING [, STRING, STRING]", Always(SqlType.Map(SqlType.String, SqlType.String)), RowLoop.Of<TextToMap>(), "A text of pairs as a map; the separators of pairs and of key and value are regular expressions, a comma and = where they are not given.", ("STR_TO_MAP('k1=v1,k2=v2')['k1']", "v1")) with { Nulls = NullRule.Always, CanFail = true },
        Number("HASH_CODE", "STRING", RowLoop.Of<JavaHash>(), "Java's hash of a text, without its sign.", ("HASH_CODE('abc')", "96354"), ("HASH_CODE('Hello Wörld')", "858523491")),
    ];

    private static SqlType Laid(System.Collections.Immutable.ImmutableArray<SqlType> types) =>
        SqlType.VarChar((int)Math.Min(SqlType.MaxLength, (long)types[0].Precision + types[1].Precision));

    private static SqlType Chosen(System.Collections.Immutable.ImmutableArray<SqlType> types) => types.Skip(1).Aggregate((a, b) => TypeRules.Common(a, b) ?? a);

    private static ScalarFunction Text(string names, string signature, ResultRule result, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Text", names, signature, result, kernel, sentence, examples);

    private static ScalarFunction String(string names, string signature, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        Text(names, signature, Always(SqlType.String), kernel, sentence, examples);

    private static ScalarFunction Number(string names, string signature, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        Text(names, signature, Always(SqlType.Int), kernel, sentence, examples);

    private static ScalarFunction Truth(string names, string signature, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        Text(names, signature, Always(SqlType.Boolean), kernel, sentence, examples);
}
