using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Results;
using Freshet.Engine.Planning;
using Freshet.Engine.Sinks;
using Freshet.Engine.Sources;
using Freshet.Engine.Steps;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;

namespace Freshet.Engine.Queries;

/// <summary>
/// Queries and INSERTs over input that ends, run to its end by whoever asks for the next rows: an ad-hoc query, or a script.
/// All of them share one circuit and read each table once. Used by one thread.
/// </summary>
public sealed class BoundedRun : IDisposable
{
    private readonly StepRunner _runner;
    private readonly StepBudget _budget;
    private readonly List<Result> _results = [];
    private readonly List<SinkOutput> _sinks = [];
    private readonly bool _skipsErrors;
    private readonly Func<long> _clock;

    private readonly Dictionary<int, TableDefinition> _tables;

    private sealed record Result(PlanNode Plan, string? Place, int Rows, int Errors, Queue<Batch> Ready);

    /// <param name="places">Where each query stands in its script; null where that says nothing.</param>
    internal BoundedRun(IReadOnlyList<PlanNode> queries, IReadOnlyList<InsertPlan> inserts, PipelineOptions options, TimeZoneInfo zone, Connectors connectors, Func<SourceNode, ImmutableArray<ScanColumn>, IRowSource> createSource, IReadOnlyList<string>? places = null)
    {
        var builder = new CircuitBuilder(options.HashSeed, zone);
        builder.AddSources([.. queries, .. inserts.Select(i => i.Plan)]);
        foreach (var query in queries)
        {
            var (rows, errors) = builder.AddQuery($"query {_results.Count + 1}", query);
            _results.Add(new Result(query, places?[_results.Count], rows, errors, new Queue<Batch>()));
        }

        var sinks = inserts.Select(i => (Insert: i, Node: builder.AddQuery(i.Name, i.Plan, takesChanges: options.Sink is not null))).ToList();
        _budget = options.Budget;
        _skipsErrors = options.SkipsErrors;
        _clock = options.ClockMicros ?? (() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000);
        _runner = RunnerFactory.Create(builder, options, createSource);
        foreach (var (insert, node) in sinks)
        {
            _sinks.Add(new SinkOutput(insert.Name, options.Sink?.Invoke(insert.Plan.Schema) ?? connectors.CreateSink(insert.Target, insert.Plan.Schema, isReplayed: false), _runner.Circuit, node.Rows));
            _results.Add(new Result(insert.Plan, insert.Place, -1, node.Errors, new Queue<Batch>()));
        }

        _tables = builder.Sources.ToDictionary(s => s.Node, s => s.Table);
        _runner.OnSourceError = OnSourceError;
        if (Environment.ProcessorCount > 1) _runner.Ahead = new ReadAhead();
    }

    /// <summary>Rows read so far.</summary>
    public long RowsRead => _runner.Inputs.Sum(i => i.RowsTaken);

    /// <summary>What each operator has done so far.</summary>
    public IReadOnlyList<(string Name, NodeFigures Figures)> Operators =>
        [.. Enumerable.Range(0, _runner.Circuit.Spec.Nodes.Length).Select(n => (_runner.Circuit.Spec.Nodes[n].Name, _runner.Circuit.FiguresOf(n)))];

    /// <summary>Bad values left out so far.</summary>
    public long ErrorsSkipped { get; private set; }

    /// <summary>Whether all input has been taken.</summary>
    public bool IsDone { get; private set; }

    public Schema SchemaOf(int query) => _results[query].Plan.Schema;

    /// <summary>Whether rows of a query are ready.</summary>
    public bool HasRows(int query) => _results[query].Ready.Count > 0;

    /// <summary>The next rows of a query, or null after the last. The caller releases the batch.</summary>
    /// <exception cref="EngineException">A value cannot be computed: names the place in the input.</exception>
    public Batch? Next(int query)
    {
        var ready = _results[query].Ready;
        while (ready.Count == 0 && !IsDone) Step();
        return ready.TryDequeue(out var batch) ? batch : null;
    }

