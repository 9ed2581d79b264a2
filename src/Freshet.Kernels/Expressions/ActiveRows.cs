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
        var isPlain = condition.Validity is null && !condition.IsConstant;
        var active = context.Active;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            // Written to both, kept in one: which of them cannot be foretold.
            var row = active is null ? i : active[i];
            var isHit = isPlain ? values[row] & 1 : condition.IsValid(row) && values[condition.IndexOf(row)] != 0 ? 1 : 0;
            hit[count] = row;
            missed[missedCount] = row;
            count += isHit;
            missedCount += isHit ^ 1;
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
        switch (from.Kind.WidthBytes())
        {
            case 1: Copy<byte>(context, from, to); break;
            case 2: Copy<short>(context, from, to); break;
            case 4: Copy<int>(context, from, to); break;
            case 8: Copy<long>(context, from, to); break;
            default: Copy<Int128>(context, from, to); break;
        }
    }

    private static void Copy<T>(EvaluationContext context, in Column from, in Column to)
        where T : unmanaged
    {
        var source = from.As<T>();
        var target = to.As<T>();
        var validity = to.Validity;
        var active = context.Active;
        if (from.Validity is null && !from.IsConstant)
        {
            for (var i = 0; i < context.ActiveCount; i++)
            {
                var row = active is null ? i : active[i];
                target[row] = source[row];
                validity[row >> 6] |= 1UL << row;
            }

            return;
        }

        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = active is null ? i : active[i];
            if (from.IsNull(row)) continue;
            target[row] = source[from.IndexOf(row)];
            validity[row >> 6] |= 1UL << row;
        }
    }
}
