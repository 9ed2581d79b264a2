namespace Freshet.Syntax.Tree;

/// <summary>
/// Walks over expressions as written. Without recursion: a text of 256 KiB can hold a chain of a hundred thousand operators,
/// which would not fit on a thread's stack.
/// </summary>
internal static class ExpressionWalk
{
    /// <summary>The expression and all its parts, in no particular order.</summary>
    public static IEnumerable<Expression> All(Expression expression)
    {
        var open = new Stack<Expression>();
        open.Push(expression);
        while (open.TryPop(out var next))
        {
            yield return next;
            foreach (var part in Parts(next)) open.Push(part);
        }
    }

    /// <summary>The operands of a chain of one operator that groups to the left, such as a AND b AND c.</summary>
    public static List<Expression> Chain(Expression expression, string op)
    {
        var operands = new List<Expression>();
        var open = new Stack<Expression>();
        open.Push(expression);
        while (open.TryPop(out var next))
        {
            if (next is Binary binary && binary.Operator == op)
            {
                open.Push(binary.Right);
                open.Push(binary.Left);
            }
            else
            {
                operands.Add(next);
            }
        }

        return operands;
    }

    private static IEnumerable<Expression> Parts(Expression expression) => expression switch
    {
        Unary u => [u.Operand],
        Binary b => [b.Left, b.Right],
        IsTest t => [t.Operand],
        Between b => [b.Operand, b.Low, b.High],
        InList l => [l.Operand, .. l.Items],
        InQuery q => [q.Operand],
        Like l => l.Escape is null ? [l.Operand, l.Pattern] : [l.Operand, l.Pattern, l.Escape],
        Case c => [.. c.Branches.SelectMany(b => new[] { b.When, b.Then }), .. c.Operand is null ? [] : new[] { c.Operand }, .. c.Else is null ? [] : new[] { c.Else }],
        Cast c => [c.Operand],
        Call c => [.. c.Arguments, .. c.Filter is null ? [] : new[] { c.Filter }, .. c.Options.Values.OfType<Expression>()],
        OrderedCall o => [o.Call, .. o.OrderBy.Select(i => i.Expression)],
        Index i => [i.Base, i.At],
        FieldAccess f => [f.Base],
        Constructor c => c.Items,
        _ => [],
    };
}
