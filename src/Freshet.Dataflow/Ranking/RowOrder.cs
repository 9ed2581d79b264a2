using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.State.Ordering;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Ranking;

/// <summary>
/// The order of stored rows within partitions: the sort columns, then the position where rows have one, then all columns, so that
/// it is total up to rows that are equal. A key of the index is three words: the partition's slot, the first sort column's value
/// as a word (its beginning, for wide values), the row's slot. Rows are read only where partition and word are equal.
/// A bound without a row has slot <see cref="StateTable.None"/> and comes before all rows of its partition and word.
/// </summary>
internal readonly unsafe struct RowOrder(StateTable table, SortKey[] keys) : IKeyOrder
{
    /// <summary>Words of a key.</summary>
    public const int Words = 3;

    private readonly bool _wordIsAll = keys.Length > 0 && IsWhole(table.Layout.KindOf(keys[0].Column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Compare(ulong* left, ulong* right)
    {
        if (left[0] != right[0]) return left[0] < right[0] ? -1 : 1;
        if (left[1] != right[1]) return left[1] < right[1] ? -1 : 1;
        return left[2] == right[2] ? 0 : CompareRows(left[1], (uint)left[2], (uint)right[2]);
    }

    /// <summary>Order of two rows by the first <paramref name="count"/> keys.</summary>
    public int Compare(uint left, uint right, int count, int from = 0)
    {
        var l = table.Row(left);
        var r = table.Row(right);
        for (var i = from; i < count; i++)
        {
            var order = RowCells.Compare(table, l, r, keys[i].Column);
            if (order == 0) continue;
            var hasNull = RowCells.IsNull(table.Layout, l, keys[i].Column) || RowCells.IsNull(table.Layout, r, keys[i].Column);
            return (hasNull ? !keys[i].NullsFirst : keys[i].Descending) ? -order : order;
        }

        return 0;
    }

    /// <summary>The sort columns, then the position where rows have one, then all other columns.</summary>
    /// <param name="position">The column with the rows' position, or -1.</param>
    public static SortKey[] TotalOrder(ImmutableArray<SortKey> order, int position, int columns)
    {
        var keys = order.ToList();
        void Add(int column)
        {
            if (keys.TrueForAll(k => k.Column != column)) keys.Add(new SortKey(column));
        }

        if (position >= 0) Add(position);
        for (var column = 0; column < columns; column++) Add(column);
        return [.. keys];
    }

    /// <summary>Whether the word of a value other than NULL says all of it.</summary>
    public static bool IsWhole(PhysicalKind kind) => kind is not (PhysicalKind.Int128 or PhysicalKind.View);

    /// <summary>The words of rows' values of the first sort column.</summary>
    public static void WordsOf(in Column column, int* rows, int count, SortKey key, ulong* words)
    {
        if (column.Kind != PhysicalKind.Int64 || column.IsConstant || column.Validity is not null)
        {
            for (var i = 0; i < count; i++) words[i] = WordOf(column, rows[i], key);
            return;
        }

        var turn = key.Descending ? ulong.MaxValue : 0;
        var values = column.As<long>();
        for (var i = 0; i < count; i++) words[i] = OrderedKey.Of(values[rows[i]]) ^ turn;
    }

    /// <summary>The word of a value of the first sort column.</summary>
    public static ulong WordOf(in Column column, int row, SortKey key)
    {
        if (column.IsNull(row)) return key.NullsFirst ? 0 : ulong.MaxValue;
        row = column.IndexOf(row);
        var word = column.Kind switch
        {
            PhysicalKind.Bool => column.As<byte>()[row],
            PhysicalKind.Int8 => OrderedKey.Of(column.As<sbyte>()[row]),
            PhysicalKind.Int16 => OrderedKey.Of(column.As<short>()[row]),
            PhysicalKind.Int32 => OrderedKey.Of(column.As<int>()[row]),
            PhysicalKind.Int64 => OrderedKey.Of(column.As<long>()[row]),
            PhysicalKind.Int128 => OrderedKey.Of(column.As<Int128>()[row]).High,
            PhysicalKind.Float32 => OrderedKey.Of(column.As<float>()[row]),
            PhysicalKind.Float64 => OrderedKey.Of(column.As<double>()[row]),
            _ => OrderedKey.OfPrefix(column.As<StringView>() + row),
        };
        return key.Descending ? ~word : word;
    }

    /// <summary>The word of a stored row.</summary>
    public static ulong WordOf(StateTable table, byte* stored, SortKey key)
    {
        var column = new Column { Kind = table.Layout.KindOf(key.Column), IsConstant = true };
        var nothing = 0UL;
        if (RowCells.IsNull(table.Layout, stored, key.Column)) column.Validity = &nothing;
        var value = stored + table.Layout.OffsetOf(key.Column);
        column.Values = value;
        if (column.Kind != PhysicalKind.View) return WordOf(column, 0, key);
        var text = table.TextAt(value, 0);
        column.Values = &text;
        return WordOf(column, 0, key);
    }

    private int CompareRows(ulong word, uint left, uint right)
    {
        if (left == StateTable.None) return -1;
        if (right == StateTable.None) return 1;
        // A NULL has the word of the least or the greatest value: there the rows decide.
        var order = Compare(left, right, keys.Length, _wordIsAll && word is not (0 or ulong.MaxValue) ? 1 : 0);
        return order != 0 ? order : left.CompareTo(right);
    }
}
