using System.Globalization;
using System.Text.RegularExpressions;
using Freshet.Conformance.Running;
using Freshet.Engine;
using Freshet.Engine.Planning;
using Freshet.Plan;
using Freshet.Plan.Explaining;
using Freshet.Sql.Binding;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;
using Freshet.Testing;

namespace Freshet.Conformance.Fuzzing;

/// <summary>A text on which the planner failed otherwise than with a sentence and a place.</summary>
internal sealed record PlannerCrash(string Sql, string Tables, Exception Error);

/// <summary>
/// Puts texts through parser, binder, rules, EXPLAIN and the lowering to a circuit. Whatever they are, the answer is a plan or an
/// <see cref="SqlException"/> with a place in the text. Tables and columns that a text names are made up as it asks for them,
/// with types drawn from the seed, so that a text is met by many schemas.
/// </summary>
/// <param name="runs">Whether a planned query is also run over a few rows, drawn too.</param>
internal sealed partial class PlannerFuzz(int seed, bool runs = false)
{
    private const int TablesMax = 8;
    private const int RoundsMax = 40;

    private static readonly string[] Types =
    [
        "INT", "BIGINT", "STRING", "DOUBLE", "BOOLEAN", "DECIMAL(10, 2)", "TIMESTAMP(3)", "TIMESTAMP_LTZ(3)", "DATE", "TIME", "BYTES", "CHAR(3)", "SMALLINT", "FLOAT",
        "ARRAY<INT>", "MAP<STRING, INT>", "ROW<a INT, b STRING>", "ARRAY<ROW<a INT, b STRING>>", "MULTISET<STRING>", "INT NOT NULL", "STRING NOT NULL", "VARIANT",
    ];

