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
        var rows = context.Rows;
        var output = Column.Allocate(Type.Physical, rows, context.Memory);
        output.Validity = context.Memory.AllocateBits(rows, false);
        if (Type.Physical == PhysicalKind.View) new Span<StringView>(output.Values, rows).Clear();
        var active = context.ActiveSet;
        for (var branch = 0; branch < conditions.Length && context.ActiveCount > 0; branch++)
        {
            var condition = conditions[branch].Evaluate(context);
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

/// <summary>Which rows an expression is computed for.</summary>
internal static unsafe class ActiveRows
{
    /// <summary>Leaves the rows that a condition does not decide.</summary>
    public static void Narrow(EvaluationContext context, in Column condition, byte decided)
    {
        var open = context.Memory.Allocate<int>(context.ActiveCount);
        var count = 0;
        var values = condition.As<byte>();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            open[count] = row;
            if (condition.IsNull(row) || values[condition.IndexOf(row)] != decided) count++;
        }

        context.Narrow(open, count);
    }

    /// <summary>Leaves the rows for which a condition is TRUE; the others go to <paramref name="missed"/>.</summary>
    public static void Split(EvaluationContext context, in Column condition, out int* missed, out int missedCount)
    {
        var hit = context.Memory.Allocate<int>(context.ActiveCount);
        missed = context.Memory.Allocate<int>(context.ActiveCount);
        missedCount = 0;
        var count = 0;
        var values = condition.As<byte>();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            if (condition.IsValid(row) && values[condition.IndexOf(row)] != 0) hit[count++] = row;
            else missed[missedCount++] = row;
        }

        context.Narrow(hit, count);
    }

    public static void KeepNull(EvaluationContext context, in Column column)
    {
        var kept = context.Memory.Allocate<int>(context.ActiveCount);
        var count = 0;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            if (column.IsNull(row)) kept[count++] = row;
        }

        context.Narrow(kept, count);
    }

    /// <summary>Copies the active rows' values that are not NULL.</summary>
    public static void Copy(EvaluationContext context, in Column from, in Column to)
    {
        var width = from.Kind.WidthBytes();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = context.Active is null ? i : context.Active[i];
            if (from.IsNull(row)) continue;
            to.Validity[row >> 6] |= 1UL << row;
            var index = from.IndexOf(row);
            switch (width)
            {
                case 1: to.As<byte>()[row] = from.As<byte>()[index]; break;
                case 2: to.As<short>()[row] = from.As<short>()[index]; break;
                case 4: to.As<int>()[row] = from.As<int>()[index]; break;
                case 8: to.As<long>()[row] = from.As<long>()[index]; break;
                default: to.As<Int128>()[row] = from.As<Int128>()[index]; break;
            }
        }
    }
}
