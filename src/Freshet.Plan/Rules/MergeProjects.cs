using System.Collections.Immutable;

namespace Freshet.Plan.Rules;

/// <summary>A projection over a projection is one, where nothing dear would be computed twice.</summary>
internal static class MergeProjects
{
    public static PlanNode Apply(PlanNode node)
    {
        if (node is not Project outer || outer.Inputs[0] is not Project inner) return node;
        var uses = new int[inner.Expressions.Length];
        foreach (var column in outer.Expressions.SelectMany(e => e.Columns())) uses[column]++;
        for (var i = 0; i < uses.Length; i++)
            if (uses[i] > 1 && !IsCheap(inner.Expressions[i])) return node;
        return new Project(inner.Inputs[0], [.. outer.Expressions.Select(e => Substitute(e, inner.Expressions))], outer.Names);
    }

    public static BoundExpression Substitute(BoundExpression expression, ImmutableArray<BoundExpression> columns) =>
        expression.Rewrite(e => e is BoundColumn column ? columns[column.Index] : e);

    /// <summary>Columns, literals, and parts of a VARIANT, which the scan will give.</summary>
    public static bool IsCheap(BoundExpression expression) => expression switch
    {
        BoundColumn or BoundLiteral => true,
        BoundPath path => IsCheap(path.Operand),
        BoundCast { Operand: BoundPath or BoundColumn { Type.Kind: Freshet.Columns.Types.TypeKind.Variant } } => true,
        _ => false,
    };
}
