using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels;

/// <summary>Validity of a result from that of its arguments: NULL in, NULL out.</summary>
public static unsafe class ValidityKernel
{
    /// <summary>The bits of rows in which all arguments are valid; null when none has NULLs.</summary>
    /// <param name="anyNullConstant">An argument is NULL in every row.</param>
    public static ulong* All(ReadOnlySpan<Column> arguments, int rows, BatchMemory memory, out bool anyNullConstant)
    {
        anyNullConstant = false;
        ulong* result = null;
        var owned = false;
        foreach (var argument in arguments)
        {
            if (argument.Validity is null) continue;
            if (argument.IsConstant)
            {
                anyNullConstant |= argument.IsNull(0);
                continue;
            }

            if (result is null)
            {
                result = argument.Validity;
                continue;
            }

            var words = (rows + 63) >> 6;
            var both = owned ? result : memory.Allocate<ulong>(words);
            for (var i = 0; i < words; i++) both[i] = result[i] & argument.Validity[i];
            result = both;
            owned = true;
        }

        return result;
    }

    /// <summary>A copy of a bitmap (or all set), which the caller may change.</summary>
    public static ulong* Copy(ulong* bits, int rows, BatchMemory memory)
    {
        var words = (rows + 63) >> 6;
        var copy = memory.AllocateBits(rows, true);
        if (bits is not null) new ReadOnlySpan<ulong>(bits, words).CopyTo(new Span<ulong>(copy, words));
        return copy;
    }

    /// <summary>The active rows of a context, one after another.</summary>
    internal static int RowOf(EvaluationContext context, int i) => context.Active is null ? i : context.Active[i];
}
