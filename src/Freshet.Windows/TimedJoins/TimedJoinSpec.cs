using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Dataflow.Joins;
using Freshet.Kernels.Expressions;

namespace Freshet.Windows.TimedJoins;

/// <summary>A side's part of a timed join.</summary>
/// <param name="Types">Types of the input's columns.</param>
/// <param name="Keys">Columns that equal the other side's one by one.</param>
/// <param name="Time">The time attribute, µs; of a window join the window's end.</param>
public sealed record TimedSideSpec(ImmutableArray<SqlType> Types, ImmutableArray<int> Keys, int Time);

/// <summary>
/// A join of inputs that take nothing back, of rows with equal keys whose times lie <paramref name="LowMicros"/> to
/// <paramref name="HighMicros"/> apart (right less left). Port 0 is the left input. Output: the left columns and the right ones;
/// of a semi and an anti join the left ones.
/// </summary>
/// <param name="Kind">Not <see cref="JoinKind.Mark"/>.</param>
/// <param name="IsWindow">Times are ends of windows: a row whose window is closed at its own position is late.</param>
/// <param name="Residual">A further condition over the left columns followed by the right ones; null for none.</param>
public sealed record TimedJoinSpec(
    JoinKind Kind,
    TimedSideSpec Left,
    TimedSideSpec Right,
    bool IsWindow,
    long LowMicros,
    long HighMicros,
    WindowClock Clock,
    VectorExpression? Residual)
{
    /// <summary>Places in the list of keys where NULL equals NULL.</summary>
    public ImmutableArray<int> NullSafe { get; init; } = [];

    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    internal TimedSideSpec Side(int port) => port == 0 ? Left : Right;

    /// <summary>The columns by which a side's rows are found: its keys; of a window join the window's end too, so that all rows found have one.</summary>
    internal ImmutableArray<int> KeysOf(int port)
    {
        var hasEnd = Enumerable.Range(0, Left.Keys.Length).Any(i => Left.Keys[i] == Left.Time && Right.Keys[i] == Right.Time);
        return IsWindow && !hasEnd ? Side(port).Keys.Add(Side(port).Time) : Side(port).Keys;
    }

    /// <summary>Whether rows of a side are given, with NULLs or alone, when nothing has matched them.</summary>
    internal bool Keeps(int port) => port == 0 ? Kind is JoinKind.LeftOuter or JoinKind.FullOuter or JoinKind.Anti : Kind is JoinKind.RightOuter or JoinKind.FullOuter;

    internal bool IsLeftOnly => Kind is JoinKind.Semi or JoinKind.Anti;

    /// <summary>How far after its time a row of a side can find a partner, µs.</summary>
    internal long Reach(int port) => IsWindow ? 0 : port == 0 ? HighMicros : -LowMicros;

    /// <summary>The output's watermark is this far behind the input's, µs: a row may still leave when the watermark is just what it reaches.</summary>
    internal long DelayMicros => IsWindow ? 0 : Math.Max(0, Math.Max(HighMicros, -LowMicros)) + 1;
}
