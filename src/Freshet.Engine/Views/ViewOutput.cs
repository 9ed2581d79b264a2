using Freshet.Columns;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Results;

namespace Freshet.Engine.Views;

/// <summary>A served view at the end of the circuit: takes a step's delta from the collectors of all shares.</summary>
internal sealed class ViewOutput(ServedView view, Circuit circuit, int node)
{
    private Circuit _circuit = circuit;
    private readonly List<Batch> _delta = [];

    public ServedView View => view;

    /// <summary>The collector in the circuit.</summary>
    public int Node => node;

    /// <summary>What the step has changed: each row once, with its net weight. From <see cref="Publish"/> to <see cref="Release"/>.</summary>
    public IReadOnlyList<Batch> Delta => _delta;

    /// <summary>Applies the step's delta, within a publication.</summary>
    public void Publish()
    {
        for (var share = 0; share < _circuit.Shares; share++)
            ((CollectorOperator)_circuit.OperatorOf(node, share)).Take(_delta);
        if (_delta.Count > 0) view.Table.Apply(_delta);
    }

    /// <summary>Goes on with another circuit, whose rows differ from those of the one before; the difference is part of the next publication.</summary>
    public void SwitchTo(Circuit circuit, IEnumerable<Batch> difference)
    {
        _circuit = circuit;
        _delta.AddRange(difference);
    }

    /// <summary>Gives the delta back.</summary>
    public void Release()
    {
        foreach (var batch in _delta) batch.Release();
        _delta.Clear();
    }
}
