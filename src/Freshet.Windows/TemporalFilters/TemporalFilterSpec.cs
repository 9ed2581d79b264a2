using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Windows.TemporalFilters;

/// <summary>Rows while the clock is within the bounds that each brings along.</summary>
/// <param name="From">The column with the first moment, µs; -1 for from ever.</param>
/// <param name="Until">The column with the moment at which the row leaves; -1 for never.</param>
public sealed record TemporalFilterSpec(ImmutableArray<SqlType> Types, int From, int Until, bool IsAppendOnly);
