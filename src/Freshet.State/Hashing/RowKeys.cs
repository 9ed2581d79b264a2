using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Types;
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

/// <summary>A key of two or three columns of 8 bytes, such as a key and the bounds of a window.</summary>
public readonly unsafe struct LongsKey : IRowKey
{
    private readonly Part _first;
    private readonly Part _second;
    private readonly Part _third;
    private readonly int _nullOffset;
    private readonly bool _isPlain;

    private LongsKey(RowLayout layout, Column[] sources)
    {
        // A key of two columns looks at the second one twice.
        var last = sources.Length - 1;
        _first = new Part(layout, 0, sources[0]);
        _second = new Part(layout, 1, sources[1]);
        _third = new Part(layout, last, sources[last]);
        _nullOffset = layout.NullOffset;
        _isPlain = sources[0].Validity is null && sources[1].Validity is null && sources[last].Validity is null;
    }

    /// <summary>The key over the first stored columns, where it can be one.</summary>
    public static bool TryOf(RowLayout layout, Column[] sources, out LongsKey key)
    {
        key = default;
        if (sources.Length is not (2 or 3)) return false;
        foreach (ref var source in sources.AsSpan())
            if (source.Kind != PhysicalKind.Int64) return false;
        key = new LongsKey(layout, sources);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(int row, byte* stored)
    {
        var nulls = stored[_nullOffset] & (_first.NullBit | _second.NullBit | _third.NullBit);
        var ofRow = _isPlain ? 0 : NullsOf(row);
        if (nulls != ofRow) return false;
        if (nulls == 0) return _first.Equals(row, stored) && _second.Equals(row, stored) && _third.Equals(row, stored);
        return ((nulls & _first.NullBit) != 0 || _first.Equals(row, stored)) && ((nulls & _second.NullBit) != 0 || _second.Equals(row, stored)) && ((nulls & _third.NullBit) != 0 || _third.Equals(row, stored));
    }

    public void Store(int row, uint slot, byte* stored)
    {
        var nulls = _isPlain ? 0 : NullsOf(row);
        stored[_nullOffset] |= (byte)nulls;
        if ((nulls & _first.NullBit) == 0) _first.Store(row, stored);
        if ((nulls & _second.NullBit) == 0) _second.Store(row, stored);
        if ((nulls & _third.NullBit) == 0) _third.Store(row, stored);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int NullsOf(int row) => _first.NullOf(row) | _second.NullOf(row) | _third.NullOf(row);

    /// <summary>One column of the key. Of a constant column every row is row 0.</summary>
    private readonly struct Part(RowLayout layout, int column, Column source)
    {
        private readonly Column _source = source;
        private readonly long* _values = source.As<long>();
        private readonly int _rowMask = source.IsConstant ? 0 : -1;
        private readonly int _offset = layout.OffsetOf(column);

        public readonly int NullBit = 1 << column;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Equals(int row, byte* stored) => _values[row & _rowMask] == *(long*)(stored + _offset);

        public void Store(int row, byte* stored) => *(long*)(stored + _offset) = _values[row & _rowMask];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int NullOf(int row) => _source.IsNull(row) ? NullBit : 0;
    }
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
