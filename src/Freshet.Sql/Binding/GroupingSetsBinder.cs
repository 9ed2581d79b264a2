using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// GROUP BY with GROUPING SETS, ROLLUP and CUBE as the list of sets of keys that they stand for, and GROUPING and GROUPING_ID, which
/// tell the sets apart. Elements side by side multiply; equal sets are kept, each gives its rows.
/// </summary>
/// <param name="key">Binds a key; gives its number among all keys, or -1 for one that is in every set anyway.</param>
internal sealed class GroupingSetsBinder(ExpressionBinder input, Func<Expression, int> key)
{
    /// <summary>Most sets of one GROUP BY.</summary>
    private const int SetsMax = 128;

    /// <summary>The sets of a GROUP BY, each with the numbers of its keys.</summary>
    public List<ImmutableArray<int>> Sets(GroupBy groupBy)
    {
        List<ImmutableArray<int>> all = [[]];
        foreach (var item in groupBy.Keys)
        {
            var sets = Of(item);
            all = [.. all.SelectMany(a => sets.Select(s => a.AddRange(s.Where(k => !a.Contains(k)))))];
            if (all.Count > SetsMax) throw input.Error(groupBy.Span, $"GROUP BY has more than {SetsMax} grouping sets.");
        }

        return all;
    }

    /// <summary>GROUPING(a) and GROUPING_ID(a, b, ...): a bit for each key, 1 where the row's set leaves it out. GROUP_ID(), without keys, counts the equal sets before.</summary>
    /// <param name="sets">The sets of keys; none where there is one alone.</param>
    /// <param name="set">The column with the number of the row's set.</param>
    public static BoundExpression Bits(ExpressionBinder over, Call call, ImmutableArray<int> keys, IReadOnlyList<ImmutableArray<int>> sets, BoundColumn? set)
    {
        var type = SqlType.BigInt.NotNull;
        BoundExpression Literal(long value) => new BoundLiteral(type, call.Span, (Int128)value);
        if (set is null) return Literal(0);
        var values = sets.Select((s, i) => keys.IsEmpty ? sets.Take(i).Count(before => before.ToHashSet().SetEquals(s)) : keys.Aggregate(0L, (bits, k) => bits << 1 | (s.Contains(k) ? 0L : 1L))).ToList();
        var conditions = Enumerable.Range(0, sets.Count - 1).Select(i => over.Compare("=", set, new BoundLiteral(set.Type, call.Span, (Int128)i), call.Span));
        return new BoundCase([.. conditions], [.. values.SkipLast(1).Select(Literal)], Literal(values[^1]), type, call.Span);
    }

    private List<ImmutableArray<int>> Of(Expression item) => item switch
    {
        GroupingSets { Kind: "ROLLUP" } rollup => Rollup([.. rollup.Items.Select(Keys)]),
        GroupingSets { Kind: "CUBE" } cube => Cube([.. cube.Items.Select(Keys)], cube),
        GroupingSets sets => [.. sets.Items.SelectMany(Of)],
        _ => [Keys(item)],
    };

    private ImmutableArray<int> Keys(Expression item) => item switch
    {
        GroupingSet set => [.. set.Keys.Select(key).Where(k => k >= 0).Distinct()],
        GroupingSets nested => throw input.Error(nested.Span, $"{nested.Kind} stands in GROUPING SETS or beside other keys, not in ROLLUP or CUBE."),
        _ => key(item) is >= 0 and var number ? [number] : [],
    };

    private static List<ImmutableArray<int>> Rollup(ImmutableArray<ImmutableArray<int>> parts) =>
        [.. Enumerable.Range(0, parts.Length + 1).Select(n => Joined(parts[..(parts.Length - n)]))];

    private List<ImmutableArray<int>> Cube(ImmutableArray<ImmutableArray<int>> parts, GroupingSets cube)
    {
        if (parts.Length > 7) throw input.Error(cube.Span, $"CUBE of {parts.Length} keys has more than {SetsMax} grouping sets.");
        return [.. Enumerable.Range(0, 1 << parts.Length).Select(left => Joined([.. parts.Where((_, i) => (left >> (parts.Length - 1 - i) & 1) == 0)]))];
    }

    private static ImmutableArray<int> Joined(ImmutableArray<ImmutableArray<int>> parts) => [.. parts.SelectMany(p => p).Distinct()];
}
