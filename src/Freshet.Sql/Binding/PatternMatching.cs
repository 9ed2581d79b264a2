using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Patterns;
using Freshet.Plan;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>LIKE and SIMILAR TO. A pattern or escape character that is wrong is an error of the plan where it is a literal, else of the row.</summary>
internal sealed class PatternMatching(ExpressionBinder binder)
{
    public BoundExpression Bind(Like like)
    {
        var arguments = ImmutableArray.Create(Text(like.Operand), Text(like.Pattern));
        if (like.Escape is not null) arguments = arguments.Add(Text(like.Escape));
        if (arguments[1] is BoundLiteral { IsNull: false } pattern && (like.Escape is null || arguments[2] is BoundLiteral { IsNull: false }))
        {
            var escape = like.Escape is null ? [] : ((BoundLiteral)arguments[2]).Utf8!;
            if ((like.IsSimilar ? SimilarPattern.ErrorOf(pattern.Utf8!, escape) : LikePattern.ErrorOf(pattern.Utf8!, escape)) is { } error) throw binder.Error(like.Span, error);
        }

        var name = like.IsSimilar ? "SIMILAR TO" : "LIKE";
        var result = ExpressionBinder.Call(name, like.IsSimilar ? PatternKernels.Similar : PatternKernels.Like, arguments, SqlType.Boolean, like.Span, canFail: arguments.Skip(1).Any(a => a is not BoundLiteral));
        return like.IsNegated ? ExpressionBinder.Call("NOT", LogicKernel.Not, [result], SqlType.Boolean, like.Span) : result;
    }

    private BoundExpression Text(Expression expression)
    {
        var value = binder.Bind(expression);
        if (value.Type.IsCharacter || value.Type.Kind is TypeKind.Variant or TypeKind.Null) return binder.Text(value);
        throw binder.Error(expression.Span, $"A text is needed here, this is {value.Type.Name}. Write CAST(... AS STRING).");
    }
}
