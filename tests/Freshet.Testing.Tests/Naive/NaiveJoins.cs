using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Plan;

namespace Freshet.Testing.Tests.Naive;

/// <summary>Joins the slow obvious way: every left row with every right one.</summary>
internal static class NaiveJoins
{
    public static IEnumerable<(NaiveRow, long)> Pairs(Join join, List<(NaiveRow Row, long Weight)> left, List<(NaiveRow Row, long Weight)> right)
    {
        var isMatch = Matcher(join, join.LeftKeys, join.RightKeys, join.NullSafe, join.Residual);
        foreach (var l in left)
        {
            var matches = right.Where(r => isMatch(l.Row, r.Row)).ToList();
            foreach (var r in matches) yield return (Both(l.Row, r.Row), l.Weight * r.Weight);
            if (matches.Count == 0 && join.Keeps(0)) yield return (Both(l.Row, Nulls(join.Inputs[1])), l.Weight);
        }

        if (!join.Keeps(1)) yield break;
        foreach (var r in right.Where(r => !left.Any(l => isMatch(l.Row, r.Row)))) yield return (Both(Nulls(join.Inputs[0]), r.Row), r.Weight);
    }

    public static IEnumerable<(NaiveRow, long)> Matched(SemiJoin semi, List<(NaiveRow Row, long Weight)> left, List<(NaiveRow Row, long Weight)> right)
    {
        var isMatch = Matcher(semi, semi.LeftKeys, semi.RightKeys, semi.NullSafe, semi.Residual);
        foreach (var l in left)
        {
            var matched = right.Any(r => isMatch(l.Row, r.Row));
            if (semi.Type == SemiJoinType.Mark) yield return (new NaiveRow([.. l.Row.Values, [matched ? (byte)1 : (byte)0]]), l.Weight);
            else if (matched == (semi.Type == SemiJoinType.Semi)) yield return l;
        }
    }

    private static Func<NaiveRow, NaiveRow, bool> Matcher(PlanNode join, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, ImmutableArray<int> nullSafe, BoundExpression? residual)
    {
        var schema = new Schema([.. join.Inputs[0].Schema.Fields, .. join.Inputs[1].Schema.Fields]);
        bool AreEqual(byte[]? a, byte[]? b, bool isNullSafe) => a is null || b is null ? isNullSafe && a == b : a.AsSpan().SequenceEqual(b);
        return (l, r) => Enumerable.Range(0, leftKeys.Length).All(i => AreEqual(l.Values[leftKeys[i]], r.Values[rightKeys[i]], nullSafe.Contains(i)))
            && (residual is null || NaiveEvaluator.IsTrue(residual, schema, Both(l, r)));
    }

    private static NaiveRow Both(NaiveRow left, NaiveRow right) => new([.. left.Values, .. right.Values]);

    private static NaiveRow Nulls(PlanNode node) => new(new byte[]?[node.Schema.Count]);
}
