using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Plan;
using Freshet.Plan.Rules;
using Freshet.Sql.Functions;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// Comparisons and what is made of them: BETWEEN, IN with a list, ANY and ALL over a list. Values meet in the type of
/// <see cref="TypeRules.ForComparison"/>. As in Flink, a number and a text can be ordered and listed, but not be equal: that is
/// left to a CAST.
/// </summary>
internal sealed class Comparisons(ExpressionBinder binder)
{
    private static readonly Dictionary<string, ScalarKernel> Kernels = new()
    {
        ["="] = ComparisonKernel.Equal,
        ["<>"] = ComparisonKernel.NotEqual,
        ["<"] = ComparisonKernel.Less,
        ["<="] = ComparisonKernel.LessOrEqual,
        [">"] = ComparisonKernel.Greater,
        [">="] = ComparisonKernel.GreaterOrEqual,
        ["IS DISTINCT FROM"] = ComparisonKernel.IsDistinct,
        ["IS NOT DISTINCT FROM"] = ComparisonKernel.IsNotDistinct,
    };

    public static bool Contains(string op) => Kernels.ContainsKey(op);

    public BoundExpression Bind(Binary binary)
    {
        var (left, right) = (binder.Bind(binary.Left), binder.Bind(binary.Right));
        if (binary.Operator is "=" or "<>" or "IS DISTINCT FROM" or "IS NOT DISTINCT FROM") Check(left, right, binary.Span);
        return Compare(binary.Operator, left, right, binary.Span);
    }

    /// <summary>left = right as it is written, not as IN implies it.</summary>
    public BoundExpression Equal(BoundExpression left, BoundExpression right, TextSpan span)
    {
        Check(left, right, span);
        return Compare("=", left, right, span);
    }

    /// <summary>left op right, in a common type.</summary>
    public BoundExpression Compare(string op, BoundExpression left, BoundExpression right, TextSpan span)
    {
        if (left is BoundCall { Name: "ROW" } && right is BoundCall { Name: "ROW" } && op is "=" or "<>") return Rows(op, left, right, span);
        var type = TypeRules.ForComparison(left.Type, right.Type)
            ?? throw binder.Error(span, $"{left.Type.Name} and {right.Type.Name} cannot be compared. Write a CAST.");
        if (type.Kind == TypeKind.Null) type = SqlType.Boolean;
        if (type.Kind == TypeKind.Variant) throw binder.Error(span, "Two VARIANTs cannot be compared: write CAST(... AS STRING) or another type for one of them.");
        var isEquality = op is "=" or "<>" || op.StartsWith("IS", StringComparison.Ordinal);
        if (!type.Fields.IsEmpty && !isEquality) throw binder.Error(span, $"Values of {type.Name} have no order: {op} is not possible.");
        // Text and bytes have one layout in all lengths, so that no cast is needed between them.
        if (!(left.Type.IsCharacter && right.Type.IsCharacter) && !(left.Type.IsBinary && right.Type.IsBinary))
        {
            left = Meet(left, type);
            right = Meet(right, type);
        }

        var kernel = HasMap(type) ? op is "=" or "IS NOT DISTINCT FROM" ? NestedEquality.Equal : NestedEquality.NotEqual : Kernels[op];
        var isDistinct = op.StartsWith("IS", StringComparison.Ordinal);
        if (isDistinct && HasMap(type)) throw binder.Error(span, $"{op} is not possible on {type.Name}.");
        return new BoundCall(op, kernel, [left, right], SqlType.Boolean.WithNullable(!isDistinct && (left.Type.IsNullable || right.Type.IsNullable)), span);
    }

    public BoundExpression Range(Between between)
    {
        var operand = binder.Bind(between.Operand);
        var low = binder.Bind(between.Low);
        var high = binder.Bind(between.High);
        BoundExpression Within(BoundExpression from, BoundExpression to) =>
            new BoundLogical(true, Compare(">=", operand, from, between.Span), Compare("<=", operand, to, between.Span), between.Span);
        var within = between.IsSymmetric ? new BoundLogical(false, Within(low, high), Within(high, low), between.Span) : Within(low, high);
        return between.IsNegated ? Not(within, between.Span) : within;
    }

