using System.Globalization;

namespace Freshet.Testing.Tests.Differential;

/// <summary>A column of a generated table or query; the type is written as in DDL.</summary>
internal sealed record GeneratedColumn(string Name, string Type)
{
    public bool IsNumber => Type is "INT" or "BIGINT" or "DOUBLE" || Type.StartsWith("DECIMAL", StringComparison.Ordinal);

    public bool IsExact => IsNumber && Type != "DOUBLE";
}

/// <summary>A row of a table: values as text (null is NULL), added (+1) or taken back (-1).</summary>
internal sealed record GeneratedRow(int Weight, IReadOnlyList<string?> Cells);

/// <summary>A table with all its rows in order.</summary>
/// <param name="Changes">Its rows can be taken back.</param>
/// <param name="TimeColumn">The time attribute, with a watermark one second behind, given out after every row; null for none.</param>
internal sealed record GeneratedTable(string Name, IReadOnlyList<GeneratedColumn> Columns, bool Changes, string? TimeColumn, IReadOnlyList<GeneratedRow> Rows)
{
    private string ColumnText =>
        string.Join(", ", Columns.Select(c => $"{c.Name} {c.Type}")) + (TimeColumn is null ? "" : $", WATERMARK FOR {TimeColumn} AS {TimeColumn} - INTERVAL '1' SECOND");

    public string Ddl => $"CREATE TABLE {Name} ({ColumnText}){(TimeColumn is null ? "" : " WITH ('scan.watermark.emit.strategy' = 'on-event')")}";

    public string FlinkDdl(string path) =>
        $"CREATE TABLE {Name} ({ColumnText}) WITH ('connector' = 'values-json', 'path' = '{path}', 'changelog-mode' = '{(Changes ? "I,UB,UA,D" : "I")}', 'watermarks' = 'on-event')";

    /// <summary>A row's values as SQL expressions.</summary>
    public string Literals(GeneratedRow row) => string.Join(", ", row.Cells.Select((cell, i) => Literal(Columns[i].Type, cell)));

    /// <summary>A row as a line of JSON.</summary>
    public string Json(GeneratedRow row)
    {
        var cells = row.Cells.Select((cell, i) => cell is null ? "null" : Columns[i].Type is "INT" or "BIGINT" or "DOUBLE" or "BOOLEAN" ? cell : $"\"{cell}\"");
        return $"{{\"op\":\"{(row.Weight > 0 ? "+I" : "-D")}\",\"row\":[{string.Join(',', cells)}]}}";
    }

    private static string Literal(string type, string? cell) => cell is null ? "NULL" : type switch
    {
        "STRING" => $"'{cell}'",
        "DATE" => $"DATE '{cell}'",
        _ when type.StartsWith("TIMESTAMP", StringComparison.Ordinal) => $"TIMESTAMP '{cell}'",
        "DOUBLE" => $"CAST('{cell}' AS DOUBLE)",
        _ => cell,
    };
}

/// <summary>Tables and a query over them.</summary>
/// <param name="Seed">Makes the same case again.</param>
internal sealed record GeneratedCase(int Seed, IReadOnlyList<GeneratedTable> Tables, Relation Query)
{
    /// <summary>The case as a test script whose expectation is still to be written.</summary>
    public string Script(IEnumerable<string> expected)
    {
        var blocks = new List<string> { "statement\n" + string.Join("\n", Tables.Select(t => t.Ddl + ";")) + $"\nCREATE MATERIALIZED VIEW v AS {Query.Sql};" };
        blocks.AddRange(Tables.Where(t => t.Rows.Count > 0).Select(t => $"insert {t.Name}\n" + string.Join("\n", t.Rows.Select(r => (r.Weight < 0 ? "-1: " : "") + t.Literals(r)))));
        blocks.Add("end");
        blocks.Add("expect v\n" + string.Join("\n", expected));
        return string.Create(CultureInfo.InvariantCulture, $"# Generated, seed {Seed}.\n\n{string.Join("\n\n", blocks)}\n");
    }
}

/// <summary>A query as text with the columns of its result, and the queries it is made of.</summary>
/// <param name="AppendOnly">No row of it is taken back.</param>
internal sealed record Relation(string Sql, IReadOnlyList<GeneratedColumn> Columns, bool AppendOnly, IReadOnlyList<Relation> Parts)
{
    /// <summary>The queries that this one is made of, the smallest last, without itself.</summary>
    public IEnumerable<Relation> All() => Parts.SelectMany(p => p.All().Prepend(p));
}
