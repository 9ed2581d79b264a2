using System.Collections.Immutable;

namespace Freshet.Plan;

/// <summary>
/// Rows while the clock is within bounds that each brings along: from the time in one column up to, and without, the time in
/// another. Rows come and leave as the clock moves, with no new input.
/// </summary>
/// <param name="from">The column with the first moment, TIMESTAMP_LTZ; -1 for from ever. A row where it is NULL is never in the result.</param>
/// <param name="until">The column with the moment at which the row leaves; -1 for never.</param>
public sealed class TemporalFilter(PlanNode input, int from, int until) : PlanNode(input.Schema, [input])
{
    public int From { get; } = from;

    public int Until { get; } = until;

    public override bool IsAppendOnly => Until < 0 && base.IsAppendOnly;

    public override ImmutableArray<int> Key => Inputs[0].Key;

    public override string Describe() => $"while the clock is from {From} until {Until}";
}
