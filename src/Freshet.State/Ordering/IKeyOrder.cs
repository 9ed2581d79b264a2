using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.State.Rows;

namespace Freshet.State.Ordering;

/// <summary>The order of an index's keys. A struct, so that searches are compiled for it.</summary>
public unsafe interface IKeyOrder
{
    /// <summary>Below, above or equal to zero as the left key comes before, after, or is the right one.</summary>
    int Compare(ulong* left, ulong* right);
}

/// <summary>Word by word, unsigned: values encoded by <see cref="OrderedKey"/>.</summary>
public readonly unsafe struct WordOrder(int words) : IKeyOrder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Compare(ulong* left, ulong* right)
    {
        for (var i = 0; i < words; i++)
            if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
        return 0;
    }
}

/// <summary>
/// Words, of which one is a text's first 8 bytes and the last one the slot of the row that has the text: equal prefixes are
/// told apart by the texts themselves. A bound of a range that has no row uses slot 0xFFFFFFFF and comes before all texts with its prefix.
/// </summary>
/// <param name="textWord">The position of the prefix; the slot is the last word.</param>
/// <param name="fieldOffset">Where the text lies in the row.</param>
public readonly unsafe struct TextOrder(int words, int textWord, StateTable table, int fieldOffset) : IKeyOrder
{
    public int Compare(ulong* left, ulong* right)
    {
        for (var i = 0; i <= textWord; i++)
            if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
        uint leftSlot = (uint)left[words - 1], rightSlot = (uint)right[words - 1];
        if (leftSlot == rightSlot) return 0;
        if (leftSlot == StateTable.None) return -1;
        if (rightSlot == StateTable.None) return 1;
        var leftText = table.TextAt(table.Row(leftSlot), fieldOffset);
        var rightText = table.TextAt(table.Row(rightSlot), fieldOffset);
        var order = StringView.Compare(&leftText, &rightText);
        if (order != 0) return order;
        for (var i = textWord + 1; i < words; i++)
            if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
        return 0;
    }
}
