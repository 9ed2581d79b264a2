using System.Collections.Immutable;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Syntax.Text;

namespace Freshet.Plan;

/// <summary>A field of a ROW. Of a column that a source decodes, the source can give the field alone instead of the whole.</summary>
public sealed class BoundField(BoundExpression operand, string name, SqlType type, TextSpan span) : BoundExpression(type, span)
{
    public BoundExpression Operand { get; } = operand;

    public string Name { get; } = name;

    public override ImmutableArray<BoundExpression> Children => [Operand];

    /// <summary>The column that the field, or the field of a field, belongs to, and the path to it; null where it is no part of a column.</summary>
    public (BoundColumn Column, JsonPath Path)? OfColumn
    {
        get
        {
            var names = new Stack<string>();
            BoundExpression part = this;
            for (; part is BoundField access; part = access.Operand) names.Push(access.Name);
            return part is BoundColumn column ? (column, JsonPath.Of([.. names])) : null;
        }
    }

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundField(children[0], Name, Type, Span);

    public override VectorExpression Lower() => new CallExpression(CollectionKernels.Field(Name), LowerChildren(), Type);

    public override string ToString() => $"{Operand}.{Name}";
}
