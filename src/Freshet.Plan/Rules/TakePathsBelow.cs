using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Plan.Rules;

/// <summary>
/// Parts of a VARIANT that an expression above a join or an UNNEST reads are taken below it: what lies between carries, and
/// keeps in its state, those parts and not the whole document.
/// </summary>
internal static class TakePathsBelow
{
    public static PlanNode Apply(PlanNode node)
    {
        switch (node)
        {
            case Project { Inputs: [Join or Unnest] } project when Below(project.Inputs[0], project.Expressions, out var input, out var expressions):
                return new Project(Apply(input), expressions, project.Names);
            case Project { Inputs: [Filter { Inputs: [Join or Unnest] } filter] } project when Below(filter.Inputs[0], project.Expressions.Add(filter.Condition), out var input, out var expressions):
                return new Project(new Filter(Apply(input), expressions[^1]), expressions[..^1], project.Names);
            default:
                return node;
        }
    }

    private static bool Below(PlanNode node, ImmutableArray<BoundExpression> expressions, out PlanNode input, out ImmutableArray<BoundExpression> rewritten)
    {
        var width = node.Inputs[0].Schema.Count;
        var sides = node.Inputs.Select((side, i) => new Side(side, i == 0 ? 0 : width)).ToArray();
        var elements = node.Schema.Count - sides.Sum(s => s.Node.Schema.Count);
        rewritten = expressions;
        input = node;
        foreach (var expression in expressions) Find(expression, sides, width);
        if (node is Join { Residual: { } residual }) Find(residual, sides, width);
        if (sides.All(s => s.Paths.Count == 0)) return false;
        var added = sides[0].Paths.Count;
        // Left columns, left parts, then the right side's (or the elements) as before, then right parts.
        int Place(int column) => column < width ? column : column + added;
        BoundExpression Read(BoundExpression e) => e is BoundPath { Operand: BoundColumn column } path && SideOf(sides, width, column.Index) is { } side
            ? new BoundColumn(side == sides[0] ? width + side.IndexOf(path) : width + added + side.Node.Schema.Count + side.IndexOf(path), SqlType.Variant, e.Span)
            : Rebuilt(e);
        BoundExpression Rebuilt(BoundExpression e)
        {
            if (e is BoundColumn column) return new BoundColumn(Place(column.Index), column.Type, column.Span);
            return e.Children.IsEmpty ? e : e.With(ImmutableArray.CreateRange(e.Children, Read));
        }

        rewritten = ImmutableArray.CreateRange(expressions, Read);
        input = node switch
        {
            Join join => join.Over(sides[0].Projected(), sides[1].Projected(), join.LeftKeys, join.RightKeys, join.Residual is null ? null : Read(join.Residual)),
            Unnest unnest => unnest.Over(sides[0].Projected(), unnest.Collection),
            _ => node,
        };
        return elements >= 0;
    }

    private static void Find(BoundExpression expression, Side[] sides, int width)
    {
        if (expression is BoundPath { Operand: BoundColumn column } path && SideOf(sides, width, column.Index) is { } side)
        {
            side.IndexOf(path);
            return;
        }

        foreach (var child in expression.Children) Find(child, sides, width);
    }

    /// <summary>The input that a column comes from; null for the elements of UNNEST.</summary>
    private static Side? SideOf(Side[] sides, int width, int column) => column < width ? sides[0] : sides.Length > 1 ? sides[1] : null;

    private sealed class Side(PlanNode node, int from)
    {
        public PlanNode Node { get; } = node;

        public List<BoundPath> Paths { get; } = [];

        /// <summary>The place of a part among those taken from this side, adding it when it is not there yet.</summary>
        public int IndexOf(BoundPath path)
        {
            var text = path.ToString();
            var at = Paths.FindIndex(p => p.ToString() == text);
            if (at >= 0) return at;
            Paths.Add(path);
            return Paths.Count - 1;
        }

        public PlanNode Projected() => Paths.Count == 0
            ? Node
            : new Project(
                Node,
                [.. Node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)), .. Paths.Select(p => p.Shift(c => c - from))],
                [.. Node.Schema.Fields.Select(f => f.Name), .. Paths.Select((p, i) => $"{Node.Schema.Fields[((BoundColumn)p.Operand).Index - from].Name}{p.Path}")]);
    }
}
