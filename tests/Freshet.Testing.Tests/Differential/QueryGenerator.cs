namespace Freshet.Testing.Tests.Differential;

/// <summary>
/// Queries over generated tables: filters, projections, joins of every kind, subqueries, aggregates, grouping sets, set operations,
/// Top-N and windows, one above the other. Each result is determined by the rows alone: orders have no ties that show.
/// </summary>
internal sealed class QueryGenerator(Random random, IReadOnlyList<GeneratedTable> tables)
{
    private readonly ExpressionGenerator _expressions = new(random);
    private int _names;

    public Relation Create()
    {
        var timed = tables.Where(t => t.TimeColumn is not null).ToList();
        if (timed.Count > 0 && random.Next(3) == 0) return Windowed(timed[random.Next(timed.Count)]);
        if (timed.Count > 0 && random.Next(2) == 0) return new TimedQueryGenerator(random, timed, Call).Create();
        return Next(random.Next(1, 4));
    }

    private Relation Next(int depth)
    {
        if (depth == 0) return Base();
        return random.Next(10) switch
        {
            0 or 1 => Projected(Next(depth - 1)),
            2 or 3 => Joined(Next(depth - 1), Next(random.Next(depth))),
            4 or 5 => Grouped(Next(depth - 1)),
            6 => Combined(Next(depth - 1), Next(random.Next(depth))),
            7 => Ranked(Next(depth - 1)),
            8 => WithSubquery(Next(depth - 1), Next(random.Next(depth))),
            _ => Distinct(Next(depth - 1)),
        };
    }

    private Relation Base()
    {
        var table = tables[random.Next(tables.Count)];
        return Base(table);
    }

    /// <summary>A table without its time attribute's special meaning: Flink treats such columns differently in many places.</summary>
    private static Relation Base(GeneratedTable table)
    {
        var columns = table.Columns.Where(c => c.Name != table.TimeColumn).ToList();
        return new Relation($"SELECT {string.Join(", ", columns.Select(c => c.Name))} FROM {table.Name}", columns, !table.Changes, []);
    }

    private string Name() => $"x{_names++}";

