using System.Collections.Immutable;
using System.Globalization;
using Freshet.Columns;
using Freshet.Dataflow.Results;
using Freshet.Engine.Journals;
using Freshet.Engine.Planning;
using Freshet.Engine.Sources;
using Freshet.Engine.Steps;
using Freshet.Engine.Views;
using Freshet.Plan;
using Freshet.Plan.Explaining;
using Freshet.Sql.Binding;
using Freshet.State.Views;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Queries;

/// <summary>
/// A SUBSCRIBE: a query whose result is kept up from the changes of the views that it reads, in a small circuit of its own beside the
/// engine's. Invariant: after <see cref="Begin"/> and every later step's <see cref="Run"/>, what was given out adds up to the query
/// over the views as of that step.
/// Cost: that of the query's operators, on the thread of whoever runs it; the engine's thread does nothing for it. Used by one thread.
/// </summary>
public sealed class LiveQuery : IDisposable
{
    private readonly PlanNode _plan;
    private readonly PipelineOptions _options;
    private readonly TimeZoneInfo _zone;
    private readonly List<ChangeSource> _sources = [];
    private StepRunner? _runner;
    private int _rows;
    private int _errors;

    private LiveQuery(PlanNode plan, IReadOnlyList<ServedView> reads, PipelineOptions options, TimeZoneInfo zone)
    {
        _plan = plan;
        _options = options;
        _zone = zone;
        Reads = reads;
    }

    public Schema Schema => _plan.Schema;

    /// <summary>Columns that name a row of the result; empty where rows have no name and are counted.</summary>
    public ImmutableArray<int> Key => WholeView?.Key ?? _plan.Key;

    /// <summary>The views that the query reads.</summary>
    public IReadOnlyList<ServedView> Reads { get; }

    /// <summary>The view whose rows, all and as they are, the query gives; null for any other query.</summary>
    public ServedView? WholeView =>
        _plan is Scan scan && scan.Columns.Length == Reads[0].Schema.Count && scan.Columns.Select((c, i) => c.Column == i && c.Path is null).All(same => same) ? Reads[0] : null;

    /// <summary>Gives the result over the pinned views: batches that the caller releases.</summary>
    public void Begin(ViewPin pin, List<Batch> rows)
    {
        var builder = new CircuitBuilder(_options.HashSeed, _zone);
        builder.AddSources([_plan]);
        (_rows, _errors) = builder.AddResult("subscription", _plan, _plan.Key);
        _runner = RunnerFactory.Create(builder, _options with { Workers = 1 }, (node, columns) =>
        {
            var source = new ChangeSource(node.Table.Name, columns);
            _sources.Add(source);
            return source;
        });
        // What constants give has left with the first step.
        Take(rows);
        foreach (var source in _sources)
        {
            var cursor = default(ViewCursor);
            var snapshot = pin.Of(ViewOf(source).Table);
            while (snapshot.Scan(ref cursor, Batch.TypicalRows) is { } batch) source.Push(batch);
        }

        Step(pin.Step, rows);
    }

    /// <summary>Gives what a step changes in the result. The batches of <paramref name="changes"/> stay the caller's.</summary>
    public void Run(long step, IEnumerable<(ServedView View, Batch Rows)> changes, List<Batch> rows)
    {
        foreach (var (view, batch) in changes)
        {
            if (_sources.FirstOrDefault(s => s.Name == view.Name) is not { } source) continue;
            batch.AddReference();
            source.Push(batch);
        }

        Step(step, rows);
    }

    public void Dispose() => _runner?.Dispose();

    internal static LiveQuery Plan(string sql, ScriptBinder project, IReadOnlyList<ServedView> views, PipelineOptions options, TimeZoneInfo zone)
    {
        var binder = new ReadBinder(project);
        foreach (var view in views)
            if (project.MaterializedViews.All(v => v.Name != view.Name)) binder.AddTable(QueryPlanner.TableOf(view));
        var source = new SourceText("query", sql);
        var plan = binder.BindSubscription(source);
        var names = PlanText.Scans(plan).Select(s => s.Table.Name).Distinct().ToList();
        return new LiveQuery(plan, [.. names.Select(n => views.First(v => v.Name == n))], options, zone);
    }

    private ServedView ViewOf(ChangeSource source) => Reads.First(v => v.Name == source.Name);

    private void Step(long step, List<Batch> rows)
    {
        var inputs = new List<StepInput>();
        foreach (var source in _sources)
        {
            var from = _runner!.InputNamed(source.Name).Position(0);
            if (source.End > from) inputs.Add(new StepInput(source.Name, 0, from, source.End, InputMarks.None));
        }

        if (inputs.Count == 0) return;
        _runner!.Run(new StepEntry(step, 0, inputs));
        Take(rows);
    }

    private void Take(List<Batch> rows)
    {
        ((CollectorOperator)_runner!.Circuit.OperatorOf(_rows, 0)).Take(rows);
        if (_errors < 0) return;
        var errors = new List<Batch>();
        ((CollectorOperator)_runner.Circuit.OperatorOf(_errors, 0)).Take(errors);
        var failed = errors.Select(FirstError).FirstOrDefault(e => e is not null);
        foreach (var batch in errors) batch.Release();
        if (failed is not null) throw new EngineException("bad_value", failed);
    }

    private static unsafe string? FirstError(Batch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (batch.WeightOf(row) <= 0) continue;
            var value = batch.Columns[2].IsNull(row) ? "" : string.Create(CultureInfo.InvariantCulture, $" The value is '{batch.Columns[2].As<StringView>()[row].Text}'.");
            return batch.Columns[3].As<StringView>()[row].Text + value;
        }

        return null;
    }
}
