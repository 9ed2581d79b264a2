using Freshet.Columns;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Results;
using Freshet.State.Trees;
using Freshet.State.Views;

namespace Freshet.Engine.Views;

/// <summary>A served view at the end of the circuit: takes a step's delta from the collectors of all shares.</summary>
internal sealed class ViewOutput(ServedView view, Circuit circuit, int node)
{
    private readonly List<Batch> _delta = [];

    public ServedView View => view;

    public int Node => node;

    /// <summary>Rows added and taken back since the start.</summary>
    public long Changes { get; private set; }

    /// <summary>The version after the step; the same object when nothing has changed.</summary>
    public PersistentTree Publish(PersistentTree version)
    {
        for (var share = 0; share < circuit.Shares; share++)
            ((CollectorOperator)circuit.OperatorOf(node, share)).Take(_delta);
        if (_delta.Count == 0) return version;
        foreach (var batch in _delta) Changes += batch.Count;
        var next = view.Apply(version, _delta);
        foreach (var batch in _delta) batch.Release();
        _delta.Clear();
        return next;
    }
}
