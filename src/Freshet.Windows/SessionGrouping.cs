using System.Collections.Immutable;
using Freshet.Aggregation;

namespace Freshet.Windows;

/// <summary>GROUP BY the keys of sessions and their bounds, done as the sessions grow.</summary>
/// <param name="Keys">The sessions' keys in the order of the output.</param>
/// <param name="Calls">Calls over the sessions' input whose states can be merged: no DISTINCT, none that is ordered by position.</param>
public sealed record SessionGrouping(ImmutableArray<int> Keys, ImmutableArray<AggregateCall> Calls);
