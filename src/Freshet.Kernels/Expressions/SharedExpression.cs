using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Expressions;

/// <summary>
/// A part that stands at several places of a filter and its projection: computed at the first place that a batch comes to, and
/// taken from there at those that look at the same rows or at some of them. Where a place looks at rows that the first
/// one did not (it stood in a branch), it is computed again, for the rows of that place.
/// So it is computed for no row for which none of its places is, and fails for no other.
/// </summary>
/// <param name="number">The part's number among those of the context's owner, from 0.</param>
public sealed class SharedExpression(VectorExpression expression, int number, SqlType type) : VectorExpression(type)
{
    public override Column Evaluate(EvaluationContext context)
    {
        if (context.TryKnown(number, out var known)) return known;
        var column = expression.Evaluate(context);
        context.Remember(number, column);
        return column;
    }
}
