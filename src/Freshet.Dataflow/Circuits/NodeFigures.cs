namespace Freshet.Dataflow.Circuits;

/// <summary>What a node has done since the start.</summary>
/// <param name="BusyTicks">Time spent, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
public readonly record struct NodeFigures(long RowsIn, long RowsOut, long BusyTicks, long StateRows, long StateBytes)
{
    public static NodeFigures operator +(NodeFigures left, NodeFigures right) => Add(left, right);

    public static NodeFigures Add(NodeFigures left, NodeFigures right) => new(
        left.RowsIn + right.RowsIn,
        left.RowsOut + right.RowsOut,
        left.BusyTicks + right.BusyTicks,
        left.StateRows + right.StateRows,
        left.StateBytes + right.StateBytes);
}
