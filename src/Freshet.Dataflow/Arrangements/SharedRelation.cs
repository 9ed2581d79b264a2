using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Joins;
using Freshet.Kernels;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Arrangements;

/// <summary>
/// One share of a relation of one row a key, indexed once for all operators of the share that look into it.
/// <para>Its stream tells of a key's changes in their order: the row before with weight -1, the row after with +1. Invariant: until the end of a
/// step it shows the relation before the step. Whoever looks into it takes the step's changes from the relation's stream, and meets
/// them with what the whole step has left of its own rows.</para>
/// A row with a NULL in its key is not kept. State: the row and its place in the index, nothing beside.
/// Cost: one look-up of a key; for a change another, at the end of the step.
/// </summary>
public sealed unsafe class SharedRelation : IDisposable
{
    private readonly State.Hashing.KeyedTable _table;
    private readonly int[] _keys;

    /// <summary>Where each column of the relation is stored: those of the key come first.</summary>
    private readonly int[] _stored;
    private readonly ulong _seed;
    private readonly List<Batch> _changes = [];

    /// <param name="types">Types of its columns.</param>
    /// <param name="keys">The columns that it is looked up by.</param>
    /// <param name="seed">The database's hash seed.</param>
    public SharedRelation(ImmutableArray<SqlType> types, ImmutableArray<int> keys, ulong seed)
    {
        _seed = seed;
        _keys = [.. keys];
        int[] order = [.. keys, .. Enumerable.Range(0, types.Length).Where(c => !keys.Contains(c))];
        _stored = new int[types.Length];
        for (var i = 0; i < order.Length; i++) _stored[order[i]] = i;
        _table = new State.Hashing.KeyedTable(new RowLayout([.. order.Select(c => types[c].Physical)]), keys.Length, new PageVersions());
    }

    internal long Rows => _table.Rows;

    internal long Bytes => _table.Bytes;

    public void Dispose()
    {
        foreach (var batch in _changes) batch.Release();
        _table.Dispose();
    }

    /// <summary>The rows of a batch whose key the relation has: their columns, then the relation's, with the weights of the batch. Null where there is none. The batch stays the caller's.</summary>
    internal Batch? Meet(Batch batch, int[] keys)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var count = JoinKernel.SplitByNull(batch, keys, RowNumbers.Of(batch), batch.Count, rows, scratch.Allocate<int>(batch.Count), out _);
        var slots = scratch.Allocate<uint>(count);
        _table.Find(batch, keys, Hash(batch, keys, scratch), rows, count, slots);
        var met = 0;
        for (var i = 0; i < count; i++)
        {
            if (slots[i] == StateTable.None) continue;
            (rows[met], slots[met]) = (rows[i], slots[i]);
            met++;
        }

        var result = met == 0 ? null : Joined(batch, rows, slots, met);
        scratch.Release();
        return result;
    }

    /// <summary>Keeps changes for the end of the step, and takes over the batch.</summary>
    internal void Add(Batch batch) => _changes.Add(batch);

    /// <summary>The step is over: its changes are part of the relation.</summary>
    internal void EndOfStep()
    {
        foreach (var batch in _changes)
        {
            Apply(batch);
            batch.Release();
        }

        _changes.Clear();
        _table.EndOfStep();
    }

    private ulong* Hash(Batch batch, ReadOnlySpan<int> keys, BatchMemory scratch)
    {
        var hashes = scratch.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, keys, _seed, hashes);
        return hashes;
    }

    private Batch Joined(Batch batch, int* rows, uint* slots, int count)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[batch.Columns.Length + _stored.Length];
        var points = false;
        for (var c = 0; c < batch.Columns.Length; c++) columns[c] = GatherKernel.Gather(batch.Columns[c], rows, count, memory, ref points);
        var found = RowCells.Addresses(_table.Table, slots, count, memory);
        for (var c = 0; c < _stored.Length; c++) columns[batch.Columns.Length + c] = RowCells.Read(_table.Table, _stored[c], found, count, memory, copiesTexts: false);
        if (points) memory.Retain(batch.Memory);
        var result = new Batch(memory, columns, count);
        if (batch.Weights is null) return result;
        result.Weights = memory.Allocate<long>(count);
        for (var i = 0; i < count; i++) result.Weights[i] = batch.Weights[rows[i]];
        return result;
    }

    private void Apply(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var count = JoinKernel.SplitByNull(batch, _keys, RowNumbers.Of(batch), batch.Count, rows, scratch.Allocate<int>(batch.Count), out _);
        var hashes = Hash(batch, _keys, scratch);
        for (var i = 0; i < count; i++)
        {
            uint slot;
            if (batch.WeightOf(rows[i]) > 0)
            {
                _table.FindOrInsert(batch, _keys, hashes, rows + i, 1, &slot, null);
                Put(batch, rows[i], slot);
                continue;
            }

            // The row after, of the same key, takes the place of the one before.
            if (i + 1 < count && batch.WeightOf(rows[i + 1]) > 0 && HaveOneKey(batch, rows[i], rows[i + 1])) continue;
            _table.Find(batch, _keys, hashes, rows + i, 1, &slot);
            if (slot != StateTable.None && IsRow(batch, rows[i], slot)) _table.Remove(hashes[rows[i]], slot);
        }

        scratch.Release();
    }

    private bool HaveOneKey(Batch batch, int row, int next)
    {
        foreach (var key in _keys)
            if (!CompareKernel.ValuesEqual(batch.Columns[key], row, batch.Columns[key], next)) return false;
        return true;
    }

    private void Put(Batch batch, int row, uint slot)
    {
        var stored = _table.Table.Change(slot);
        for (var c = 0; c < _stored.Length; c++)
            if (_stored[c] >= _keys.Length) RowCells.Store(_table.Table, slot, stored, _stored[c], batch.Columns[c], row);
    }

    private bool IsRow(Batch batch, int row, uint slot)
    {
        var stored = _table.Table.Row(slot);
        for (var c = 0; c < _stored.Length; c++)
            if (!RowCells.AreEqual(_table.Table, stored, _stored[c], batch.Columns[c], row)) return false;
        return true;
    }
}
