using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Tables;
using Freshet.Kernels;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Ranking;

/// <summary>What is known of a partition. All zero is one without rows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FirstPartition
{
    /// <summary>The complement of the last row's word once there are as many rows as numbers: a greater word is beyond the last number.</summary>
    public ulong Limit;

    /// <summary>Where its rows are listed; with one row a partition at most, the row itself.</summary>
    public uint List;

    /// <summary>Rows before the step.</summary>
    public int Count;

    /// <summary>Its list of this step, plus one; 0 while no row of the step has come in.</summary>
    public int InStep;
}

/// <summary>
/// The first N rows of each partition of appended rows, in a total order. A row of a step waits in its batch: what the
/// step puts beyond the last number again is never stored, and most rows are turned away by one comparison with the last one's word.
/// <see cref="StorePending"/> stores the others; <see cref="Put"/> makes a list of the step the partition's.
/// Invariant: between steps a partition's list names its stored rows in order, at most N, and no other row is stored.
/// State: the rows, 12 bytes for each in its list, a key for each partition.
/// Cost: one look-up a row; for a row that comes in, a walk from the end of its partition's list.
/// </summary>
internal sealed unsafe class FirstRows : IDisposable
{
    private const int WaitingRowsMax = 1 << 18;

    private readonly int _last;
    private readonly SortKey[] _keys;
    private readonly int[] _partitionColumns;
    private readonly KeyedTable _partitions;
    private readonly StateTable _table;
    private readonly RowLists _lists;
    private readonly StepLists _step;
    private readonly List<Batch> _batches = [];
    private readonly RowReferences _references;
    private long _waiting;

    public FirstRows(RankSpec spec, ulong seed)
    {
        _last = (int)spec.Last;
        _keys = RowOrder.TotalOrder(spec.Order, spec.Position, spec.Types.Length);
        _partitionColumns = [.. spec.Partition];
        _partitions = new KeyedTable([.. spec.Partition.Select(p => spec.Types[p].Physical)], sizeof(FirstPartition), seed);
        _table = new StateTable(new RowLayout(spec.Types), new PageVersions());
        _lists = new RowLists(_last);
        _references = new RowReferences(_table, _batches, _keys);
        _step = new StepLists(_last);
    }

    public long Rows => _table.Rows;

    public long Bytes => _table.Bytes + _partitions.Bytes + _lists.Bytes;

    public StateTable Table => _table;

    /// <summary>The lists of partitions into which a row of the step has come, by first touch.</summary>
    public StepLists InStep => _step;

    public FirstPartition* Partition(int slot) => (FirstPartition*)_partitions.At(slot);

    /// <summary>Takes a batch and its ownership.</summary>
    public void Add(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = RowNumbers.Of(batch);
        var count = batch.Count;
        var partitions = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        var words = scratch.Allocate<ulong>(count);
        _partitions.FindOrAdd(batch, _partitionColumns, rows, count, scratch, partitions, owned);
        if (_keys.Length > 0) RowOrder.WordsOf(batch.Columns[_keys[0].Column], rows, count, _keys[0], words);
        else new Span<ulong>(words, count).Clear();
        _batches.Add(batch);
        var isKept = false;
        for (var i = 0; i < count; i++)
        {
            var partition = (FirstPartition*)owned[i];
            if (words[i] > ~partition->Limit) continue;
            var copies = Math.Min(batch.WeightOf(rows[i]), _last);
            for (; copies > 0 && Insert(partition, partitions[i], words[i], RowReferences.Waiting(_batches.Count - 1, rows[i])); copies--) isKept = true;
        }

        scratch.Release();
        if (!isKept)
        {
            _batches.RemoveAt(_batches.Count - 1);
            batch.Release();
            return;
        }

        // A step may be far larger than what should wait in memory.
        _waiting += count;
        if (_waiting > WaitingRowsMax) StorePending();
    }

