using System.Globalization;

namespace Freshet.Testing.Tests.Differential;

/// <summary>
/// Queries over the event time of one or two tables: OVER, LAG, deduplication, Top-N and joins of windows, interval joins. Where two
/// inputs meet, Flink's answer on late rows depends on which it reads first, so joins take tables without late rows.
/// </summary>
internal sealed class TimedQueryGenerator(Random random, IReadOnlyList<GeneratedTable> timed, Func<IReadOnlyList<GeneratedColumn>, (string Sql, string Type)> call)
{
    private static readonly string[] Kinds = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"];

    private readonly List<GeneratedTable> _punctual = [.. timed.Where(t => !HasLateRows(t))];
    private int _names;

    public Relation Create()
    {
        var table = timed[random.Next(timed.Count)];
        return random.Next(6) switch
        {
            0 or 1 => Over(table),
            2 => Lag(table),
            3 => Deduplicated(table),
            4 => WindowRanked(table),
            _ when _punctual.Count == 0 => Over(table),
            _ => random.Next(2) == 0 ? IntervalJoin(Punctual(), Punctual()) : WindowJoin(Punctual(), Punctual()),
        };
    }

    private GeneratedTable Punctual() => _punctual[random.Next(_punctual.Count)];

    private string Name() => $"y{_names++}";

    private static List<GeneratedColumn> Plain(GeneratedTable table) => [.. table.Columns.Where(c => c.Name != table.TimeColumn)];

    private static string Names(IEnumerable<GeneratedColumn> columns) => string.Join(", ", columns.Select(c => c.Name));

    private Relation Over(GeneratedTable table)
    {
        var columns = Plain(table);
        string[] frames =
        [
            "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 3 PRECEDING AND CURRENT ROW", "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
            "RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW", "RANGE BETWEEN INTERVAL '4' SECOND PRECEDING AND CURRENT ROW", "",
        ];
        var partition = random.Next(4) == 0 ? "" : $"PARTITION BY {columns[random.Next(2)].Name} ";
        var calls = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Call: OverCall(columns), Name: Name())).ToList();
        return new Relation(
            $"SELECT {Names(columns)}, {string.Join(", ", calls.Select(c => $"{c.Call.Sql} OVER w AS {c.Name}"))} FROM {table.Name} WINDOW w AS ({partition}ORDER BY ts {frames[random.Next(frames.Length)]})",
            [.. columns, .. calls.Select(c => new GeneratedColumn(c.Name, c.Call.Type))], true, []);
    }

    private (string Sql, string Type) OverCall(List<GeneratedColumn> columns)
    {
        var column = columns[random.Next(columns.Count)];
        return random.Next(4) switch
        {
            0 => ($"FIRST_VALUE({column.Name})", column.Type),
            1 => ($"LAST_VALUE({column.Name})", column.Type),
            _ => WithoutFilter(columns),
        };
    }

    private (string Sql, string Type) WithoutFilter(List<GeneratedColumn> columns)
    {
        while (true)
        {
            var chosen = call(columns);
            if (!chosen.Sql.Contains("FILTER", StringComparison.Ordinal) && !chosen.Sql.Contains("DISTINCT", StringComparison.Ordinal)) return chosen;
        }
    }

    private Relation Lag(GeneratedTable table)
    {
        var columns = Plain(table);
        var of = columns[random.Next(columns.Count)];
        var name = Name();
        return new Relation(
            $"SELECT {Names(columns)}, LAG({of.Name}, {random.Next(1, 4)}) OVER (PARTITION BY {columns[random.Next(2)].Name} ORDER BY ts) AS {name} FROM {table.Name}",
            [.. columns, of with { Name = name }], true, []);
    }

    /// <summary>Rows with the same time tie: of those only what they have in common is shown.</summary>
    private Relation Deduplicated(GeneratedTable table)
    {
        var key = Plain(table)[random.Next(2)];
        var order = random.Next(2) == 0 ? "ASC" : "DESC";
        return new Relation(
            $"SELECT {key.Name}, ts AS at_time FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {key.Name} ORDER BY ts {order}) AS rn FROM {table.Name}) AS q WHERE rn = 1",
            [key, new("at_time", "TIMESTAMP(3)")], false, []);
    }

    private Relation WindowRanked(GeneratedTable table)
    {
        var columns = Plain(table);
        var order = string.Join(", ", columns.OrderBy(_ => random.Next()).Select(c => c.Name + (random.Next(2) == 0 ? " DESC" : "")));
        var partition = random.Next(2) == 0 ? "" : $", {columns[random.Next(2)].Name}";
        return new Relation(
            $"SELECT window_start, window_end, {Names(columns)} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end{partition} ORDER BY {order}) AS rn FROM TABLE({Window(table)})) AS q WHERE rn <= {random.Next(1, 4)}",
            [new("window_start", "TIMESTAMP(3)"), new("window_end", "TIMESTAMP(3)"), .. columns], true, []);
    }

    private string Window(GeneratedTable table) => random.Next(3) switch
    {
        0 => $"HOP(TABLE {table.Name}, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND)",
        1 => $"CUMULATE(TABLE {table.Name}, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)",
        _ => $"TUMBLE(TABLE {table.Name}, DESCRIPTOR(ts), INTERVAL '2' SECOND)",
    };

    private Relation IntervalJoin(GeneratedTable left, GeneratedTable right)
    {
        var (all, text) = Both(left, right);
        var condition = $"l.k = r.k AND l.ts BETWEEN r.ts - INTERVAL '{random.Next(0, 4)}' SECOND AND r.ts + INTERVAL '{random.Next(0, 3)}' SECOND";
        return new Relation($"SELECT {text} FROM {left.Name} AS l {Kinds[random.Next(4)]} {right.Name} AS r ON {condition}", all, false, []);
    }

    private Relation WindowJoin(GeneratedTable left, GeneratedTable right)
    {
        var (all, text) = Both(left, right);
        var window = Window(left);
        var other = window.Replace($"TABLE {left.Name}", $"TABLE {right.Name}", StringComparison.Ordinal);
        return new Relation(
            $"SELECT {text} FROM (SELECT * FROM TABLE({window})) AS l {Kinds[random.Next(4)]} (SELECT * FROM TABLE({other})) AS r ON l.window_start = r.window_start AND l.window_end = r.window_end AND l.k = r.k",
            all, false, []);
    }

    private (List<GeneratedColumn> Columns, string Text) Both(GeneratedTable left, GeneratedTable right)
    {
        var columns = Plain(left).Select(c => (Side: "l", Column: c, Name: Name())).Concat(Plain(right).Select(c => (Side: "r", Column: c, Name: Name()))).ToList();
        return ([.. columns.Select(c => c.Column with { Name = c.Name })], string.Join(", ", columns.Select(c => $"{c.Side}.{c.Column.Name} AS {c.Name}")));
    }

    private static bool HasLateRows(GeneratedTable table)
    {
        var watermark = DateTime.MinValue;
        foreach (var row in table.Rows)
        {
            var time = DateTime.Parse(row.Cells[^1]!, CultureInfo.InvariantCulture);
            if (time <= watermark) return true;
            if (time.AddSeconds(-1) > watermark) watermark = time.AddSeconds(-1);
        }

        return false;
    }
}
