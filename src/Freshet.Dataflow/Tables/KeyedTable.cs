using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// An operator's rows of state, found by key a batch at a time: the key's columns and a number of bytes that belong to the operator (all
/// zero in a new row); also the hash that finds the row, unless the key is of one or two numbers, whose hash is as soon made as read.
/// A row keeps its slot until it is removed; its address is good within the step. A removed row and its texts stay readable
/// until <see cref="EndOfStep"/>. Equality is identity of rows (NULL equals NULL).
/// </summary>
internal sealed unsafe class KeyedTable : IDisposable
{
    /// <summary>A key that is not there.</summary>
    public const int None = -1;

    private readonly StateTable _rows;
    private readonly State.Hashing.KeyedTable? _found;

    /// <summary>Where a row has its hash; -1 where it has none.</summary>
    private readonly int _hashOffset = -1;
    private readonly Column[] _removed = [];
    private readonly int _ownOffset;
    private readonly ulong _seed;

    /// <param name="keyKinds">Kinds of the key's columns.</param>
    /// <param name="ownBytes">Bytes of a row that are the operator's.</param>
    /// <param name="seed">The database's hash seed.</param>
    /// <param name="isFound">Rows are looked up by key; otherwise they are added by <see cref="Append"/> alone, and carry no hash.</param>
    /// <param name="rowsStay">No row is ever removed (see <see cref="StateTable"/>); of tables whose rows are not looked up.</param>
    public KeyedTable(PhysicalKind[] keyKinds, int ownBytes, ulong seed, bool isFound = true, bool rowsStay = false)
    {
        _seed = seed;
        if (!isFound)
        {
            var plain = new RowLayout(keyKinds, new ExtraField(ownBytes));
            _ownOffset = plain.ExtraOffset(0);
            _rows = new StateTable(plain, new PageVersions(), rowsStay);
            return;
        }

        var makesHash = keyKinds.Length <= 2 && !keyKinds.Contains(PhysicalKind.View);
        if (makesHash) _removed = new Column[keyKinds.Length];
        var layout = makesHash ? new RowLayout(keyKinds, new ExtraField(ownBytes)) : new RowLayout(keyKinds, new ExtraField(sizeof(ulong)), new ExtraField(ownBytes));
        if (!makesHash) _hashOffset = layout.ExtraOffset(0);
        _ownOffset = layout.ExtraOffset(makesHash ? 0 : 1);
        _found = new State.Hashing.KeyedTable(layout, keyKinds.Length, new PageVersions());
        _rows = _found.Table;
    }

    public long Rows => _rows.Rows;

    public long Bytes => _found?.Bytes ?? _rows.Bytes;

    /// <summary>The operator's bytes of a row, to be read or changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(int slot) => _rows.Change((uint)slot) + _ownOffset;

    /// <summary>The operator's bytes of a row, to be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Read(int slot) => _rows.Row((uint)slot) + _ownOffset;

