using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Expressions;

/// <summary>What a condition says of several rows together.</summary>
internal enum Verdict : byte
{
    /// <summary>Different things, or NULL of some row; or there are no rows.</summary>
    Mixed,

    AllTrue,

    AllFalse,
}

/// <summary>Which rows an expression is computed for.</summary>
internal static unsafe class ActiveRows
{
    /// <summary>What a condition says of the active rows together.</summary>
    public static Verdict VerdictOf(EvaluationContext context, in Column condition)
    {
        if (context.ActiveCount == 0) return Verdict.Mixed;
        var values = condition.As<byte>();
        if (condition.IsConstant) return condition.IsNull(0) ? Verdict.Mixed : values[0] != 0 ? Verdict.AllTrue : Verdict.AllFalse;
        var active = context.Active;
        var first = values[active is null ? 0 : active[0]];
        var differing = 0;
        if (active is null) differing = new ReadOnlySpan<byte>(values, context.Rows).ContainsAnyExcept(first) ? 1 : 0;
        else
        {
            // Where they differ it mostly shows in the first ones.
            for (var i = 0; i < context.ActiveCount && differing == 0;)
                for (var end = Math.Min(i + 64, context.ActiveCount); i < end; i++) differing |= values[active[i]] ^ first;
        }

        if (differing != 0 || !AllValid(context, condition)) return Verdict.Mixed;
        return first != 0 ? Verdict.AllTrue : Verdict.AllFalse;
    }

    private static bool AllValid(EvaluationContext context, in Column column)
    {
        if (column.Validity is null) return true;
        if (context.Active is not null)
        {
            for (var i = 0; i < context.ActiveCount; i++)
                if (column.IsNull(context.Active[i])) return false;
            return true;
        }

        var whole = context.Rows >> 6;
        if (new ReadOnlySpan<ulong>(column.Validity, whole).ContainsAnyExcept(ulong.MaxValue)) return false;
        var rest = context.Rows & 63;
        return rest == 0 || (column.Validity[whole] | ulong.MaxValue << rest) == ulong.MaxValue;
    }

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