    private static readonly string[] Numbers = ["0", "1", "2", "3", "10", "2147483648", "9223372036854775807", "99999999999999999999999", "0.5", "1e3", "1e400", "5000"];
    private static readonly string[] Texts = ["''", "'x'", "'1'", "'5'", "'2020-01-01'", "'2020-01-01 00:00:00'", "'12:00:00'", "'a%'", "'$.a'", "'yyyy'", "'('", "'UTC'"];
    private static readonly string[] Operators = ["=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "||", "AND", "OR"];

    /// <summary>What a name is replaced by; ? stands for it.</summary>
    private static readonly string[] Values =
    [
        "NULL", "CAST(? AS INT)", "CAST(? AS STRING)", "CAST(? AS TIMESTAMP(3))", "CAST(NULL AS INT)", "MAX(?)", "COUNT(DISTINCT ?)", "(? IS NULL)", "NOT ?", "-?", "?.a", "?[1]",
        "CASE WHEN ? = 1 THEN ? END", "COALESCE(?, 1)", "(SELECT MAX(a) FROM T1)", "(? IN (1, 2))", "(? IN (SELECT a FROM T1))", "EXISTS (SELECT 1 FROM T1 WHERE a = ?)", "ROW(?, 1)",
        "ARRAY[?]", "MAP['k', ?]", "ROW_NUMBER() OVER (PARTITION BY ? ORDER BY ?)", "SUM(?) OVER (ORDER BY ?)", "NOW()", "INTERVAL '1' DAY", "PROCTIME()", "*",
    ];

    private static readonly string[] Functions = [.. FunctionCatalogue.All.Select(f => f.Name).Where(n => char.IsLetter(n[0])), .. SpecialForms.All.Select(f => f.Name).Where(n => char.IsLetter(n[0])), "ROW", "TUMBLE", "HOP", "SESSION", "CUMULATE", "UNNEST"];

    private readonly Random _random = new(seed);

    /// <summary>Texts that came to a plan, and those that were refused.</summary>
    public int Planned { get; private set; }

    public int Refused { get; private set; }

    /// <summary>Why the last text was refused.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>The tables that were made up for the last text.</summary>
    public string Tables { get; private set; } = "";

    /// <summary>Plans a text; null when the planner answered as it should.</summary>
    public PlannerCrash? Try(string sql)
    {
        var tables = new SortedDictionary<string, SortedDictionary<string, string>>(StringComparer.Ordinal);
        var isBounded = _random.Next(2) == 0;
        for (var round = 0; ; round++)
        {
            try
            {
                Tables = string.Join('\n', tables.Select(t => Ddl(t.Key, t.Value)));
                Plan(sql, tables, isBounded);
                Planned++;
                if (runs && !isBounded) Run(sql, tables);
                return null;
            }
            catch (SqlException e) when (e.Line >= 1 && e.Column >= 1)
            {
                if (round < RoundsMax && MakeUp(e, tables)) continue;
                Refused++;
                Refusal = e.Sentence;
                return null;
            }
#pragma warning disable CA1031 // Any other exception is what is looked for.
            catch (Exception e)
#pragma warning restore CA1031
            {
                return e is TestingException ? null : new PlannerCrash(sql, Tables, e);
            }
        }
    }

    /// <summary>A text with some of its tokens changed for others of their kind, or dropped, doubled and mixed with those of another text.</summary>
    public string Mutate(string sql, string other)
    {
        var tokens = Token().Matches(sql).Select(m => m.Value).ToList();
        var others = Token().Matches(other).Select(m => m.Value).ToList();
        for (var n = _random.Next(1, 4); n > 0 && tokens.Count > 1; n--)
        {
            var at = _random.Next(tokens.Count);
            if (_random.Next(5) > 0) tokens[at] = Alike(tokens, at, others);
            else Disturb(tokens, at, others);
        }

        return string.Join(' ', tokens);
    }

    /// <summary>Another token that can stand where this one does, mostly.</summary>
    private string Alike(List<string> tokens, int at, List<string> others)
    {
        var token = tokens[at];
        var isCall = at + 1 < tokens.Count && tokens[at + 1] == "(";
        if (isCall && char.IsLetter(token[0])) return _random.Next(2) == 0 ? Functions[_random.Next(Functions.Length)] : token;
        if (char.IsDigit(token[0])) return Numbers[_random.Next(Numbers.Length)];
        if (token[0] == '\'') return Texts[_random.Next(Texts.Length)];
        if (Operators.Contains(token)) return Operators[_random.Next(Operators.Length)];
        if (!char.IsLetter(token[0]) && token[0] != '`') return token;
        return _random.Next(4) switch
        {
            0 => Values[_random.Next(Values.Length)].Replace("?", token, StringComparison.Ordinal),
            1 when others.Where(o => char.IsLetter(o[0])).ToList() is { Count: > 0 } names => names[_random.Next(names.Count)],
            _ => tokens.Where(t => char.IsLetter(t[0])).ToList() is { Count: > 0 } own ? own[_random.Next(own.Count)] : token,
        };
    }

    private void Disturb(List<string> tokens, int at, List<string> others)
    {
        switch (_random.Next(4))
        {
            case 0: tokens.RemoveAt(at); break;
            case 1: tokens.Insert(at, tokens[_random.Next(tokens.Count)]); break;
            case 2: (tokens[at], tokens[^1]) = (tokens[^1], tokens[at]); break;
            case 3 when others.Count > 4:
                var from = _random.Next(others.Count - 3);
                tokens.InsertRange(at, others.GetRange(from, _random.Next(1, Math.Min(8, others.Count - from))));
                break;
        }
    }

    private static void Plan(string sql, SortedDictionary<string, SortedDictionary<string, string>> tables, bool isBounded)
    {
        var binder = new ScriptBinder(isBounded) { Functions = CaseFunctions.All.ToRegistry() };
        foreach (var (name, columns) in tables) binder.Execute(new SourceText("tables", Ddl(name, columns)));
        var source = new SourceText("text", sql);
        var plans = new List<PlanNode>();
        foreach (var statement in SqlParser.ParseScript(source))
        {
            if (statement is Select select) plans.Add(binder.BindQuery(select.Query, source));
            else binder.Execute(statement, source);
        }

        plans.AddRange(binder.Inserts.Select(i => i.Plan));
        plans.AddRange(binder.MaterializedViews.Select(v => v.Plan));
        var builder = new CircuitBuilder(1, Pipeline.ZoneOf(binder.Options));
        builder.AddSources([.. plans]);
        foreach (var plan in plans)
        {
            PlanText.Of(plan);
            if (isBounded) builder.AddQuery("query", plan);
            else builder.AddResult("query", plan, plan.Key.IsEmpty ? [.. Enumerable.Range(0, plan.Schema.Count)] : plan.Key);
        }

        builder.Build();
    }

    private void Run(string sql, SortedDictionary<string, SortedDictionary<string, string>> tables)
    {
        if (SqlParser.ParseScript(new SourceText("text", sql)) is not [Select]) return;
        using var pipeline = new TestPipeline(functions: CaseFunctions.All);
        foreach (var (name, columns) in tables) pipeline.Declare("tables", Ddl(name, columns));
        try
        {
            pipeline.Declare("text", "CREATE MATERIALIZED VIEW result AS\n" + sql);
        }
        catch (SqlException)
        {
            return;
        }

        for (var n = 0; n < 12; n++)
        {
            foreach (var (name, columns) in tables)
                pipeline.Insert(name, [.. Enumerable.Range(0, 3).Select(_ => (string.Join(", ", columns.Where(c => !c.Value.StartsWith("AS ", StringComparison.Ordinal)).Select(c => Value(c.Value, n))), 1L))]);
            if (n % 3 == 2) pipeline.Step();
        }

        pipeline.End();
    }

    private string Value(string type, int n)
    {
        var digit = _random.Next(6);
        var day = string.Create(CultureInfo.InvariantCulture, $"2020-01-01 00:{n * 4:00}:0{digit}");
        if (_random.Next(6) == 0 && !type.EndsWith("NOT NULL", StringComparison.Ordinal) && !type.StartsWith("TIMESTAMP", StringComparison.Ordinal)) return $"CAST(NULL AS {type})";
        return type.Split(['(', '<', ' '])[0] switch
        {
            "STRING" or "CHAR" => $"'{"abcdef"[digit]}{digit}'",
            "BOOLEAN" => digit < 3 ? "TRUE" : "FALSE",
            "TIMESTAMP" or "TIMESTAMP_LTZ" => $"TIMESTAMP '{day}'",
            "DATE" => $"DATE '2020-01-0{digit + 1}'",
            "TIME" => $"TIME '00:00:0{digit}'",
            "BYTES" => $"x'0{digit}'",
            "ARRAY" when type.Contains("ROW", StringComparison.Ordinal) => $"ARRAY[ROW({digit}, 'a'), ROW(1, 'b')]",
            "ARRAY" => $"ARRAY[{digit}, 1]",
            "MAP" => $"MAP['k{digit}', {digit}]",
            "ROW" => $"ROW({digit}, 'a')",
            "MULTISET" => "CAST(NULL AS MULTISET<STRING>)",
            "VARIANT" => $"PARSE_JSON('[{digit}]')",
            _ => digit.ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Makes what a message misses; false when it misses no table or column.</summary>
    private bool MakeUp(SqlException error, SortedDictionary<string, SortedDictionary<string, string>> tables)
    {
        if (MissingTable().Match(error.Sentence) is { Success: true } table)
        {
            if (error.File == "tables" || tables.Count >= TablesMax || tables.ContainsKey(table.Groups[1].Value)) return false;
            tables[table.Groups[1].Value] = new SortedDictionary<string, string>(StringComparer.Ordinal) { [_random.Next(2) == 0 ? "a" : "id"] = "INT" };
            return true;
        }

        if (MissingColumn().Match(error.Sentence) is not { Success: true } column || tables.Count == 0 || error.File == "tables") return false;
        var path = column.Groups[1].Value.Split('.');
        var name = path[^1];
        var owner = tables.Keys.FirstOrDefault(t => path.Length > 1 && t == path[^2]) ?? tables.Keys.ElementAt(_random.Next(tables.Count));
        if (!tables[owner].TryAdd(name, TypeOf(name)))
        {
            owner = tables.Keys.FirstOrDefault(t => !tables[t].ContainsKey(name));
            if (owner is null) return false;
            tables[owner].Add(name, TypeOf(name));
        }

        return true;
    }

    private string TypeOf(string name) => name.ToLowerInvariant() switch
    {
        "proctime" or "proc_time" or "proc" => "AS PROCTIME()",
        var time when time.Contains("time", StringComparison.Ordinal) || time is "ts" => _random.Next(4) == 0 ? "TIMESTAMP_LTZ(3)" : "TIMESTAMP(3)",
        // Most columns are compared and added up in Flink's tests.
        _ => _random.Next(3) > 0 ? "INT" : Types[_random.Next(Types.Length)],
    };

    private static string Ddl(string name, SortedDictionary<string, string> columns)
    {
        var time = columns.OrderByDescending(c => c.Key == "rowtime").FirstOrDefault(c => c.Value.StartsWith("TIMESTAMP", StringComparison.Ordinal)).Key;
        var watermark = time is null ? "" : string.Create(CultureInfo.InvariantCulture, $", WATERMARK FOR {Quoted(time)} AS {Quoted(time)} - INTERVAL '1' SECOND");
        return $"CREATE TABLE {string.Join('.', name.Split('.').Select(Quoted))} ({string.Join(", ", columns.Select(c => Quoted(c.Key) + " " + c.Value))}{watermark}) WITH ('connector' = 'memory');";
    }

    private static string Quoted(string name) => $"`{name}`";

    [GeneratedRegex("There is no (?:table|view|table or view) (\\S+?)\\.(?: |$)")]
    private static partial Regex MissingTable();

    [GeneratedRegex("There is no column(?: or field)? (\\S+?)\\.(?: |$)")]
    private static partial Regex MissingColumn();

    [GeneratedRegex("'(?:[^']|'')*'|`[^`]*`|<>|<=|>=|!=|=>|->|::|\\|\\||[A-Za-z_][A-Za-z_0-9]*|[0-9.]+|\\S")]
    private static partial Regex Token();
}
