using System.Runtime.Intrinsics.X86;
using Freshet.Columns;
using Freshet.Columns.Kernels;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// Rows of state found by key: the key's values, then a number of bytes that belong to the owner (all zero in a new row).
/// Whole batches are looked up at once: keys are packed and hashed column by column, then the places in the index and the
/// rows are prefetched for a block of keys before they are read, so that cache misses overlap.
/// A row keeps slot and address until it is removed. Equality is identity of rows (NULL equals NULL). Neither hash nor seed
/// shows in slots: they are given in order of first appearance.
/// Cost: about 20 ns a key in a table of a million rows, 5 ns where it fits the cache.
/// </summary>
internal sealed unsafe class KeyedTable : IDisposable
{
    /// <summary>Keys whose memory accesses overlap.</summary>
    private const int BlockRows = 32;

    /// <summary>A key that is not there.</summary>
    public const int None = -1;

    private readonly KeyLayout _layout;
    private readonly KeyIndex _index = new();
    private readonly RowPages _rows;
    private readonly int _keyBytes;
    private readonly ulong _seed;
    private long _textBytes;

    /// <param name="keyKinds">Kinds of the key's columns.</param>
    /// <param name="ownBytes">Bytes of a row after its key.</param>
    /// <param name="seed">The database's hash seed.</param>
    public KeyedTable(PhysicalKind[] keyKinds, int ownBytes, ulong seed)
    {
        _layout = new KeyLayout(keyKinds);

        // The hash's tag comes first, so that a row can be found in the index from its slot.
        _keyBytes = 8 + 8 * _layout.Words;
        _rows = new RowPages(_keyBytes + ownBytes);
        _seed = seed;
    }

    public long Rows => _rows.Rows;

    public long Bytes => _rows.Bytes + _index.Bytes + _textBytes;

    /// <summary>The owner's bytes of a row.</summary>
    public byte* At(int slot) => _rows.At(slot) + _keyBytes;

    /// <summary>The slot and the owner's bytes of each key; keys that are not there are added.</summary>
    /// <param name="keys">The key's columns in the batch.</param>
    /// <param name="rows">Row indexes into the batch.</param>
    public void FindOrAdd(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, BatchMemory scratch, int* slots, byte** owned)
    {
        var packed = Pack(batch, keys, rows, count, scratch, out var hashes);
        for (var from = 0; from < count; from += BlockRows)
        {
            var to = Math.Min(from + BlockRows, count);
            Prefetch(hashes, rows, from, to);
            for (var i = from; i < to; i++)
            {
                var key = packed + (nint)i * _layout.Words;
                var tag = KeyIndex.TagOf(hashes[rows[i]]);
                var slot = Find(tag, key);
                if (slot == None) slot = Add(tag, key);
                slots[i] = slot;
                owned[i] = At(slot);
            }
        }
    }

    /// <summary>The slot of each key, <see cref="None"/> where there is none.</summary>
    public void Find(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, BatchMemory scratch, int* slots)
    {
        var packed = Pack(batch, keys, rows, count, scratch, out var hashes);
        for (var from = 0; from < count; from += BlockRows)
        {
            var to = Math.Min(from + BlockRows, count);
            Prefetch(hashes, rows, from, to);
            for (var i = from; i < to; i++)
                slots[i] = Find(KeyIndex.TagOf(hashes[rows[i]]), packed + (nint)i * _layout.Words);
        }
    }

    /// <summary>One key column of rows. Long texts stay where they are, good while the row lives.</summary>
    /// <param name="copiesTexts">Copy long texts into <paramref name="memory"/>, for rows that are removed before the batch is gone.</param>
    public Column ReadColumn(int column, int* slots, int count, BatchMemory memory, bool copiesTexts = false)
    {
        var keys = (ulong**)memory.Allocate<nint>(count);
        for (var i = 0; i < count; i++) keys[i] = (ulong*)(_rows.At(slots[i]) + 8);
        return _layout.Unpack(column, keys, count, memory, copiesTexts);
    }

    /// <summary>Removes a row; its slot is used again.</summary>
    public void Remove(int slot)
    {
        var row = (ulong*)_rows.At(slot);
        _index.Remove((uint)row[0], slot);
        if (_layout.HasTexts) _textBytes -= _layout.FreeTexts(row + 1);

        // The upper half of the first word says that the row is free; the lower one belongs to the pages then.
        row[0] = ulong.MaxValue;
        _rows.Remove(slot);
    }

    /// <summary>Calls for the owner's bytes of every row.</summary>
    public void ForEach(Action<nint> action) => _rows.ForEach(row =>
    {
        if (IsLive(row)) action(row + _keyBytes);
    });

    public void Dispose()
    {
        if (_layout.HasTexts) _rows.ForEach(FreeTexts);
        _index.Dispose();
        _rows.Dispose();
    }

    private static bool IsLive(nint row) => ((uint*)row)[1] == 0;

    private void FreeTexts(nint row)
    {
        if (IsLive(row)) _layout.FreeTexts((ulong*)row + 1);
    }

    private ulong* Pack(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, BatchMemory scratch, out ulong* hashes)
    {
        hashes = scratch.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, keys, _seed, hashes);
        var packed = scratch.Allocate<ulong>(count * _layout.Words);
        _layout.Pack(batch, keys, rows, count, packed);
        return packed;
    }

    /// <summary>Starts loading the index entries of a block of keys, then the rows that they name.</summary>
    private void Prefetch(ulong* hashes, int* rows, int from, int to)
    {
        if (!Sse.IsSupported) return;
        for (var i = from; i < to; i++) Sse.Prefetch0(_index.Home(KeyIndex.TagOf(hashes[rows[i]])));
        for (var i = from; i < to; i++)
        {
            var entry = *_index.Home(KeyIndex.TagOf(hashes[rows[i]]));
            if (entry == 0) continue;
            var row = _rows.At((int)(uint)entry - 1);
            Sse.Prefetch0(row);
            Sse.Prefetch0(row + 64);
        }
    }

    private int Find(uint tag, ulong* key)
    {
        var page = _index.PageOf(tag);
        var at = _index.Home(tag);
        for (; KeyIndex.TryNext(page, tag, ref at, out var slot); at++)
            if (_layout.Same(key, (ulong*)(_rows.At(slot) + 8))) return slot;
        return None;
    }

    private int Add(uint tag, ulong* key)
    {
        var slot = _rows.Add();
        var row = (ulong*)_rows.At(slot);
        row[0] = tag;
        for (var i = 0; i < _layout.Words; i++) row[1 + i] = key[i];
        if (_layout.HasTexts) _textBytes += _layout.OwnTexts(row + 1);
        _index.Add(tag, slot);
        return slot;
    }
}
