using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Json;

/// <summary>
/// UNNEST: the elements of a column of collections as rows. Resumable: each call fills at most one batch of elements and goes
/// on where the last one stopped.
/// <code>
/// collection            columns
/// ARRAY, MULTISET of t  element t
/// ARRAY of ROW          the fields of the row; a NULL element makes no row
/// MAP                   key, value
/// VARIANT               element VARIANT of a JSON array; of anything else nothing
/// explosion.Begin(column, rows, count);
/// while ((made = explosion.Next(capacity, memory, columns, rowIndexes)) > 0) ...
/// </code>
/// rowIndexes[i] is the input row that output row i comes from; with ordinality a last column counts the elements of a row
/// from 1 (INT). Views point into the input's bytes. A NULL or empty collection makes no row: a left join adds its own.
/// One thread; owns its index only.
/// </summary>
public sealed unsafe class CollectionExplosion : IDisposable
{
    private readonly JsonStructure _structure = new();
    private readonly SqlType _collection;
    private readonly SqlType? _row;
    private readonly byte[][] _names;
    private readonly bool _withOrdinality;
    private Column _input;
    private int* _rows;
    private int _count;
    private int _at;
    private int _ordinal;
    private bool _isOpen;
    private JsonValue.ElementEnumerator _elements;
    private JsonValue.MemberEnumerator _members;

    public CollectionExplosion(SqlType collection, bool withOrdinality = false)
    {
        _collection = collection;
        _withOrdinality = withOrdinality;
        _row = collection.Kind is TypeKind.Array or TypeKind.Multiset && collection.Fields[0].Type.Kind == TypeKind.Row ? collection.Fields[0].Type : null;
        Columns = collection.Kind == TypeKind.Variant ? [new RowField("element", SqlType.Variant)] : _row is not null ? _row.Fields : collection.Fields;
        _names = [.. Columns.Select(c => System.Text.Encoding.UTF8.GetBytes(c.Name))];
        if (withOrdinality) Columns = Columns.Add(new RowField("ORDINALITY", SqlType.Int.NotNull));
    }

    /// <summary>Names and types of the columns that are filled.</summary>
    public ImmutableArray<RowField> Columns { get; }

    /// <summary>Starts on a column; <paramref name="rows"/> lists the rows that count, or is null for the first <paramref name="count"/>.</summary>
    public void Begin(Column input, int* rows, int count)
    {
        _input = input;
        _rows = rows;
        _count = count;
        _at = -1;
        _isOpen = false;
    }

    /// <summary>Fills up to <paramref name="capacity"/> rows; 0 when there are no more.</summary>
    /// <param name="rowIndexes">Room for <paramref name="capacity"/> input rows.</param>
    public int Next(int capacity, BatchMemory memory, Span<Column> columns, int* rowIndexes)
    {
        var made = 0;
        while (made < capacity)
        {
            if (!_isOpen && !TryOpen()) break;
            if (!TryMove(out var key, out var value))
            {
                _isOpen = false;
                continue;
            }

            if (made == 0) Allocate(capacity, memory, columns);
            _ordinal++;
            Fill(columns, made, key, value, memory);
            rowIndexes[made++] = RowAt(_at);
        }

        return made;
    }

    public void Dispose() => _structure.Dispose();

    private int RowAt(int i) => _rows is null ? i : _rows[i];

    private bool TryOpen()
    {
        while (++_at < _count)
        {
            var row = RowAt(_at);
            if (_input.IsNull(row)) continue;
            var text = StringView.Span(_input.As<StringView>() + _input.IndexOf(row));

            // Column bytes lie in native memory and do not move.
            _structure.Scan((byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(text)), text.Length);
            if (_structure.Count == 0) continue;
            var value = _structure.ValueAt(0);
            _elements = value.Elements();
            _members = value.Members();
            _ordinal = 0;
            _isOpen = true;
            return true;
        }

        _at = _count;
        return false;
    }

    private bool TryMove(out JsonValue.Member key, out JsonValue value)
    {
        key = default;
        value = default;
        if (_collection.Kind == TypeKind.Map)
        {
            if (!_members.MoveNext()) return false;
            key = _members.Current;
            value = key.Value;
            return true;
        }

        while (_elements.MoveNext())
        {
            value = _elements.Current;
            if (_row is null || value.Kind != JsonKind.Null) return true;
            _ordinal++;
        }

        return false;
    }

    private void Allocate(int capacity, BatchMemory memory, Span<Column> columns)
    {
        for (var c = 0; c < Columns.Length; c++)
        {
            var kind = Columns[c].Type.Physical;
            columns[c] = Column.Allocate(kind, capacity, memory);
            columns[c].Validity = memory.AllocateBits(capacity, false);
            new Span<byte>(columns[c].Values, capacity * kind.WidthBytes()).Clear();
        }
    }

    private void Fill(Span<Column> columns, int row, in JsonValue.Member key, in JsonValue value, BatchMemory memory)
    {
        if (_collection.Kind == TypeKind.Map)
        {
            StoreKey(columns[0], row, key, memory);
            Store(columns[1], 1, row, value, memory);
        }
        else if (_row is not null) FillRow(columns, row, value, memory);
        else Store(columns[0], 0, row, value, memory);

        if (!_withOrdinality) return;
        columns[^1].As<int>()[row] = _ordinal;
        columns[^1].Validity[row >> 6] |= 1UL << row;
    }

    private void FillRow(Span<Column> columns, int row, in JsonValue value, BatchMemory memory)
    {
        // A shaped row has its fields in order; a VARIANT cast element by element may not.
        var members = value.Members();
        for (var f = 0; f < _names.Length; f++)
        {
            if (members.MoveNext() && members.Current.KeyEquals(_names[f])) Store(columns[f], f, row, members.Current.Value, memory);
            else if (value.TryGetMember(_names[f], out var field)) Store(columns[f], f, row, field, memory);
        }
    }

    private void Store(in Column column, int index, int row, in JsonValue value, BatchMemory memory)
    {
        if (value.Kind is JsonKind.Null or JsonKind.None) return;
        if (JsonScalar.TryWrite(value, Columns[index].Type, column.Values, row, TimeZoneInfo.Utc, memory) == TextResult.Ok)
            column.Validity[row >> 6] |= 1UL << row;
    }

    private void StoreKey(in Column column, int row, in JsonValue.Member key, BatchMemory memory)
    {
        if (NestedText.TryReadKey(key, Columns[0].Type, column.Values, row, memory))
            column.Validity[row >> 6] |= 1UL << row;
    }
}
