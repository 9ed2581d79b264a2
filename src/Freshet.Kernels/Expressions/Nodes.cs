using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Expressions;

/// <summary>A value known when the plan is made; <paramref name="bits"/> hold a value of up to 16 bytes, text lies in <paramref name="text"/>.</summary>
public sealed unsafe class LiteralExpression(SqlType type, bool isNull, Int128 bits, byte[]? text) : VectorExpression(type)
{
    public bool IsNull { get; } = isNull;

    public override Column Evaluate(EvaluationContext context)
    {
        if (IsNull) return Column.ConstantNull(Type.Physical, context.Memory);
        var values = context.Memory.Allocate(16);
        if (text is null)
        {
            *(Int128*)values = bits;
        }
        else
        {
            *(StringView*)values = StringView.Copy(text, context.Memory);
        }

        return new Column { Kind = Type.Physical, IsConstant = true, Values = values };
    }
}

/// <summary>A call of a kernel: all arguments are computed for all active rows first.</summary>
public sealed class CallExpression(ScalarKernel kernel, VectorExpression[] arguments, SqlType type) : VectorExpression(type)
{
    private readonly CallTypes _types = new([.. arguments.Select(a => a.Type)], type);

    public override Column Evaluate(EvaluationContext context)
    {
        var columns = new ArgumentColumns();
        var span = arguments.Length <= ArgumentColumns.Length ? ((Span<Column>)columns)[..arguments.Length] : new Column[arguments.Length];
        for (var i = 0; i < arguments.Length; i++) span[i] = arguments[i].Evaluate(context);
        return kernel(context, span, _types);
    }

    /// <summary>The arguments of a call without an array.</summary>
    [InlineArray(Length)]
    private struct ArgumentColumns
    {
        public const int Length = 8;
        private Column _first;
    }
}

/// <summary>AND or OR in three-valued logic; the right side is computed only where the left side does not decide.</summary>
public sealed unsafe class LogicalExpression(bool isAnd, VectorExpression left, VectorExpression right, SqlType type) : VectorExpression(type)
{
    public override Column Evaluate(EvaluationContext context)
    {
        var first = left.Evaluate(context);
        var verdict = ActiveRows.VerdictOf(context, first);
        if (verdict == (isAnd ? Verdict.AllFalse : Verdict.AllTrue)) return first;
        if (verdict != Verdict.Mixed) return right.Evaluate(context);
        var active = context.ActiveSet;
        // FALSE decides AND, TRUE decides OR; NULL decides nothing.
        ActiveRows.Narrow(context, first, decided: isAnd ? (byte)0 : (byte)1);
        var second = right.Evaluate(context);
        context.ActiveSet = active;
        return LogicKernel.Combine(context, first, second, isAnd);
    }
}

/// <summary>CASE WHEN: a branch is computed only for the rows that reach it.</summary>
public sealed unsafe class CaseExpression(VectorExpression[] conditions, VectorExpression[] results, VectorExpression otherwise, SqlType type) : VectorExpression(type)
{
    public override Column Evaluate(EvaluationContext context)
    {
        // Rows of a batch are alike, most of all in time: branches that none takes are passed, one that all take is the result.
        for (var branch = 0; branch < conditions.Length; branch++)
        {
            var condition = conditions[branch].Evaluate(context);
            var verdict = ActiveRows.VerdictOf(context, condition);
            if (verdict == Verdict.AllTrue) return results[branch].Evaluate(context);
            if (verdict == Verdict.Mixed) return Choose(context, branch, condition);
        }

        return otherwise.Evaluate(context);
    }

    /// <summary>From a branch on, whose condition is known, to rows of which each takes its own.</summary>
    private Column Choose(EvaluationContext context, int first, Column firstCondition)
    {
        var rows = context.Rows;
        var output = Column.Allocate(Type.Physical, rows, context.Memory);
        output.Validity = context.Memory.AllocateBits(rows, false);
        if (Type.Physical == PhysicalKind.View) new Span<StringView>(output.Values, rows).Clear();
        var active = context.ActiveSet;
        for (var branch = first; branch < conditions.Length && context.ActiveCount > 0; branch++)
        {
            var condition = branch == first ? firstCondition : conditions[branch].Evaluate(context);
            var reached = context.ActiveSet;
            ActiveRows.Split(context, condition, out var missed, out var missedCount);
            if (context.ActiveCount > 0) ActiveRows.Copy(context, results[branch].Evaluate(context), output);
            context.ActiveSet = reached;
            context.Narrow(missed, missedCount);
        }

        if (context.ActiveCount > 0) ActiveRows.Copy(context, otherwise.Evaluate(context), output);
        context.ActiveSet = active;
        return output;
    }
}

/// <summary>The first argument that is not NULL; later ones are computed only where the earlier are NULL.</summary>
public sealed unsafe class CoalesceExpression(VectorExpression[] arguments, SqlType type) : VectorExpression(type)
{
    public override Column Evaluate(EvaluationContext context)
    {
        var rows = context.Rows;
        var first = arguments[0].Evaluate(context);
        if (first.Validity is null) return first;
        var output = Column.Allocate(Type.Physical, rows, context.Memory);
        output.Validity = context.Memory.AllocateBits(rows, false);
        if (Type.Physical == PhysicalKind.View) new Span<StringView>(output.Values, rows).Clear();
        var active = context.ActiveSet;
        for (var i = 0; i < arguments.Length && context.ActiveCount > 0; i++)
        {
            var column = i == 0 ? first : arguments[i].Evaluate(context);
            ActiveRows.Copy(context, column, output);
            ActiveRows.KeepNull(context, column);
        }

        context.ActiveSet = active;
        return output;
    }
}
