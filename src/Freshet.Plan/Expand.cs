using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>
/// GROUPING SETS: each row once for each set, with NULL in the keys that the set leaves out; then a column with the number of the set,
/// which the aggregation above groups by, so that a NULL of the data is another key than one of a set.
/// </summary>
/// <param name="sets">For each set the columns that it leaves out.</param>
public sealed class Expand(PlanNode input, ImmutableArray<ImmutableArray<int>> sets) : PlanNode(SchemaOf(input.Schema, sets), [input])
{
    public ImmutableArray<ImmutableArray<int>> Sets { get; } = sets;

    public override bool HasPosition => Inputs[0].HasPosition;

    public override ImmutableArray<int> RowTimes => [.. Inputs[0].RowTimes.Where(c => Sets.All(s => !s.Contains(c)))];

    public override WindowBounds? Windows => Inputs[0].Windows?.Mapped(Inputs[0].Schema.Count, c => Sets.Any(s => s.Contains(c)) ? -1 : c);

    public override string Describe() => $"expand {string.Join(" ", Sets.Select(s => $"({string.Join(",", s)})"))}";

    private static Schema SchemaOf(Schema input, ImmutableArray<ImmutableArray<int>> sets) => new(
    [
        .. input.Fields.Select((f, i) => sets.Any(s => s.Contains(i)) ? f with { Type = f.Type.WithNullable(true) } : f),
        new Field("set$", SqlType.Int.NotNull),
    ]);
}
