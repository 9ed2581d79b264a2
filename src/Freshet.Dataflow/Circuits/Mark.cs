namespace Freshet.Dataflow.Circuits;

/// <summary>What ends a step's rows on an edge.</summary>
/// <param name="Watermark">µs.</param>
/// <param name="IsIdle">No rows are expected for now: the watermark stays where it is, and holds back nothing that reads other inputs too.</param>
internal readonly record struct Mark(long Watermark, bool IsIdle)
{
    /// <summary>The mark before the first.</summary>
    public static readonly Mark None = new(Operator.NoWatermark, false);
}