    /// <summary>Runs to the end of the input.</summary>
    public void Complete()
    {
        while (!IsDone) Step();
    }

    /// <summary>Runs one step; false after the last.</summary>
    public bool Step()
    {
        if (IsDone) return false;
        var entry = _runner.Plan(_budget, _clock());
        if (entry is not null) _runner.Run(entry);
        IsDone = _runner.AllEnded;
        Collect();
        if (entry is null && !IsDone) throw new InvalidOperationException("A bounded input has neither rows nor an end.");
        return !IsDone;
    }

    public void Dispose()
    {
        foreach (var result in _results)
            while (result.Ready.TryDequeue(out var batch)) batch.Release();
        foreach (var sink in _sinks) sink.Dispose();
        _runner.Dispose();
    }

    private void Collect()
    {
        var batches = new List<Batch>();
        foreach (var result in _results)
        {
            if (result.Errors >= 0) CheckErrors(result);
            if (result.Rows < 0) continue;
            ((CollectorOperator)_runner.Circuit.OperatorOf(result.Rows, 0)).Take(batches);
            foreach (var batch in batches) result.Ready.Enqueue(RepeatedRows.Of(batch));
            batches.Clear();
        }

        foreach (var sink in _sinks) sink.Publish(_runner.Step);
        foreach (var sink in _sinks) sink.CommitAsync().GetAwaiter().GetResult();
    }

    private void CheckErrors(Result result)
    {
        var errors = new List<Batch>();
        ((CollectorOperator)_runner.Circuit.OperatorOf(result.Errors, 0)).Take(errors);
        try
        {
            foreach (var batch in errors) CheckErrors(result, batch);
        }
        finally
        {
            foreach (var batch in errors) batch.Release();
        }
    }

    private unsafe void CheckErrors(Result result, Batch errors)
    {
        for (var i = 0; i < errors.Count; i++)
        {
            var row = errors.RowAt(i);
            if (errors.WeightOf(row) <= 0) continue;
            var columns = errors.Columns;
            Fail(result.Place, Where(result.Plan, columns[0].IsNull(row) ? -1 : columns[0].As<long>()[row]), columns[1].As<StringView>()[row].Text, columns[2].IsNull(row) ? "" : columns[2].As<StringView>()[row].Text, columns[3].As<StringView>()[row].Text);
        }
    }

    private void OnSourceError(TableInput input, SourceError error)
    {
        var table = _tables[input.Node];
        // A file's reason begins with its name and line.
        var isFile = input.Source is FileSource;
        Fail(table.Source.Describe(table.Place), isFile ? $"table {table.DeclaredName}" : $"table {table.DeclaredName}, row {error.Position + 1}", isFile ? "" : error.Column, error.Value, error.Reason);
    }

    /// <summary>The row of the input on which an expression fails, as far as it is known: rows of several tables are counted by themselves.</summary>
    private string Where(PlanNode plan, long position)
    {
        if (position < 0) return "";
        var tables = TablesOf(plan).Distinct().ToList();
        if (_skipsErrors || tables.Count != 1) return $"row {position + 1}";
        var input = _runner.Inputs.First(i => _tables[i.Node].Name == tables[0]);
        return $"table {_tables[input.Node].DeclaredName}, {input.Source.PlaceOf(position) ?? $"row {position + 1}"}";
    }

    private static IEnumerable<string> TablesOf(PlanNode plan) => plan is Scan scan ? [scan.Table.Name] : plan.Inputs.SelectMany(TablesOf);

    private void Fail(string? place, string row, string column, string value, string reason)
    {
        ErrorsSkipped++;
        if (_skipsErrors) return;
        var where = string.Join(", ", new[] { row, column.Length > 0 ? "column " + column : "" }.Where(s => s.Length > 0));
        throw new EngineException("bad_value", $"{where}{(where.Length > 0 ? ": " : "")}{reason}{(value.Length > 0 ? $" The value is '{value}'." : "")}") { Place = place };
    }
}
