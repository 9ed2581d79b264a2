using Freshet.Columns;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Results;

namespace Freshet.Engine.Views;

/// <summary>A served view at the end of the circuit: takes a step's delta from the collectors of all shares.</summary>
internal sealed class ViewOutput(ServedView view, Circuit circuit, int node)
{
    private readonly List<Batch> _delta = [];

    public ServedView View => view;

    /// <summary>Applies the step's delta, within a publication.</summary>
    public void Publish()
    {
        for (var share = 0; share < circuit.Shares; share++)
            ((CollectorOperator)circuit.OperatorOf(node, share)).Take(_delta);
        if (_delta.Count == 0) return;
        view.Table.Apply(_delta);
        foreach (var batch in _delta) batch.Release();
        _delta.Clear();
    }
}
