namespace Freshet.Sql.Functions;

/// <summary>A function with a form of its own: how it is written, what it gives.</summary>
public sealed record SpecialForm(string Theme, string Name, string Written, string Sentence, params IReadOnlyList<Example> Examples);

/// <summary>
/// The functions that are not called like any other: words between their arguments, results that depend on more than the types of the
/// arguments. They are bound by the binder's own code; here they are described, and their examples are tests.
/// </summary>
public static class SpecialForms
{
    public static IReadOnlyList<SpecialForm> All { get; } =
    [
        Form("Conditions", "COALESCE", "COALESCE(a, b ...)", "The first value that is not NULL; IFNULL(a, b) with two.", ("COALESCE(NULL, 5)", "5")),
        Form("Conditions", "IFNULL", "IFNULL(a, b)", "The second value where the first is NULL.", ("IFNULL(CAST(NULL AS INT), 5)", "5")),
        Form("Conditions", "NULLIF", "NULLIF(a, b)", "NULL where the two are equal, else the first.", ("NULLIF(5, 0)", "5")),
        Form("Conditions", "IF", "IF(condition, a, b)", "The first value where the condition is TRUE, else the second.", ("IF(5 > 3, 'more', 'less')", "more")),
        Form("Conditions", "GREATEST", "GREATEST(a, b ...)", "The largest value; NULL where one is.", ("GREATEST(1, 3, 2)", "3")),
        Form("Conditions", "LEAST", "LEAST(a, b ...)", "The smallest value; NULL where one is.", ("LEAST(1, 3, 2)", "1")),
        Form("Conditions", "CAST", "CAST(value AS type)", "The value as another type; what cannot be read as it is an error of the row.", ("CAST('42' AS INT)", "42")),
        Form("Conditions", "TRY_CAST", "TRY_CAST(value AS type)", "The value as another type; NULL where it cannot be read as it.", ("TRY_CAST('x' AS INT) IS NULL", "TRUE")),
        Form("Conditions", "TYPEOF", "TYPEOF(value)", "The type as text.", ("TYPEOF(1)", "INT NOT NULL")),
        Form("Conditions", "CURRENT_DATABASE", "CURRENT_DATABASE()", "The database in use where the statement stands.", ("CURRENT_DATABASE()", "default_database")),
        Form("Text", "TRIM", "TRIM([BOTH | LEADING | TRAILING] [characters] FROM text)", "Without the characters (blanks without any) at the ends.", ("TRIM(BOTH 'abc' FROM 'abcddcba')", "dd"), ("TRIM(' a ')", "a")),
        Form("Numbers", "MOD", "MOD(a, b)", "The rest of a division.", ("MOD(7, 3)", "1")),
        Form("Times", "EXTRACT", "EXTRACT(unit FROM time)", "A part of a time.", ("EXTRACT(QUARTER FROM DATE '2026-11-24')", "4")),
        Form("Times", "FLOOR ... TO", "FLOOR(time TO unit)", "The beginning of the unit in which a time is; CEIL for the next one.", ("FLOOR(TIMESTAMP '2026-11-24 10:05:30' TO HOUR)", "2026-11-24 10:00:00")),
        Form("Times", "TIMESTAMPADD", "TIMESTAMPADD(unit, count, time)", "A time some units later.", ("TIMESTAMPADD(DAY, 1, DATE '2026-11-24')", "2026-11-25")),
        Form("Times", "TIMESTAMPDIFF", "TIMESTAMPDIFF(unit, from, to)", "Whole units between two times.", ("TIMESTAMPDIFF(HOUR, TIMESTAMP '2026-11-24 10:00:00', TIMESTAMP '2026-11-24 12:30:00')", "2")),
        Form("Times", "CURRENT_WATERMARK", "CURRENT_WATERMARK(time attribute)", "The watermark at the row's place in the input, NULL before the first: a row is late where its time is not after it."),
        Form("JSON", "JSON_VALUE", "JSON_VALUE(json, path [RETURNING type] [NULL | ERROR | DEFAULT x ON EMPTY] [... ON ERROR])", "The scalar at a path.", ("JSON_VALUE('{\"a\": 1}', '$.a' RETURNING INT)", "1"), ("JSON_VALUE('{\"a\": 1}', 'lax $.b' DEFAULT 'x' ON EMPTY)", "x")),
        Form("JSON", "JSON_QUERY", "JSON_QUERY(json, path [RETURNING ARRAY<STRING>] [WITH | WITHOUT [CONDITIONAL] WRAPPER] [... ON EMPTY] [... ON ERROR])", "The object or array at a path.", ("JSON_QUERY('{\"a\": [1, 2]}', '$.a')", "[1,2]"), ("JSON_QUERY('{\"a\": 1}', '$.a' WITH WRAPPER)", "[1]")),
        Form("JSON", "JSON_EXISTS", "JSON_EXISTS(json, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])", "Whether a path finds something.", ("JSON_EXISTS('{\"a\": true}', '$.a')", "TRUE")),
        Form("JSON", "IS JSON", "text IS [NOT] JSON [VALUE | SCALAR | ARRAY | OBJECT]", "Whether a text is JSON, or JSON of a kind.", ("'[1]' IS JSON ARRAY", "TRUE")),
        Form("JSON", "JSON_OBJECT", "JSON_OBJECT([KEY] k VALUE v ... [NULL | ABSENT ON NULL])", "An object; JSON(text) puts in a text that is JSON already.", ("JSON_OBJECT('a' VALUE 1, 'b' VALUE JSON('[2]'))", "{\"a\":1,\"b\":[2]}")),
        Form("JSON", "JSON_ARRAY", "JSON_ARRAY(v ... [NULL | ABSENT ON NULL])", "An array.", ("JSON_ARRAY(1, 'a', TRUE)", "[1,\"a\",true]")),
        Form("JSON", "JSON", "JSON(text)", "A text that is JSON, inside of JSON_ARRAY and as a value of JSON_OBJECT.", ("JSON_ARRAY(JSON('{\"a\": 1}'))", "[{\"a\":1}]")),
        Form("Objects", "OBJECT_OF", "OBJECT_OF(class, name, value ...)", "An object of a class: a row with a name.", ("OBJECT_OF('shop.Item', 'id', 7, 'name', 'cup').name", "cup")),
        Form("Objects", "OBJECT_UPDATE", "OBJECT_UPDATE(object, name, value ...)", "The object with other values.", ("OBJECT_UPDATE(OBJECT_OF('shop.Item', 'id', 7, 'name', 'cup'), 'id', 8).id", "8")),
    ];

    private static SpecialForm Form(string theme, string name, string written, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples)
    {
        var list = new List<Example>();
        foreach (var (sql, result) in examples) list.Add(new Example(sql, result));
        return new SpecialForm(theme, name, written, sentence, list);
    }
}