    private Relation Projected(Relation input)
    {
        var items = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Value: _expressions.Value(input.Columns, 2), Name: Name())).ToList();
        var where = random.Next(2) == 0 ? $" WHERE {_expressions.Condition(input.Columns, 2)}" : "";
        return new Relation(
            $"SELECT {string.Join(", ", items.Select(i => $"{i.Value.Sql} AS {i.Name}"))} FROM ({input.Sql}) AS q{where}",
            [.. items.Select(i => new GeneratedColumn(i.Name, i.Value.Type))], input.AppendOnly, [input]);
    }

    private Relation Distinct(Relation input)
    {
        var columns = Some(input.Columns, 2);
        return new Relation($"SELECT DISTINCT {string.Join(", ", columns.Select(c => c.Name))} FROM ({input.Sql}) AS q", columns, input.AppendOnly, [input]);
    }

    private Relation Joined(Relation left, Relation right)
    {
        var pairs = (from l in left.Columns from r in right.Columns where l.Type == r.Type && l.Type != "DOUBLE" select (l, r)).ToList();
        if (pairs.Count == 0) return Projected(left);
        var (a, b) = pairs[random.Next(pairs.Count)];
        string[] kinds = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"];
        var kind = kinds[random.Next(kinds.Length)];
        var columns = left.Columns.Select(c => (Side: "l", Column: c)).Concat(right.Columns.Select(c => (Side: "r", Column: c))).Select(c => (c.Side, c.Column, Name: Name())).ToList();
        var residual = "";
        if (random.Next(3) == 0)
        {
            var numbers = (from l in left.Columns from r in right.Columns where l.Type == r.Type && l.IsNumber select $" AND l.{l.Name} <= r.{r.Name}").ToList();
            if (numbers.Count > 0) residual = numbers[random.Next(numbers.Count)];
        }

        return new Relation(
            $"SELECT {string.Join(", ", columns.Select(c => $"{c.Side}.{c.Column.Name} AS {c.Name}"))} FROM ({left.Sql}) AS l {kind} ({right.Sql}) AS r ON l.{a.Name} = r.{b.Name}{residual}",
            [.. columns.Select(c => c.Column with { Name = c.Name })], kind == "JOIN" && left.AppendOnly && right.AppendOnly, [left, right]);
    }

    private Relation WithSubquery(Relation left, Relation right)
    {
        var pairs = (from l in left.Columns from r in right.Columns where l.Type == r.Type && l.Type != "DOUBLE" select (l, r)).ToList();
        if (pairs.Count == 0) return Projected(left);
        var (a, b) = pairs[random.Next(pairs.Count)];
        if (random.Next(4) == 0) return WithScalar(left, right, a, b);
        var condition = random.Next(5) switch
        {
            0 => $"l.{a.Name} IN (SELECT r.{b.Name} FROM ({right.Sql}) AS r)",
            1 => $"l.{a.Name} NOT IN (SELECT r.{b.Name} FROM ({right.Sql}) AS r WHERE r.{b.Name} IS NOT NULL)",
            2 => $"l.{a.Name} NOT IN (SELECT r.{b.Name} FROM ({right.Sql}) AS r)",
            3 => $"EXISTS (SELECT 1 FROM ({right.Sql}) AS r WHERE r.{b.Name} = l.{a.Name})",
            _ => $"NOT EXISTS (SELECT 1 FROM ({right.Sql}) AS r WHERE r.{b.Name} = l.{a.Name})",
        };
        return new Relation($"SELECT {string.Join(", ", left.Columns.Select(c => $"l.{c.Name}"))} FROM ({left.Sql}) AS l WHERE {condition}", left.Columns, false, [left, right]);
    }

    /// <summary>A column with one value of another relation, which may depend on the row.</summary>
    private Relation WithScalar(Relation left, Relation right, GeneratedColumn a, GeneratedColumn b)
    {
        var name = Name();
        var of = right.Columns.FirstOrDefault(c => c.Type != "BOOLEAN") ?? b;
        var (sql, type) = of.Type == "BOOLEAN" ? ($"COUNT(r.{of.Name})", "BIGINT") : random.Next(3) == 0 ? ($"COUNT(r.{of.Name})", "BIGINT") : ($"MAX(r.{of.Name})", of.Type);
        var where = random.Next(3) == 0 ? "" : $" WHERE r.{b.Name} = l.{a.Name}";
        return new Relation(
            $"SELECT {string.Join(", ", left.Columns.Select(c => $"l.{c.Name}"))}, (SELECT {sql} FROM ({right.Sql}) AS r{where}) AS {name} FROM ({left.Sql}) AS l",
            [.. left.Columns, new(name, type)], false, [left, right]);
    }

    private Relation Grouped(Relation input)
    {
        var keys = random.Next(5) == 0 ? [] : Some(input.Columns, 2);
        var calls = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Call: Call(input.Columns), Name: Name())).ToList();
        var sets = keys.Count == 2 && random.Next(4) == 0;
        var by = keys.Count == 0 ? "" : " GROUP BY " + (sets ? Sets(keys[0].Name, keys[1].Name) : string.Join(", ", keys.Select(k => k.Name)));
        // A stream without rows gives the one row of an aggregate without keys here, as in SQL; Flink gives none.
        var having = keys.Count == 0 ? " HAVING COUNT(*) > 0" : random.Next(4) == 0 ? " HAVING COUNT(*) > 1" : "";
        return new Relation(
            $"SELECT {string.Join(", ", keys.Select(k => k.Name).Concat(calls.Select(c => $"{c.Call.Sql} AS {c.Name}")))} FROM ({input.Sql}) AS q{by}{having}",
            [.. keys, .. calls.Select(c => new GeneratedColumn(c.Name, c.Call.Type))], false, [input]);
    }

    private string Sets(string a, string b) => random.Next(3) switch
    {
        0 => $"ROLLUP ({a}, {b})",
        1 => $"CUBE ({a}, {b})",
        _ => $"GROUPING SETS (({a}, {b}), ({a}), ())",
    };

    private (string Sql, string Type) Call(IReadOnlyList<GeneratedColumn> columns)
    {
        var column = columns[random.Next(columns.Count)];
        var filter = random.Next(4) == 0 ? $" FILTER (WHERE {_expressions.Condition(columns, 1)})" : "";
        var choices = new List<(string, string)> { ("COUNT(*)", "BIGINT"), ($"COUNT({column.Name})", "BIGINT"), ($"COUNT(DISTINCT {column.Name})", "BIGINT") };
        if (column.Type != "BOOLEAN") choices.AddRange([($"MIN({column.Name})", column.Type), ($"MAX({column.Name})", column.Type)]);
        if (column.Type is "INT" or "BIGINT") choices.AddRange([($"SUM({column.Name})", column.Type), ($"AVG({column.Name})", column.Type), ($"SUM(DISTINCT {column.Name})", column.Type)]);
        if (column.Type == "DECIMAL(10, 2)") choices.AddRange([($"SUM({column.Name})", "DECIMAL(38, 2)"), ($"AVG({column.Name})", "DECIMAL(38, 6)")]);
        if (column.Type == "DOUBLE") choices.AddRange([($"SUM({column.Name})", "DOUBLE"), ($"AVG({column.Name})", "DOUBLE")]);
        var (sql, type) = choices[random.Next(choices.Count)];
        return (sql + filter, type);
    }

    private Relation Combined(Relation left, Relation right)
    {
        var pairs = (from l in left.Columns from r in right.Columns where l.Type == r.Type select (l, r)).ToList();
        if (pairs.Count == 0) return Distinct(left);
        var taken = Enumerable.Range(0, random.Next(1, 3)).Select(_ => pairs[random.Next(pairs.Count)]).ToList();
        // Flink 2.3 was seen to lose rows of INTERSECT ALL and EXCEPT ALL when their input takes rows back.
        string[] operators = ["UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"];
        var chosen = operators[random.Next(left.AppendOnly && right.AppendOnly ? 6 : 4)];
        var names = taken.Select(_ => Name()).ToList();
        return new Relation(
            $"SELECT {string.Join(", ", taken.Select((t, i) => $"{t.l.Name} AS {names[i]}"))} FROM ({left.Sql}) AS l {chosen} SELECT {string.Join(", ", taken.Select((t, i) => $"{t.r.Name} AS {names[i]}"))} FROM ({right.Sql}) AS r",
            [.. taken.Select((t, i) => t.l with { Name = names[i] })], chosen == "UNION ALL" && left.AppendOnly && right.AppendOnly, [left, right]);
    }

    /// <summary>Top-N ordered by all columns, so that only equal rows tie.</summary>
    private Relation Ranked(Relation input)
    {
        var key = input.Columns[random.Next(input.Columns.Count)];
        var order = string.Join(", ", input.Columns.OrderBy(_ => random.Next()).Select(c => c.Name + (random.Next(2) == 0 ? " DESC" : "")));
        var names = string.Join(", ", input.Columns.Select(c => c.Name));
        // Flink takes rank 1 by several columns for insert-only (FLINK-40368), so N begins at 2.
        return new Relation(
            $"SELECT {names} FROM (SELECT {names}, ROW_NUMBER() OVER (PARTITION BY {key.Name} ORDER BY {order}) AS rn FROM ({input.Sql}) AS q) AS q WHERE rn <= {random.Next(2, 4)}",
            input.Columns, false, [input]);
    }

    private Relation Windowed(GeneratedTable table)
    {
        var columns = table.Columns.Where(c => c.Name != table.TimeColumn).ToList();
        var window = random.Next(4) switch
        {
            0 => "HOP(TABLE {0}, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' SECOND)",
            1 => "CUMULATE(TABLE {0}, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '4' SECOND)",
            2 => "SESSION(TABLE {0} PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' SECOND)",
            _ => "TUMBLE(TABLE {0}, DESCRIPTOR(ts), INTERVAL '2' SECOND)",
        };
        var isSession = window.StartsWith("SESSION", StringComparison.Ordinal);
        var keys = isSession ? [columns[0]] : Some(columns, 1);
        var calls = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Call: Call(columns), Name: Name())).ToList();
        var text = string.Join(", ", new[] { "window_start", "window_end" }.Concat(keys.Select(k => k.Name)));
        var result = new Relation(
            $"SELECT {text}, {string.Join(", ", calls.Select(c => $"{c.Call.Sql} AS {c.Name}"))} FROM TABLE({window.Replace("{0}", table.Name, StringComparison.Ordinal)}) GROUP BY {text}",
            [new("window_start", "TIMESTAMP(3)"), new("window_end", "TIMESTAMP(3)"), .. keys, .. calls.Select(c => new GeneratedColumn(c.Name, c.Call.Type))], true, []);
        return random.Next(3) == 0 ? Grouped(result) : result;
    }

    private List<GeneratedColumn> Some(IReadOnlyList<GeneratedColumn> columns, int most) =>
        [.. columns.Where(c => c.Type != "DOUBLE").OrderBy(_ => random.Next()).Take(random.Next(1, most + 1)).DefaultIfEmpty(columns[0])];
}