    /// <summary>The hashes of a batch's keys, by row index, for look-ups in parts.</summary>
    public ulong* Hash(Batch batch, ReadOnlySpan<int> keys, BatchMemory scratch)
    {
        var hashes = scratch.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, keys, _seed, hashes);
        return hashes;
    }

    /// <summary>The slot and the operator's bytes of each key; keys that are not there are added.</summary>
    /// <param name="keys">The key's columns in the batch.</param>
    /// <param name="rows">Row indexes into the batch.</param>
    public void FindOrAdd(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, BatchMemory scratch, int* slots, byte** owned) =>
        FindOrAdd(batch, keys, Hash(batch, keys, scratch), rows, count, scratch, slots, owned);

    /// <inheritdoc cref="FindOrAdd(Batch, ReadOnlySpan{int}, int*, int, BatchMemory, int*, byte**)"/>
    /// <param name="hashes">From <see cref="Hash"/>.</param>
    public void FindOrAdd(Batch batch, ReadOnlySpan<int> keys, ulong* hashes, int* rows, int count, BatchMemory scratch, int* slots, byte** owned)
    {
        var added = _hashOffset < 0 ? null : scratch.Allocate<int>(count);
        var addedCount = _found!.FindOrInsert(batch, keys, hashes, rows, count, (uint*)slots, owned, added);
        if (added is not null)
            for (var i = 0; i < addedCount; i++) *(ulong*)(owned[added[i]] + _hashOffset) = hashes[rows[added[i]]];
        for (var i = 0; i < count; i++) owned[i] += _ownOffset;
    }

    /// <summary>The slot of each key, <see cref="None"/> where there is none.</summary>
    public void Find(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, BatchMemory scratch, int* slots) =>
        Find(batch, keys, Hash(batch, keys, scratch), rows, count, slots);

    /// <inheritdoc cref="Find(Batch, ReadOnlySpan{int}, int*, int, BatchMemory, int*)"/>
    /// <param name="hashes">From <see cref="Hash"/>.</param>
    public void Find(Batch batch, ReadOnlySpan<int> keys, ulong* hashes, int* rows, int count, int* slots) =>
        _found!.Find(batch, keys, hashes, rows, count, (uint*)slots);

    /// <summary>Adds a row for each row of the batch, in a table whose rows are not looked up: they are reached by slot alone.</summary>
    public void Append(Batch batch, int* rows, int count, int* slots, byte** owned)
    {
        Debug.Assert(_found is null, "a row that was appended is not found");
        _rows.Add(count, (uint*)slots, owned);
        RowCells.StoreNew(_rows, batch.Columns, rows, count, (uint*)slots, owned);
        for (var i = 0; i < count; i++) owned[i] += _ownOffset;
    }

    /// <summary>Starts loading a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int slot)
    {
        if (!Sse.IsSupported) return;
        var row = _rows.Row((uint)slot);
        Sse.Prefetch0(row);
        Sse.Prefetch0(row + 64);
    }

    /// <summary>One key column of rows. Long texts stay where they are, good until <see cref="EndOfStep"/>.</summary>
    /// <param name="copiesTexts">Copy long texts into <paramref name="memory"/>.</param>
    public Column ReadColumn(int column, int* slots, int count, BatchMemory memory, bool copiesTexts = false) =>
        RowCells.Read(_rows, column, (uint*)slots, count, memory, copiesTexts);

    /// <summary>Where rows lie, for several of their columns to be read; good until the end of the step.</summary>
    public byte** Addresses(int* slots, int count, BatchMemory memory) => RowCells.Addresses(_rows, (uint*)slots, count, memory);

    /// <inheritdoc cref="ReadColumn(int, int*, int, BatchMemory, bool)"/>
    public Column ReadColumn(int column, byte** rows, int count, BatchMemory memory) => RowCells.Read(_rows, column, rows, count, memory, copiesTexts: false);

    /// <summary>Removes a row. It stays readable until the end of the step.</summary>
    public void Remove(int slot)
    {
        if (_found is null) _rows.Remove((uint)slot);
        else _found.Remove(HashOf(_rows.Row((uint)slot)), (uint)slot);
    }

    /// <summary>Slots and bytes of removed rows may be used again.</summary>
    public void EndOfStep() => _rows.EndOfStep();

    /// <summary>Calls for the operator's bytes of every row.</summary>
    public void ForEach(Action<nint> action)
    {
        for (uint slot = 0; _rows.NextLive(ref slot); slot++) action((nint)At((int)slot));
    }

    private ulong HashOf(byte* row)
    {
        if (_hashOffset >= 0) return *(ulong*)(row + _hashOffset);
        var validity = stackalloc ulong[_removed.Length];
        for (var i = 0; i < _removed.Length; i++)
        {
            validity[i] = 0;
            _removed[i] = new Column { Kind = _rows.Layout.KindOf(i), Values = row + _rows.Layout.OffsetOf(i), Validity = RowCells.IsNull(_rows.Layout, row, i) ? validity + i : null };
        }

        ulong hash;
        HashKernel.Hash(_removed, null, 1, _seed, &hash);
        return hash;
    }

    public void Dispose()
    {
        if (_found is null) _rows.Dispose();
        else _found.Dispose();
    }
}