    public BoundExpression In(InList list)
    {
        var operand = binder.Bind(list.Operand);
        var any = ExpressionBinder.Balanced([.. list.Items.Select(i => Compare("=", operand, binder.Bind(i), list.Span))], isAnd: false, list.Span);
        return list.IsNegated ? Not(any, list.Span) : any;
    }

    /// <summary>left op ANY (a, b ...), left op ALL (a, b ...).</summary>
    public BoundExpression Quantified(Quantified quantified)
    {
        var left = binder.Bind(quantified.Left);
        return ExpressionBinder.Balanced([.. quantified.Items.Select(i => Compare(quantified.Operator, left, binder.Bind(i), quantified.Span))], quantified.Quantifier == "ALL", quantified.Span);
    }

    /// <summary>(start, end or length) OVERLAPS (start, end or length): the periods have a moment in common, their ends included.</summary>
    public BoundExpression Overlaps(Call call)
    {
        var (from, to) = Period(call.Arguments[0]);
        var (otherFrom, otherTo) = Period(call.Arguments[1]);
        return new BoundLogical(true, Compare(">=", to, otherFrom, call.Span), Compare(">=", otherTo, from, call.Span), call.Span);
    }

    /// <summary>The earlier and the later end of a period.</summary>
    private (BoundExpression From, BoundExpression To) Period(Expression expression)
    {
        if (expression is not Constructor { Kind: "ROW", Items: [var first, var second] })
            throw binder.Error(expression.Span, "OVERLAPS takes two periods: (start, end) or (start, INTERVAL ...).");
        var start = binder.Bind(first);
        var end = binder.Bind(second);
        if (end.Type.IsInterval) end = binder.Times.Compute("+", start, end, expression.Span);
        var ordered = Compare("<=", start, end, expression.Span);
        var type = TypeRules.Common(start.Type, end.Type)!;
        (start, end) = (binder.Coerce.To(start, type), binder.Coerce.To(end, type));
        return (new BoundCase([ordered], [start], end, type, expression.Span), new BoundCase([ordered], [end], start, type, expression.Span));
    }

    private BoundExpression Rows(string op, BoundExpression left, BoundExpression right, TextSpan span)
    {
        if (left.Children.Length != right.Children.Length) throw binder.Error(span, $"A row of {left.Children.Length} and one of {right.Children.Length} values cannot be compared.");
        var all = ExpressionBinder.Balanced([.. left.Children.Select((l, i) => Compare("=", l, right.Children[i], span))], isAnd: true, span);
        return op == "=" ? all : Not(all, span);
    }

    /// <summary>A text that is no time is NULL beside a time, as in Flink; a literal one is an error of the plan.</summary>
    private BoundExpression Meet(BoundExpression value, SqlType type)
    {
        var isTime = type.IsTimestamp || type.Kind is TypeKind.Date or TypeKind.Time;
        if (!value.Type.IsCharacter || !isTime) return binder.Coerce.To(value, type);
        var cast = binder.Coerce.To(value, type, isTry: true);
        return value is BoundLiteral { IsNull: false } literal && FoldConstants.IsNull(cast)
            ? throw binder.Error(value.Span, $"'{literal.Text}' is no {type.Name}.")
            : cast;
    }

    private void Check(BoundExpression left, BoundExpression right, TextSpan span)
    {
        var (text, other) = left.Type.IsCharacter ? (left, right) : (right, left);
        if (text.Type.IsCharacter && (other.Type.IsNumeric || other.Type.Kind == TypeKind.Boolean))
            throw binder.Error(span, $"{left.Type.Name} and {right.Type.Name} cannot be compared for equality: write CAST({Place(text, "a text")} AS {other.Type.Name}).");
    }

    private string Place(BoundExpression expression, string otherwise) => expression.Span.Length > 0 ? binder.Source.Slice(expression.Span).ToString() : otherwise;

    private static BoundCall Not(BoundExpression operand, TextSpan span) => ExpressionBinder.Call("NOT", LogicKernel.Not, [operand], SqlType.Boolean, span);

    private static bool HasMap(SqlType type) => type.Kind == TypeKind.Map || type.Fields.Any(f => HasMap(f.Type));
}
