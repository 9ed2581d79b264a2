using System.Collections.Immutable;

namespace Freshet.Plan;

/// <summary>An input of joins on one key, and its columns of the key.</summary>
public sealed record KeyedSide(PlanNode Input, ImmutableArray<int> Keys);

/// <summary>
/// Inner joins one on another whose keys are all the same values: a.k = b.k, then either = c.k; between them at the most a choice of
/// columns. Rows of all inputs can then lie under one key, and nothing needs to be kept of the joins below the topmost. A join whose rows
/// the watermark drops (<see cref="Join.Expiry"/>) stays as it is: under one key they would be kept for ever.
/// Proven by the keys' columns alone: each column of the upper key is one of the two that the join below says are equal at its place.
/// </summary>
/// <param name="Sides">The inputs, more than two.</param>
/// <param name="Columns">The topmost join's columns, in the numbering of the inputs' columns side after side.</param>
public sealed record OneKeyJoin(ImmutableArray<KeyedSide> Sides, ImmutableArray<int> Columns)
{
    /// <summary>What a join makes with those below it; null where it is a join of two.</summary>
    public static OneKeyJoin? Of(Join join)
    {
        if (!IsPlain(join)) return null;
        var sides = new List<KeyedSide>();
        ImmutableArray<int> columns = [.. Add(join.Inputs[0], join.LeftKeys, sides), .. Add(join.Inputs[1], join.RightKeys, sides)];
        return sides.Count > 2 ? new OneKeyJoin([.. sides], columns) : null;
    }

    /// <summary>Whether a node below the topmost join is done by it, and so is no input.</summary>
    public bool Does(PlanNode below) => below is Join or Project && Sides.All(s => s.Input != below);

    private static ImmutableArray<int> Add(PlanNode input, ImmutableArray<int> keys, List<KeyedSide> sides)
    {
        if (input is Project project && project.Expressions.All(e => e is BoundColumn) && project.Inputs[0] is Join)
        {
            int Below(int column) => ((BoundColumn)project.Expressions[column]).Index;
            if (IsSameKey((Join)project.Inputs[0], [.. keys.Select(Below)]))
            {
                var columns = Add(project.Inputs[0], [.. keys.Select(Below)], sides);
                return [.. Enumerable.Range(0, project.Expressions.Length).Select(i => columns[Below(i)])];
            }
        }

        if (input is Join join && IsSameKey(join, keys)) return [.. Add(join.Inputs[0], join.LeftKeys, sides), .. Add(join.Inputs[1], join.RightKeys, sides)];
        var first = sides.Sum(s => s.Input.Schema.Count);
        sides.Add(new KeyedSide(input, keys));
        return [.. Enumerable.Range(first, input.Schema.Count)];
    }

    private static bool IsPlain(Join join) => join is { Type: JoinType.Inner, Residual: null, NullSafe.IsEmpty: true, LeftKeys.IsEmpty: false, Expiry: null };

    private static bool IsSameKey(Join join, ImmutableArray<int> keys)
    {
        var width = join.Inputs[0].Schema.Count;
        return IsPlain(join) && keys.Length == join.LeftKeys.Length && Enumerable.Range(0, keys.Length).All(i => keys[i] == join.LeftKeys[i] || keys[i] == width + join.RightKeys[i]);
    }
}
