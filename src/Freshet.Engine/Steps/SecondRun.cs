using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Consolidation;
using Freshet.Dataflow.Results;
using Freshet.Engine.Journals;
using Freshet.Engine.Planning;
using Freshet.Engine.Views;
using Freshet.State.Views;

namespace Freshet.Engine.Steps;

/// <summary>
/// The project's circuit once more, from the first entry of the journal on, beside the one that serves: what the views would be
/// had the log always been as it is now. What INSERT INTOs would write is dropped. Used by one thread at a time.
/// Cost: a replay, and as much state and as many rows of views again while it lives.
/// </summary>
internal sealed class SecondRun : IDisposable
{
    private readonly ProjectCircuit _circuit;
    private readonly ViewPublication _publication = new();
    private readonly List<ViewOutput> _views = [];
    private readonly JournalReplay _replay;
    private readonly List<Batch> _dropped = [];
    private long _step = StepRunner.FirstStep;

    public SecondRun(ProjectCircuit circuit, StepBudget budget, ulong seed)
    {
        _circuit = circuit;
        foreach (var result in circuit.Results)
        {
            var table = _publication.Add(new ViewSpec([.. result.Schema.Fields.Select(f => f.Type)], result.Key, []), seed);
            _views.Add(new ViewOutput(new ServedView(result.Name, result.Schema, result.Key, table), circuit.Runner.Circuit, result.Node));
        }

        _replay = new JournalReplay(circuit.Runner, budget, entry => Publish(entry.Step));
        Publish(StepRunner.FirstStep);
    }

    public StepRunner Runner => _circuit.Runner;

    /// <summary>Runs the entries that it has not run yet.</summary>
    public void CatchUp(IReadOnlyList<StepEntry> journal)
    {
        var known = Runner.Inputs.Select(i => i.Source.Name).ToHashSet();
        var entries = journal.Where(e => e.Step > _step).Select(e => e with { Inputs = [.. e.Inputs.Where(i => known.Contains(i.Source))] }).ToList();
        _replay.Run(entries, []);
        if (entries.Count > 0) _step = entries[^1].Step;
    }

    /// <summary>What turns another content of a view into this run's: each row once with its net weight.</summary>
    public List<Batch> DifferenceFrom(ViewSnapshot before, int view)
    {
        using var pin = _publication.Pin();
        using var consolidator = new ConsolidatorOperator();
        var step = new StepContext();
        Add(before, -1);
        Add(pin.Of(_views[view].View.Table), 1);
        consolidator.EndOfInput(step, Operator.NoWatermark);
        var difference = new List<Batch>();
        while (consolidator.Produce(step) is { } batch) difference.Add(batch);
        return difference;

        void Add(ViewSnapshot rows, int sign)
        {
            var cursor = default(ViewCursor);
            while (rows.Scan(ref cursor, Batch.TypicalRows) is { } batch) consolidator.Accept(0, sign > 0 ? batch : TakenBack(batch), step);
        }
    }

    /// <summary>Its runner goes on with somebody else, who disposes it.</summary>
    public bool IsTaken { get; set; }

    public void Dispose()
    {
        _publication.Dispose();
        if (!IsTaken) Runner.Dispose();
    }

    private static unsafe Batch TakenBack(Batch batch)
    {
        var memory = BatchMemory.Create();
        var weights = memory.Allocate<long>(batch.Rows);
        for (var i = 0; i < batch.Count; i++) weights[batch.RowAt(i)] = -batch.WeightOf(batch.RowAt(i));
        var result = batch.WithColumns(memory, batch.Columns);
        result.Weights = weights;
        batch.Release();
        return result;
    }

    private void Publish(long step)
    {
        foreach (var insert in _circuit.Inserts)
            for (var share = 0; share < Runner.Circuit.Shares; share++) ((CollectorOperator)Runner.Circuit.OperatorOf(insert, share)).Take(_dropped);
        foreach (var batch in _dropped) batch.Release();
        _dropped.Clear();
        _publication.Begin();
        foreach (var view in _views) view.Publish();
        _publication.End(step);
        foreach (var view in _views) view.Release();
    }
}
