using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Dataflow.Results;
using Freshet.Engine;
using Freshet.Engine.Planning;
using Freshet.Engine.Sources;
using Freshet.Engine.Steps;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Conformance.Running;

/// <summary>A value that could not be computed, where Flink would fail at run time.</summary>
internal sealed class RowErrorException(string message) : Exception(message);

/// <summary>
/// One case's catalogue and one run over it: tables are fed from memory, a step takes one row in streaming cases (so that the
/// changelog shows as Flink's does) and the whole input in batch cases. Bounded by steps and by time.
/// </summary>
/// <param name="isBatch">Input ends and results are final rows.</param>
internal sealed class Session(bool isBatch) : IDisposable
{
    private const int StepsMax = 200_000;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);

    private readonly ScriptBinder _binder = new(isBounded: isBatch) { Functions = CaseFunctions.All.ToRegistry() };
    private readonly Dictionary<string, CaseTable> _rows = [];
    private readonly List<(MemorySource Source, TableDefinition Table, ImmutableArray<ScanColumn> Columns)> _sources = [];
    private StepRunner? _runner;

    /// <summary>The rows of a table and how its changelog is to be read.</summary>
    private sealed record CaseTable(IReadOnlyList<CaseRow> Rows);

    /// <summary>A result that is wanted: its plan, and the sink's primary key.</summary>
    private sealed record Wanted(string Name, PlanNode Plan, ImmutableArray<int> SinkKey);

    public ScriptBinder Binder => _binder;

    /// <summary>Options of the case that are Flink's table options.</summary>
    public void Configure(JsonElement json)
    {
        if (!json.TryGetProperty("config", out var config) || config.ValueKind != JsonValueKind.Object) return;
        foreach (var option in config.EnumerateObject())
        {
            var key = option.Name switch
            {
                "TABLE_EXEC_NON_TEMPORAL_SORT_ENABLED" => "__table.exec.sort.non-temporal.enabled__",
                var name when name.Contains("TABLE_OPTIMIZER_MULTI_JOIN_ENABLED", StringComparison.Ordinal) => "table.optimizer.multi-join.enabled",
                var name when name.Contains("TABLE_EXEC_MINIBATCH_ALLOW_LATENCY", StringComparison.Ordinal) => "table.exec.mini-batch.allow-latency",
                var name => name,
            };
            if (!key.Contains("table.", StringComparison.Ordinal)) continue;
            _binder.Options[key] = option.Value.ValueKind == JsonValueKind.String ? option.Value.GetString()!.Split('.')[^1] is var last && option.Value.GetString()!.Contains("Strategy.", StringComparison.Ordinal) ? last : option.Value.GetString()! : option.Value.GetRawText();
        }
    }

    /// <summary>A statement as written; tables keep their options.</summary>
    public void Execute(string sql) => _binder.Execute(new SourceText("case", sql));

    /// <summary>A table by its DDL, its options replaced; rows null: it is written, not read.</summary>
    public void Declare(string ddl, IReadOnlyList<CaseRow>? rows, string changes = "", IReadOnlyDictionary<string, string>? options = null)
    {
        var source = new SourceText("case", ddl);
        foreach (var statement in SqlParser.ParseScript(source))
        {
            if (statement is not CreateTable create)
            {
                _binder.Execute(statement, source);
                continue;
            }

            ImmutableArray<OptionPair> pairs = [.. (options ?? ImmutableDictionary<string, string>.Empty).Select(o => new OptionPair(o.Key, o.Value, create.Span)), new OptionPair(TableDefinition.ConnectorOption, "memory", create.Span)];
            if (changes.Length > 0) pairs = pairs.Add(new OptionPair(TableDefinition.ChangesOption, changes, create.Span));
            _binder.Execute(create with { Options = pairs }, source);
            _rows[create.Name.Last] = new CaseTable(rows ?? []);
        }
    }

    /// <summary>Plans a query and runs it.</summary>
    public (Changelog Changes, Schema Schema) Select(string sql)
    {
        var source = new SourceText("query", sql);
        if (SqlParser.ParseOne(source) is not Select select) throw new SqlException(source, default, "The case is no query.");
        var plan = _binder.BindQuery(select.Query, source);
        return (Run([new Wanted("query", plan, [])])["query"], plan.Schema);
    }

    /// <summary>Runs all INSERTs that have been executed; gives the changes of each sink.</summary>
    public Dictionary<string, Changelog> RunInserts() =>
        Run([.. _binder.Inserts.Select(i => new Wanted(i.Target.Name, i.Plan, i.Target.Changes == RowChanges.TakenBack ? [] : i.Target.PrimaryKey))]);

    public void Dispose() => _runner?.Dispose();

    private Dictionary<string, Changelog> Run(IReadOnlyList<Wanted> wanted)
    {
        var builder = new CircuitBuilder(0x5eed, Pipeline.ZoneOf(_binder.Options));
        builder.AddSources([.. wanted.Select(w => w.Plan)]);
        var results = new List<(Wanted Wanted, int Rows, int Errors)>();
        foreach (var one in wanted)
        {
            var key = one.Plan.Key.IsEmpty ? Enumerable.Range(0, one.Plan.Schema.Count).ToImmutableArray() : one.Plan.Key;
            var (rows, errors) = isBatch ? builder.AddQuery(one.Name, one.Plan) : builder.AddResult(one.Name, one.Plan, key);
            results.Add((one, rows, errors));
        }

        var changes = new Dictionary<string, Changelog>();
        foreach (var one in wanted)
            changes.TryAdd(one.Name, new Changelog(one.SinkKey.IsEmpty ? [.. one.Plan.Key] : [.. one.SinkKey], !one.SinkKey.IsEmpty));
        _runner = RunnerFactory.Create(builder, new PipelineOptions { Workers = 1 }, CreateSource);
        foreach (var (source, table, columns) in _sources)
        {
            if (!_rows.TryGetValue(table.DeclaredName, out var rows)) throw new SqlException(table.Source, table.Place, $"The case has no rows for {table.Name}.");
            var given = Enumerable.Range(0, table.Schema.Count).Where(c => !table.IsComputed(c)).Select(c => table.Schema.Fields[c].Name).ToList();
            if (CaseRows.Decode(table, given, columns, table.Changes == RowChanges.ByKey ? [.. rows.Rows.Where(r => r.Kind != "-U")] : rows.Rows) is { } batch) source.Push(batch);
            source.Complete();
        }

        Collect(results, changes);
        Steps(results, changes);
        return changes;
    }

    private void Steps(List<(Wanted Wanted, int Rows, int Errors)> results, Dictionary<string, Changelog> changes)
    {
        var budget = new StepBudget(isBatch || _rows.Values.Sum(r => r.Rows.Count) > 20_000 ? 65_536 : 1, 32 << 20);
        var started = Stopwatch.GetTimestamp();
        var clock = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;
        for (var step = 0; _runner!.Plan(budget, clock + step * 1000L) is { } entry; step++)
        {
            if (step > StepsMax || Stopwatch.GetElapsedTime(started) > TimeMax) throw new TimeoutException($"The case has not come to its end after {step} steps.");
            _runner.Run(entry);
            Collect(results, changes);
        }
    }

    private MemorySource CreateSource(SourceNode node, ImmutableArray<ScanColumn> columns)
    {
        var source = new MemorySource(node.Table.Name);
        _sources.Add((source, node.Table, columns));
        return source;
    }

    private void Collect(List<(Wanted Wanted, int Rows, int Errors)> results, Dictionary<string, Changelog> changes)
    {
        var batches = new List<Batch>();
        foreach (var (wanted, rows, errors) in results)
        {
            if (errors >= 0)
            {
                Take(errors, batches);
                foreach (var row in Rows(batches, CircuitBuilder.ErrorSchema)) throw new RowErrorException(string.Join(" ", row.Cells.Skip(1)));
            }

            Take(rows, batches);
            var step = Rows(batches, wanted.Plan.Schema);
            if (step.Count > 0) changes[wanted.Name].Take(step);
        }
    }

    private void Take(int node, List<Batch> batches) => ((CollectorOperator)_runner!.Circuit.OperatorOf(node, 0)).Take(batches);

    private static List<(string[] Cells, long Weight)> Rows(List<Batch> batches, Schema schema)
    {
        var rows = new List<(string[], long)>();
        foreach (var batch in batches)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                var cells = new string[schema.Count];
                for (var c = 0; c < cells.Length; c++) cells[c] = JavaText.Of(schema[c], batch.Columns[c], row);
                rows.Add((cells, batch.WeightOf(row)));
            }

            batch.Release();
        }

        batches.Clear();
        return rows;
    }
}
