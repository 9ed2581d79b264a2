using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Aggregation;

/// <summary>The loops of the aggregate operators over groups.</summary>
internal static unsafe class AggregateKernel
{
    /// <summary>Marks the groups of a batch as touched by a step; lists the places (in the lists, not row indexes) of those that were not yet.</summary>
    internal static int Touch(byte** groups, int count, long step, int* touched)
    {
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            var header = (GroupHeader*)groups[i];
            if (header->StepAndRow >> 1 == step) continue;
            header->StepAndRow = step << 1 | header->StepAndRow & 1;
            touched[found++] = i;
        }

        return found;
    }

    /// <summary>The net weight of a group's rows, which every group's state begins with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long RowsOf(byte* group) => *(long*)group;

    /// <summary>Adds the rows' weights to their groups.</summary>
    internal static void AddRows(in AccumulatorInput input)
    {
        if (input.Weights is null)
        {
            for (var i = 0; i < input.Count; i++) ((GroupHeader*)input.Groups[i])->Rows++;
        }
        else
        {
            for (var i = 0; i < input.Count; i++) ((GroupHeader*)input.Groups[i])->Rows += input.Weights[input.Rows[i]];
        }
    }

    /// <summary>Keeps the rows for which a BOOLEAN column is TRUE, with their groups.</summary>
    internal static AccumulatorInput Filter(in Column filter, in AccumulatorInput input, int* slots, int* rows, byte** groups, int* keptSlots)
    {
        var kept = 0;
        var truths = filter.As<byte>();
        var isPlain = filter.Validity is null && !filter.IsConstant;
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            rows[kept] = row;
            groups[kept] = input.Groups[i];
            keptSlots[kept] = slots[i];
            if (isPlain) kept += truths[row] != 0 ? 1 : 0;
            else if (filter.IsValid(row) && filter.As<byte>()[filter.IndexOf(row)] != 0) kept++;
        }

        return new AccumulatorInput { Count = kept, Rows = rows, Groups = groups, Weights = input.Weights };
    }

    /// <summary>Sets <paramref name="changed"/> where the old and the new result differ.</summary>
    internal static void MarkChanged(in Column old, in Column now, int count, byte* changed)
    {
        if (old.Validity is null && now.Validity is null)
        {
            switch (old.Kind)
            {
                case PhysicalKind.Int32: MarkDifferent(old.As<int>(), now.As<int>(), count, changed); return;
                case PhysicalKind.Int64: MarkDifferent(old.As<long>(), now.As<long>(), count, changed); return;
                case PhysicalKind.Int128: MarkDifferent(old.As<Int128>(), now.As<Int128>(), count, changed); return;
            }
        }

        for (var i = 0; i < count; i++)
            if (changed[i] == 0 && !CompareKernel.ValuesEqual(old, i, now, i)) changed[i] = 1;
    }

    /// <summary>
    /// Splits groups into those whose old row is taken back and those whose new row is added: both where the result changed,
    /// one where the row came or went.
    /// </summary>
    internal static void Select(byte* had, byte* has, byte* changed, int count, int* old, out int oldCount, int* now, out int nowCount)
    {
        oldCount = 0;
        nowCount = 0;
        for (var i = 0; i < count; i++)
        {
            var different = changed[i] | (had[i] ^ has[i]);
            old[oldCount] = i;
            oldCount += had[i] & different;
            now[nowCount] = i;
            nowCount += has[i] & different;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MarkDifferent<T>(T* old, T* now, int count, byte* changed)
        where T : unmanaged, IEquatable<T>
    {
        for (var i = 0; i < count; i++) changed[i] |= old[i].Equals(now[i]) ? (byte)0 : (byte)1;
    }
}
