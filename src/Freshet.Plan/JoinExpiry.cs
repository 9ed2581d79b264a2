using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>
/// Until when the rows of one side of an inner join can find a partner, though the other side's are never forgotten: every row that
/// the other side still gives lies ahead of the watermark by a column (<see cref="PlanNode.AheadOfWatermark"/>), and the condition
/// bounds that column from above by this side's time. A late row of this side still meets what the other side has given: it is looked up, not kept.
/// </summary>
/// <param name="Side">The side whose rows go: 0 left, 1 right.</param>
/// <param name="Time">Its time column.</param>
/// <param name="HoldMicros">A row can go when the watermark has reached its time plus this.</param>
public sealed record JoinExpiry(int Side, int Time, long HoldMicros)
{
    /// <summary>A cast to whole seconds may have taken as much from a time; being late by it costs only memory.</summary>
    private const long SlackMicros = 1_000_000;

    /// <summary>What the condition of a join of appended rows proves; null for nothing.</summary>
    public static JoinExpiry? Of(Join join)
    {
        if (join is not { Type: JoinType.Inner, IsAppendOnly: true } || join.Times is not null) return null;
        var best = join.Inputs.Select((_, side) => OfSide(join, side)).OfType<JoinExpiry>().ToList();
        return best.Count == 0 ? null : best.MinBy(e => e.HoldMicros);
    }

    private static JoinExpiry? OfSide(Join join, int side)
    {
        var width = join.Inputs[0].Schema.Count;
        var (first, otherFirst) = side == 0 ? (0, width) : (width, 0);
        var (own, other) = (join.Inputs[side], join.Inputs[1 - side]);
        JoinExpiry? best = null;
        foreach (var (column, ahead) in other.AheadOfWatermark)
        {
            foreach (var (time, plus) in UpperBounds(join, otherFirst + column))
            {
                var at = time - first;
                if (at < 0 || at >= own.Schema.Count || own.Schema[at].Kind != TypeKind.Timestamp) continue;
                var hold = plus - ahead + SlackMicros;
                if (best is null || hold < best.HoldMicros) best = new JoinExpiry(side, at, hold);
            }
        }

        return best;
    }

    /// <summary>Columns c and lengths of time p so that the condition says: <paramref name="column"/> is at most c + p.</summary>
    private static IEnumerable<(int Column, long PlusMicros)> UpperBounds(Join join, int column)
    {
        var width = join.Inputs[0].Schema.Count;
        for (var i = 0; i < join.LeftKeys.Length; i++)
        {
            if (join.NullSafe.Contains(i)) continue;
            var (left, right) = (join.LeftKeys[i], join.RightKeys[i] + width);
            if (left == column) yield return (right, 0);
            if (right == column) yield return (left, 0);
        }

        foreach (var part in BoundLogical.Conjuncts(join.Residual))
        {
            if (part is not BoundCall { Name: "=" or "<" or "<=" or ">" or ">=" } call || TimedConditions.Linear(call.Children[0]) is not var (a, plusA) || TimedConditions.Linear(call.Children[1]) is not var (b, plusB)) continue;
            if (a == column && call.Name is "=" or "<" or "<=") yield return (b, plusB - plusA);
            if (b == column && call.Name is "=" or ">" or ">=") yield return (a, plusA - plusB);
        }
    }
}
