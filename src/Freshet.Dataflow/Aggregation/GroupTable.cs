using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Kernels;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>
/// Rows of state found by key: the key's values, then a number of bytes for the owner, all zero in a new row. A row keeps its
/// slot until it is removed; its address is good until the next row is added.
/// </summary>
internal sealed unsafe class GroupTable
{
    private readonly PhysicalKind[] _kinds;
    private readonly ulong _seed;
    private readonly int _keyBytes;
    private readonly int _rowBytes;
    private readonly List<nint> _pages = [];
    private readonly Stack<int> _free = new();
    private int _used;
    private (ulong Hash, int Slot)[] _index = new (ulong, int)[1024];
    private const int PerPage = 256;

    public GroupTable(PhysicalKind[] keyKinds, int stateBytes, ulong seed)
    {
        _kinds = keyKinds;
        _seed = seed;
        _keyBytes = keyKinds.Length * 24 + 8;
        _rowBytes = _keyBytes + stateBytes;
    }

    public long Rows { get; private set; }

    public long Bytes => (long)_pages.Count * PerPage * _rowBytes + _index.Length * 16L;

    public byte* GroupAt(int slot) => (byte*)_pages[slot / PerPage] + slot % PerPage * _rowBytes + _keyBytes;

    public void FindOrAdd(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, BatchMemory scratch, int* slots, byte** groups)
    {
        var hashes = scratch.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, keys, _seed, hashes);
        for (var i = 0; i < count; i++)
        {
            if (Rows * 2 >= _index.Length) Grow();
            var hash = hashes[rows[i]] | 1;
            var at = (int)(hash >> 8) & _index.Length - 1;
            while (true)
            {
                ref var entry = ref _index[at];
                if (entry.Hash == 0)
                {
                    entry = (hash, Add(batch, keys, rows[i], hash));
                    slots[i] = entry.Slot;
                    break;
                }

                if (entry.Hash == hash && KeyEquals(entry.Slot, batch, keys, rows[i]))
                {
                    slots[i] = entry.Slot;
                    break;
                }

                at = at + 1 & _index.Length - 1;
            }

            groups[i] = GroupAt(slots[i]);
        }
    }

    /// <summary>The slots of keys, -1 where there is none.</summary>
    public void Find(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, BatchMemory scratch, int* slots)
    {
        var hashes = scratch.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, keys, _seed, hashes);
        for (var i = 0; i < count; i++)
        {
            var hash = hashes[rows[i]] | 1;
            slots[i] = -1;
            for (var at = (int)(hash >> 8) & _index.Length - 1; _index[at].Hash != 0; at = at + 1 & _index.Length - 1)
            {
                if (_index[at].Hash != hash || !KeyEquals(_index[at].Slot, batch, keys, rows[i])) continue;
                slots[i] = _index[at].Slot;
                break;
            }
        }
    }

    /// <summary>One key column of the rows in these slots.</summary>
    /// <param name="copiesTexts">Copy long texts into <paramref name="memory"/>, for rows that are removed before the batch is gone.</param>
    public Column ReadColumn(int column, int* slots, int count, BatchMemory memory, bool copiesTexts = false)
    {
        var result = Column.Allocate(_kinds[column], count, memory);
        var width = _kinds[column].WidthBytes();
        for (var i = 0; i < count; i++)
        {
            var cell = GroupAt(slots[i]) - _keyBytes + 8 + column * 24;
            NativeMemory.Copy(cell + 8, (byte*)result.Values + (nint)i * width, (nuint)width);
            if (copiesTexts && _kinds[column] == PhysicalKind.View && !((StringView*)(cell + 8))->IsInline)
                result.As<StringView>()[i] = StringView.Copy(StringView.Span((StringView*)(cell + 8)), memory);
            if (*(ulong*)cell != 0) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

        return result;
    }

    public void Remove(int slot)
    {
        var row = GroupAt(slot) - _keyBytes;
        var hash = *(ulong*)row;
        var mask = _index.Length - 1;
        var at = (int)(hash >> 8) & mask;
        while (_index[at].Slot != slot || _index[at].Hash != hash) at = at + 1 & mask;
        for (var next = at + 1 & mask; ; next = next + 1 & mask)
        {
            if (_index[next].Hash == 0) break;
            var home = (int)(_index[next].Hash >> 8) & mask;
            if ((next - home & mask) < (next - at & mask)) continue;
            _index[at] = _index[next];
            at = next;
        }

        _index[at] = default;
        for (var k = 0; k < _kinds.Length; k++)
        {
            var view = (StringView*)(row + 8 + k * 24 + 8);
            if (_kinds[k] == PhysicalKind.View && !view->IsInline) NativeMemory.Free(view->Pointer);
        }

        _free.Push(slot);
        Rows--;
    }

    private void Grow()
    {
        var old = _index;
        _index = new (ulong, int)[old.Length * 2];
        foreach (var entry in old)
        {
            if (entry.Hash == 0) continue;
            var at = (int)(entry.Hash >> 8) & _index.Length - 1;
            while (_index[at].Hash != 0) at = at + 1 & _index.Length - 1;
            _index[at] = entry;
        }
    }

    private bool KeyEquals(int slot, Batch batch, ReadOnlySpan<int> keys, int row)
    {
        var cells = GroupAt(slot) - _keyBytes + 8;
        for (var k = 0; k < keys.Length; k++)
        {
            var cell = cells + k * 24;
            var bit = *(ulong*)cell;
            var stored = new Column { Kind = _kinds[k], Values = cell + 8, Validity = (ulong*)cell };
            if (bit == 0 != batch.Columns[keys[k]].IsNull(row)) return false;
            if (!CompareKernel.ValuesEqual(stored, 0, batch.Columns[keys[k]], row)) return false;
        }

        return true;
    }

    private int Add(Batch batch, ReadOnlySpan<int> keys, int row, ulong hash)
    {
        Rows++;
        if (!_free.TryPop(out var slot))
        {
            slot = _used++;
            if (slot / PerPage == _pages.Count) _pages.Add((nint)NativeMemory.AllocZeroed((nuint)(PerPage * _rowBytes)));
        }

        var start = GroupAt(slot) - _keyBytes;
        new Span<byte>(start, _rowBytes).Clear();
        *(ulong*)start = hash;
        for (var k = 0; k < keys.Length; k++)
        {
            ref var column = ref batch.Columns[keys[k]];
            var cell = start + 8 + k * 24;
            if (column.IsNull(row)) continue;
            *(ulong*)cell = 1;
            var width = column.Kind.WidthBytes();
            NativeMemory.Copy((byte*)column.Values + column.IndexOf(row) * width, cell + 8, (nuint)width);
            var view = (StringView*)(cell + 8);
            if (column.Kind == PhysicalKind.View && !view->IsInline)
            {
                var copy = (byte*)NativeMemory.Alloc((nuint)view->Length);
                NativeMemory.Copy(view->Pointer, copy, (nuint)view->Length);
                *view = new StringView(copy, view->Length);
            }
        }

        return slot;
    }
}
