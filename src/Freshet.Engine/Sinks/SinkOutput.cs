using Freshet.Columns;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Results;
using Freshet.Engine.Queries;

namespace Freshet.Engine.Sinks;

/// <summary>An INSERT INTO at the end of the circuit.</summary>
internal sealed class SinkOutput(string name, IRowSink sink, Circuit circuit, int node) : IDisposable
{
    private readonly List<Batch> _rows = [];
    private Circuit _circuit = circuit;

    public string Name => name;

    /// <summary>The collector in the circuit.</summary>
    public int Node => node;

    /// <summary>The last step whose rows are not written (again).</summary>
    public long LastStep { get; private set; } = sink.LastStep;

    /// <summary>Rows of steps up to this one have been written in another way before.</summary>
    public void SkipTo(long step) => LastStep = Math.Max(LastStep, step);

    /// <summary>Completes when the step's rows outlive a crash; called after every output of the step has been published.</summary>
    public Task CommitAsync() => sink.CommitAsync();

    /// <summary>Rows written since the start.</summary>
    public long Rows { get; private set; }

    /// <summary>Hands on this step's rows; those of a step that the sink has from before are dropped.</summary>
    public void Publish(long step)
    {
        for (var share = 0; share < _circuit.Shares; share++)
            ((CollectorOperator)_circuit.OperatorOf(node, share)).Take(_rows);
        if (_rows.Count == 0) return;
        if (step > LastStep)
        {
            if (!sink.TakesChanges)
                for (var i = 0; i < _rows.Count; i++) _rows[i] = RepeatedRows.Of(_rows[i]);
            sink.Write(step, _rows);
            foreach (var batch in _rows) Rows += batch.Count;
        }

        foreach (var batch in _rows) batch.Release();
        _rows.Clear();
    }

    /// <summary>Goes on with another circuit; what it has made so far is not written.</summary>
    public void SwitchTo(Circuit other) => _circuit = other;

    public void Dispose() => sink.Dispose();
}
