using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Plan.Rules;

/// <summary>
/// Equalities between the sides of a join become its keys, wherever in its condition they stand; a side of one that is computed
/// becomes a column below the join. What is left of the condition is looked at for each pair.
/// </summary>
internal static class FindJoinKeys
{
    public static PlanNode Apply(PlanNode node)
    {
        switch (node)
        {
            case Join { Residual: not null } join:
                {
                    var keys = new Keys(join.Inputs[0], join.Inputs[1], join.Residual, join.LeftKeys, join.RightKeys, join.NullSafe);
                    if (keys.Count == join.LeftKeys.Length) return node;
                    var width = join.Inputs[1].Schema.Count;
                    PlanNode found = new Join(keys.Left.Node, keys.Right.Node, join.Type, keys.Left.Keys, keys.Right.Keys, keys.Residual, keys.NullSafe);
                    return Columns(found, [.. Enumerable.Range(0, keys.Width), .. Enumerable.Range(keys.Left.Node.Schema.Count, width)]);
                }

            case SemiJoin { Residual: not null } semi:
                {
                    var keys = new Keys(semi.Inputs[0], semi.Inputs[1], semi.Residual, semi.LeftKeys, semi.RightKeys, semi.NullSafe);
                    if (keys.Count == semi.LeftKeys.Length) return node;
                    PlanNode found = new SemiJoin(keys.Left.Node, keys.Right.Node, semi.Type, keys.Left.Keys, keys.Right.Keys, keys.Residual, keys.NullSafe);
                    var mark = semi.Type == SemiJoinType.Mark ? 1 : 0;
                    return Columns(found, [.. Enumerable.Range(0, keys.Width), .. Enumerable.Range(found.Schema.Count - mark, mark)]);
                }

            default:
                return node;
        }
    }

    /// <summary>Whether a condition says that something of the left columns equals something of the right ones.</summary>
    public static bool IsEquality(BoundExpression condition, Func<int, bool> isLeft, Func<int, bool> isRight, out BoundExpression left, out BoundExpression right)
    {
        (left, right) = (condition, condition);
        if (condition is not BoundCall { Name: "=" or "IS NOT DISTINCT FROM" } call) return false;
        var (a, b) = (call.Children[0], call.Children[1]);
        bool Reads(BoundExpression e, Func<int, bool> side) => e.Columns().Any() && e.Columns().All(side);
        if (Reads(a, isLeft) && Reads(b, isRight)) (left, right) = (a, b);
        else if (Reads(b, isLeft) && Reads(a, isRight)) (left, right) = (b, a);
        else return false;
        return left.Type.Physical == right.Type.Physical && left.Type.Kind != TypeKind.Variant;
    }

    private static PlanNode Columns(PlanNode node, int[] kept) => kept.Length == node.Schema.Count
        ? node
        : new Project(node, [.. kept.Select(k => new BoundColumn(k, node.Schema[k]))], [.. kept.Select(k => node.Schema.Fields[k].Name)]);

    /// <summary>A condition taken apart.</summary>
    private sealed class Keys
    {
        private readonly List<BoundExpression> _left;
        private readonly List<BoundExpression> _right;
        private readonly List<int> _nullSafe;

        public Keys(PlanNode left, PlanNode right, BoundExpression condition, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, ImmutableArray<int> nullSafe)
        {
            Width = left.Schema.Count;
            _left = [.. leftKeys.Select(k => new BoundColumn(k, left.Schema[k]))];
            _right = [.. rightKeys.Select(k => new BoundColumn(k, right.Schema[k]))];
            _nullSafe = [.. nullSafe];
            var others = new List<BoundExpression>();
            foreach (var part in BoundLogical.Conjuncts(condition))
            {
                if (!IsEquality(part, c => c < Width, c => c >= Width, out var l, out var r))
                {
                    others.Add(part);
                    continue;
                }

                if (((BoundCall)part).Name != "=") _nullSafe.Add(_left.Count);
                _left.Add(l);
                _right.Add(r.Shift(c => c - Width));
            }

            Left = WithKeys(left, _left);
            Right = WithKeys(right, _right);
            Residual = BoundLogical.All(others)?.Shift(c => c < Width ? c : c - Width + Left.Node.Schema.Count);
        }

        /// <summary>Columns of the left side before any are added.</summary>
        public int Width { get; }

        public (PlanNode Node, ImmutableArray<int> Keys) Left { get; }

        public (PlanNode Node, ImmutableArray<int> Keys) Right { get; }

        public BoundExpression? Residual { get; }

        public ImmutableArray<int> NullSafe => [.. _nullSafe];

        public int Count => _left.Count;

        /// <summary>The node with its keys as columns; keys that are columns already cost nothing.</summary>
        private static (PlanNode Node, ImmutableArray<int> Keys) WithKeys(PlanNode node, List<BoundExpression> keys)
        {
            if (keys.All(k => k is BoundColumn)) return (node, [.. keys.Select(k => ((BoundColumn)k).Index)]);
            var expressions = node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)).ToList();
            var names = node.Schema.Fields.Select(f => f.Name).ToList();
            var places = ImmutableArray.CreateBuilder<int>();
            foreach (var key in keys)
            {
                if (key is BoundColumn column)
                {
                    places.Add(column.Index);
                    continue;
                }

                places.Add(expressions.Count);
                names.Add($"key${expressions.Count}");
                expressions.Add(key);
            }

            return (new Project(node, [.. expressions], [.. names]), places.ToImmutable());
        }
    }
}
