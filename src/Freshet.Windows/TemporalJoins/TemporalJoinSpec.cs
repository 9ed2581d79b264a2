using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Windows.TemporalJoins;

/// <summary>FOR SYSTEM_TIME AS OF. Port 0 is the left input, port 1 the right. Output: the left columns, then the right ones.</summary>
/// <param name="LeftTime">The left time attribute; -1 for processing time.</param>
/// <param name="RightTime">From when a version is valid; -1 for processing time.</param>
/// <param name="Residual">A further condition over the left columns followed by the right ones; null for none.</param>
public sealed record TemporalJoinSpec(
    bool IsLeftOuter,
    ImmutableArray<SqlType> LeftTypes,
    ImmutableArray<SqlType> RightTypes,
    ImmutableArray<int> LeftKeys,
    ImmutableArray<int> RightKeys,
    int LeftTime,
    int RightTime,
    VectorExpression? Residual)
{
    public bool LeftIsAppendOnly { get; init; }

    public bool RightIsAppendOnly { get; init; }

    /// <summary>What takes a right row back says that its key has no row from then on; otherwise it may be half of an update.</summary>
    public bool TakingBackDeletes { get; init; }

    /// <summary>Of processing time: left rows wait until the right input has ended.</summary>
    public bool WaitsForEnd { get; init; }

    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;
}
