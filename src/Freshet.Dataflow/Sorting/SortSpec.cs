using System.Collections.Immutable;
using Freshet.Kernels;

namespace Freshet.Dataflow.Sorting;

/// <summary>ORDER BY, OFFSET and LIMIT of a bounded query.</summary>
/// <param name="Keys">Columns to sort by; rows equal in them are in content order. Empty: content order alone.</param>
/// <param name="Offset">Rows to skip.</param>
/// <param name="Limit">Most rows to return; null for all.</param>
/// <param name="IsAppendOnly">The input takes no row back, so that only the best rows need to be kept.</param>
public sealed record SortSpec(ImmutableArray<SortKey> Keys, long Offset, long? Limit, bool IsAppendOnly)
{
    /// <summary>Rows that can still matter: offset and limit together.</summary>
    public long? Reach => Limit is null ? null : checked(Offset + Limit.Value);
}
