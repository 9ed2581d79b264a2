namespace Freshet.Testing.Tests.Differential;

/// <summary>Expressions over given columns, with their types as Flink gives them where they are simple; values stay small.</summary>
internal sealed class ExpressionGenerator(Random random)
{
    /// <summary>A value of some type and that type.</summary>
    public (string Sql, string Type) Value(IReadOnlyList<GeneratedColumn> columns, int depth)
    {
        var column = columns[random.Next(columns.Count)];
        if (depth == 0 || random.Next(3) == 0) return (column.Name, column.Type);
        var c = column.Name;
        return column.Type switch
        {
            "INT" => Pick(($"{c} + {random.Next(1, 4)}", "INT"), ($"MOD({c}, 3)", "INT"), ($"ABS({c})", "INT"), ($"CAST({c} AS STRING)", "STRING"), ($"COALESCE({c}, 7)", "INT"), ($"CASE WHEN {Condition(columns, depth - 1)} THEN {c} ELSE -1 END", "INT"), ($"NULLIF({c}, 1)", "INT"), ($"CAST({c} AS DECIMAL(8, 2))", "DECIMAL(8, 2)"), ($"CAST({c} AS BIGINT) * 2", "BIGINT")),
            "BIGINT" => Pick(($"{c} * 2", "BIGINT"), ($"{c} / 2", "BIGINT"), ($"-{c}", "BIGINT"), ($"CAST({c} AS STRING)", "STRING"), ($"COALESCE({c}, CAST(0 AS BIGINT))", "BIGINT"), ($"CAST({c} AS DOUBLE)", "DOUBLE")),
            "STRING" => Pick(($"UPPER({c})", "STRING"), ($"CHAR_LENGTH({c})", "INT"), ($"{c} || 'x'", "STRING"), ($"SUBSTRING({c}, 2, 3)", "STRING"), ($"COALESCE({c}, 'none')", "STRING"), ($"CASE {c} WHEN 'a' THEN 'first' WHEN 'b' THEN 'second' END", "STRING"), ($"REPLACE({c}, 'a', 'o')", "STRING"), ($"POSITION('t' IN {c})", "INT")),
            "DOUBLE" => Pick(($"{c} * 2", "DOUBLE"), ($"FLOOR({c})", "DOUBLE"), ($"CAST({c} AS INT)", "INT"), ($"ABS({c})", "DOUBLE")),
            "BOOLEAN" => Pick(($"NOT {c}", "BOOLEAN"), ($"{c} IS TRUE", "BOOLEAN"), ($"CAST({c} AS STRING)", "STRING")),
            "DATE" => Pick(($"CAST({c} AS STRING)", "STRING"), ($"EXTRACT(DAY FROM {c})", "BIGINT"), ($"{c} + INTERVAL '2' DAY", "DATE")),
            _ when column.Type.StartsWith("TIMESTAMP", StringComparison.Ordinal) => Pick(($"DATE_FORMAT({c}, 'yyyy-MM-dd HH:mm')", "STRING"), ($"EXTRACT(SECOND FROM {c})", "BIGINT"), ($"CAST({c} AS DATE)", "DATE"), ($"FLOOR({c} TO MINUTE)", column.Type)),
            "DECIMAL(10, 2)" => Pick(($"{c} + 1.5", "DECIMAL(11, 2)"), ($"{c} * 2.25", "DECIMAL(13, 4)"), ($"CAST({c} AS INT)", "INT"), ($"ROUND({c}, 1)", "DECIMAL(10, 1)"), ($"CAST({c} AS STRING)", "STRING")),
            _ => (c, column.Type),
        };
    }

    /// <summary>A condition.</summary>
    public string Condition(IReadOnlyList<GeneratedColumn> columns, int depth)
    {
        if (depth > 0 && random.Next(3) == 0)
            return Pick($"({Condition(columns, depth - 1)} AND {Condition(columns, depth - 1)})", $"({Condition(columns, depth - 1)} OR {Condition(columns, depth - 1)})", $"NOT ({Condition(columns, depth - 1)})");
        var column = columns[random.Next(columns.Count)];
        var c = column.Name;
        return column.Type switch
        {
            "INT" or "BIGINT" => Pick($"{c} > {random.Next(-1, 4)}", $"{c} IN (0, 1, 3)", $"{c} NOT IN (1, 2)", $"{c} BETWEEN 0 AND 2", $"{c} <> 1", $"{c} IS NULL", $"{c} IS DISTINCT FROM 2"),
            "STRING" => Pick($"{c} = 'a'", $"{c} LIKE '%text%'", $"{c} IS NOT NULL", $"{c} < 'b'", $"{c} <> 'cc'", $"CHAR_LENGTH({c}) > 1"),
            "BOOLEAN" => Pick(c, $"{c} IS NOT TRUE", $"{c} IS NULL"),
            "DOUBLE" => Pick($"{c} >= 0.5", $"{c} < 1", $"{c} IS NOT NULL"),
            "DATE" => Pick($"{c} > DATE '2024-02-28'", $"{c} IS NOT NULL"),
            _ when column.Type.StartsWith("TIMESTAMP", StringComparison.Ordinal) => Pick($"{c} >= TIMESTAMP '2024-01-01 00:00:02'", $"{c} IS NOT NULL"),
            _ => Pick($"{c} > 1.5", $"{c} <= 0", $"{c} IS NOT NULL"),
        };
    }

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];
}
