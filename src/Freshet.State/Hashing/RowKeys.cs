using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.State.Rows;

namespace Freshet.State.Hashing;

/// <summary>A key of one column of fixed width whose equality is that of its bits (not floating point).</summary>
public readonly unsafe struct FixedKey<T> : IRowKey
    where T : unmanaged, IEquatable<T>
{
    private readonly T* _values;
    private readonly Column _source;
    private readonly int _offset;
    private readonly int _nullOffset;
    private readonly byte _nullBit;
    private readonly bool _isPlain;

    /// <param name="source">The batch's column.</param>
    /// <param name="column">The stored column.</param>
    public FixedKey(RowLayout layout, int column, in Column source)
    {
        _source = source;
        _values = source.As<T>();
        _offset = layout.OffsetOf(column);
        _nullOffset = layout.NullOffset + (column >> 3);
        _nullBit = (byte)(1 << (column & 7));
        _isPlain = source.Validity is null && !source.IsConstant;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(int row, byte* stored)
    {
        var isNull = (stored[_nullOffset] & _nullBit) != 0;
        if (_isPlain) return !isNull && _values[row].Equals(Unsafe.ReadUnaligned<T>(stored + _offset));
        return isNull == _source.IsNull(row) && (isNull || _values[_source.IndexOf(row)].Equals(Unsafe.ReadUnaligned<T>(stored + _offset)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int row, uint slot, byte* stored)
    {
        if (_isPlain || _source.IsValid(row)) Unsafe.WriteUnaligned(stored + _offset, _values[_source.IndexOf(row)]);
        else stored[_nullOffset] |= _nullBit;
    }
}

/// <summary>A key of one text column.</summary>
public readonly unsafe struct TextKey(StateTable table, int column, Column source) : IRowKey
{
    private readonly int _offset = table.Layout.OffsetOf(column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(int row, byte* stored)
    {
        var isNull = RowCells.IsNull(table.Layout, stored, column);
        if (isNull != source.IsNull(row)) return false;
        return isNull || RowCells.TextEquals(table, (StoredText*)(stored + _offset), source.As<StringView>() + source.IndexOf(row));
    }

    public void Store(int row, uint slot, byte* stored) => RowCells.Store(table, slot, stored, column, source, row);
}

/// <summary>A key of any columns; also the whole row.</summary>
/// <param name="columns">The stored columns of the key.</param>
/// <param name="sources">The batch's column for each.</param>
public readonly unsafe struct ColumnsKey(StateTable table, int[] columns, Column[] sources) : IRowKey
{
    public bool Matches(int row, byte* stored)
    {
        for (var i = 0; i < columns.Length; i++)
            if (!RowCells.AreEqual(table, stored, columns[i], sources[i], row)) return false;
        return true;
    }

    public void Store(int row, uint slot, byte* stored)
    {
        for (var i = 0; i < columns.Length; i++)
            RowCells.Store(table, slot, stored, columns[i], sources[i], row);
    }
}