    /// <summary>Stores the rows of the step that are still among the first, and gives their batches back.</summary>
    public void StorePending()
    {
        if (_batches.Count == 0) return;
        var scratch = BatchMemory.Create();
        var counts = scratch.Allocate<int>(_batches.Count);
        new Span<int>(counts, _batches.Count).Clear();
        for (var list = 0; list < _step.Count; list++)
            foreach (ref readonly var row in _step.Rows(list))
                if (RowReferences.IsWaiting(row.Row)) counts[RowReferences.BatchOf(row.Row)]++;
        var rows = (int**)scratch.Allocate<nint>(_batches.Count);
        var slots = (uint**)scratch.Allocate<nint>(_batches.Count);
        var stored = (byte***)scratch.Allocate<nint>(_batches.Count);
        for (var b = 0; b < _batches.Count; b++)
        {
            rows[b] = scratch.Allocate<int>(counts[b]);
            slots[b] = scratch.Allocate<uint>(counts[b]);
            stored[b] = (byte**)scratch.Allocate<nint>(counts[b]);
            counts[b] = 0;
        }

        for (var list = 0; list < _step.Count; list++)
        {
            foreach (ref var row in _step.Rows(list))
            {
                if (!RowReferences.IsWaiting(row.Row)) continue;
                var b = RowReferences.BatchOf(row.Row);
                var at = counts[b]++;
                rows[b][at] = RowReferences.RowOf(row.Row);
                slots[b][at] = _table.Add();
                stored[b][at] = _table.Row(slots[b][at]);
                row.Row = RowReferences.StoredInStep(slots[b][at]);
            }
        }

        for (var b = 0; b < _batches.Count; b++)
        {
            RowCells.StoreNew(_table, _batches[b].Columns, rows[b], counts[b], slots[b], stored[b]);
            _batches[b].Release();
        }

        _batches.Clear();
        _waiting = 0;
        scratch.Release();
    }

    /// <summary>The rows of a partition before the step.</summary>
    public int Before(FirstPartition* partition, Span<RankedRow> rows)
    {
        if (_last == 1 && partition->Count == 1) rows[0] = new RankedRow(~partition->Limit, partition->List);
        else _lists.Read(partition->List, partition->Count, rows);
        return partition->Count;
    }

    /// <summary>What the step has made of a partition is what it is from now on. All its rows are stored.</summary>
    public void Put(FirstPartition* partition, Span<RankedRow> rows)
    {
        foreach (ref var row in rows) row.Row = RowReferences.SlotOf(row.Row);
        if (_last == 1) partition->List = (uint)rows[0].Row;
        else partition->List = _lists.Write(partition->List, partition->Count, rows);
        partition->Count = rows.Length;
        partition->InStep = 0;
    }

    /// <summary>Takes a row out of the state. It stays readable until <see cref="EndOfStep"/>.</summary>
    public void Remove(uint slot) => _table.Remove(slot);

    public void EndOfStep()
    {
        _table.EndOfStep();
        _partitions.EndOfStep();
        _lists.EndOfStep();
    }

    public void Dispose()
    {
        foreach (var batch in _batches) batch.Release();
        _batches.Clear();
        _step.Clear();
        _table.Dispose();
        _partitions.Dispose();
        _lists.Dispose();
    }

    /// <summary>Puts a row into its partition's list of the step; false where it comes after the last number.</summary>
    private bool Insert(FirstPartition* partition, int slot, ulong word, ulong row)
    {
        if (partition->InStep == 0)
        {
            partition->InStep = _step.Open(slot, partition->Count) + 1;
            Before(partition, _step.Rows(partition->InStep - 1));
        }

        var list = partition->InStep - 1;
        var rows = _step.Rows(list);
        var at = rows.Length;
        while (at > 0)
        {
            ref readonly var before = ref rows[at - 1];
            if (word > before.Word || (word == before.Word && _references.Compare(row, before.Row, word) >= 0)) break;
            at--;
        }

        if (at == _last) return false;
        if (rows.Length == _last && RowReferences.IsStoredInStep(rows[^1].Row)) _table.Remove((uint)RowReferences.SlotOf(rows[^1].Row));
        rows = _step.Insert(list, at, new RankedRow(word, row));
        if (rows.Length == _last) partition->Limit = ~rows[^1].Word;
        return true;
    }
}
