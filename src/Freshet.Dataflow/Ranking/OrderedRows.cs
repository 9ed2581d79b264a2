using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.State.Ordering;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Ranking;

/// <summary>A stored row's own fields, after its values.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OrderedRow
{
    /// <summary>The hash that finds it, where rows are taken back.</summary>
    public ulong Hash;

    /// <summary>Net weight before the step.</summary>
    public long Weight;

    /// <summary>What the step has added so far.</summary>
    public long Delta;

    public uint Partition;

    /// <summary>1 while it is among the step's changed rows.</summary>
    public ushort IsChanged;

    /// <summary>For its owner.</summary>
    public ushort Mark;

    /// <summary>How often the row was there before the step.</summary>
    public readonly long Before => Math.Max(0, Weight);

    /// <summary>How often it is there after it.</summary>
    public readonly long After => Math.Max(0, Weight + Delta);
}

/// <summary>What is known of a partition.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OrderedPartition
{
    /// <summary>Stored rows, those of the step among them.</summary>
    public long Rows;

    /// <summary>The least and the greatest row that the step has changed.</summary>
    public uint FirstChanged;

    public uint LastChanged;

    /// <summary>1 while it is among the step's touched partitions.</summary>
    public uint IsTouched;

    /// <summary>For its owner: 1 where <see cref="Bound"/> means something.</summary>
    public uint HasBound;

    /// <summary>For its owner.</summary>
    public ulong Bound;
}

/// <summary>
/// Rows in partitions, in order within each: what Top-N and OVER stand on. A row carries its weight before the step and what the
/// step has changed, so that at the end of the step one walk sees the order before and after it.
/// Invariant: after <see cref="Commit"/> and <see cref="EndOfStep"/> every stored row has a weight above 0 and no delta, every
/// partition has a row.
/// Cost: two look-ups for each row of a batch (one where rows are only appended) and one search of the index for each new row.
/// </summary>
internal sealed unsafe class OrderedRows : IDisposable
{
    private readonly StateTable _table;
    private readonly State.Hashing.KeyedTable? _keyed;
    private readonly Tables.KeyedTable _partitions;
    private readonly OrderedIndex<RowOrder> _index;
    private readonly RowOrder _order;
    private readonly SortKey[] _keys;
    private readonly int[] _columns;
    private readonly int[] _partitionColumns;
    private readonly int _own;
    private readonly ulong _seed;
    private readonly List<uint> _changed = [];
    private readonly List<int> _touched = [];
    private readonly List<int> _emptied = [];
    private readonly bool _keepsPartitions;

    /// <param name="types">All columns of the input, the position among them.</param>
    /// <param name="order">The sort columns.</param>
    /// <param name="position">The column with the rows' position, or -1.</param>
    /// <param name="isAppendOnly">No row is ever taken back: rows are not looked up, and equal rows are stored apart.</param>
    /// <param name="partitionBytes">Bytes of a partition that are its owner's, all zero at first.</param>
    /// <param name="keepsPartitions">A partition stays when its last row has gone.</param>
    public OrderedRows(ImmutableArray<SqlType> types, ImmutableArray<int> partition, ImmutableArray<SortKey> order, int position, bool isAppendOnly, ulong seed, int partitionBytes = 0, bool keepsPartitions = false)
    {
        _keepsPartitions = keepsPartitions;
        _seed = seed;
        _columns = [.. Enumerable.Range(0, types.Length)];
        _partitionColumns = [.. partition];
        _keys = RowOrder.TotalOrder(order, position, types.Length);
        SortColumns = order.Length;
        var layout = new RowLayout(types, new ExtraField(sizeof(OrderedRow)));
        _own = layout.ExtraOffset(0);
        if (isAppendOnly)
        {
            _table = new StateTable(layout, new PageVersions());
        }
        else
        {
            _keyed = new State.Hashing.KeyedTable(layout, types.Length, new PageVersions());
            _table = _keyed.Table;
        }

        _partitions = new Tables.KeyedTable([.. partition.Select(p => types[p].Physical)], sizeof(OrderedPartition) + partitionBytes, seed);
        _order = new RowOrder(_table, _keys);
        _index = new OrderedIndex<RowOrder>(RowOrder.Words, _order, new PageVersions());
    }

    public long Rows => _table.Rows;

    public long Bytes => _table.Bytes + (_keyed?.Index.Bytes ?? 0) + _partitions.Bytes + _index.Bytes;

    /// <summary>How many of the columns that order rows were asked for; the others make the order total.</summary>
    public int SortColumns { get; }

    /// <summary>Whether a partition knows the least and the greatest row that the step has changed.</summary>
    public bool KnowsChangedRange { get; init; }

    /// <summary>The partitions that the step has touched, in order of first touch.</summary>
    public List<int> Touched => _touched;

    public OrderedPartition* Partition(int slot) => (OrderedPartition*)_partitions.At(slot);

    /// <summary>Partitions that are known.</summary>
    public long Partitions => _partitions.Rows;

    /// <summary>The owner's bytes of a partition.</summary>
    public byte* Owned(int slot) => _partitions.At(slot) + sizeof(OrderedPartition);

    /// <summary>Calls for the owner's bytes of every partition.</summary>
    public void ForEachPartition(Action<nint> action) => _partitions.ForEach(partition => action(partition + sizeof(OrderedPartition)));

    /// <summary>The rows themselves, all columns of the input.</summary>
    public StateTable Table => _table;

    public OrderedRow* Row(uint slot) => (OrderedRow*)(_table.Change(slot) + _own);

    public OrderedRow* Peek(uint slot) => (OrderedRow*)(_table.Row(slot) + _own);

    /// <summary>The partitions of a batch's rows, added where they are not there.</summary>
    public void FindPartitions(Batch batch, int* rows, int count, BatchMemory scratch, int* slots)
    {
        var owned = (byte**)scratch.Allocate<nint>(count);
        _partitions.FindOrAdd(batch, _partitionColumns, rows, count, scratch, slots, owned);
    }

    /// <summary>The words of a batch's rows in the order.</summary>
    public void Words(Batch batch, int* rows, int count, ulong* words)
    {
        if (_keys.Length == 0) return;
        RowOrder.WordsOf(batch.Columns[_keys[0].Column], rows, count, _keys[0], words);
    }

    /// <summary>Adds rows with their weights to the step. Lists are parallel.</summary>
    /// <returns>The rows' slots.</returns>
    public uint* Add(Batch batch, int* rows, int count, int* partitions, ulong* words, BatchMemory scratch)
    {
        var slots = scratch.Allocate<uint>(count);
        Place(batch, rows, count, partitions, words, slots, scratch);
        for (var i = 0; i < count; i++)
        {
            var row = Row(slots[i]);
            row->Delta = checked(row->Delta + batch.WeightOf(rows[i]));
            if (row->IsChanged != 0) continue;
            row->IsChanged = 1;
            _changed.Add(slots[i]);
            Touch(partitions[i], slots[i]);
        }

        return slots;
    }

    /// <summary>A cursor before the first row of a partition.</summary>
    public OrderedCursor First(int partition)
    {
        var key = stackalloc ulong[RowOrder.Words];
        (key[0], key[1], key[2]) = ((ulong)partition, 0, StateTable.None);
        return _index.Seek(key);
    }

    /// <summary>A cursor before a stored row.</summary>
    public OrderedCursor At(uint slot)
    {
        var key = stackalloc ulong[RowOrder.Words];
        KeyOf(slot, key);
        return _index.Seek(key);
    }

    /// <summary>A cursor before the first row of a partition whose word is at least this.</summary>
    public OrderedCursor From(int partition, ulong word)
    {
        var key = stackalloc ulong[RowOrder.Words];
        (key[0], key[1], key[2]) = ((ulong)partition, word, StateTable.None);
        return _index.Seek(key);
    }

    /// <summary>The row after a cursor, which moves behind it; false at the end of the partition.</summary>
    public bool TryNext(ref OrderedCursor cursor, int partition, out uint slot)
    {
        slot = StateTable.None;
        if (!_index.TryRead(ref cursor, out var entry) || entry[0] != (ulong)partition) return false;
        _index.TryNext(ref cursor, out entry);
        slot = (uint)entry[2];
        return true;
    }

    /// <summary>The row before a stored one in its partition; false for the first.</summary>
    public bool TryBefore(uint slot, out uint before)
    {
        var key = stackalloc ulong[RowOrder.Words];
        KeyOf(slot, key);
        var entry = _index.Before(key);
        before = entry is null || entry[0] != key[0] ? StateTable.None : (uint)entry[2];
        return before != StateTable.None;
    }

    /// <summary>Whether two rows are equal in the sort columns.</summary>
    public bool ArePeers(uint left, uint right) => _order.Compare(left, right, SortColumns) == 0;

    /// <summary>Whether a row comes before another one of its partition.</summary>
    public bool IsBefore(uint left, uint right) => Compare(left, right) < 0;

    /// <summary>The word of a stored row in the order.</summary>
    public ulong WordOf(uint slot) => _keys.Length == 0 ? 0 : RowOrder.WordOf(_table, _table.Row(slot), _keys[0]);

    /// <summary>One column of rows. Long texts stay where they are, good until <see cref="EndOfStep"/>.</summary>
    public Column Read(int column, uint* slots, int count, BatchMemory memory) => RowCells.Read(_table, column, slots, count, memory, copiesTexts: false);

    /// <summary>Takes a row out of the state. It stays readable until <see cref="EndOfStep"/>.</summary>
    public void Remove(uint slot)
    {
        var key = stackalloc ulong[RowOrder.Words];
        KeyOf(slot, key);
        _index.Remove(key);
        var row = Row(slot);
        row->IsChanged = 0;
        if (--Partition((int)row->Partition)->Rows == 0 && !_keepsPartitions) _emptied.Add((int)row->Partition);
        if (_keyed is null) _table.Remove(slot);
        else _keyed.Remove(row->Hash, slot);
    }

    /// <summary>The order after the step becomes that before the next one; rows that are not there any more are removed.</summary>
    public void Commit()
    {
        foreach (var slot in _changed)
        {
            var row = Row(slot);
            // It may have been removed by the owner.
            if (row->IsChanged == 0) continue;
            row->IsChanged = 0;
            row->Weight += row->Delta;
            row->Delta = 0;
            if (row->Weight == 0) Remove(slot);
        }

        foreach (var partition in _touched) Partition(partition)->IsTouched = 0;
        _changed.Clear();
        _touched.Clear();
    }

    public void EndOfStep()
    {
        foreach (var partition in _emptied)
            if (Partition(partition)->Rows == 0) _partitions.Remove(partition);
        _emptied.Clear();
        if (_keyed is null) _table.EndOfStep();
        else _keyed.EndOfStep();
        _partitions.EndOfStep();
    }

    public void Dispose()
    {
        _index.Dispose();
        if (_keyed is null) _table.Dispose();
        else _keyed.Dispose();
        _partitions.Dispose();
    }

    /// <summary>The slots of rows, stored with weight 0 where they are not there.</summary>
    private void Place(Batch batch, int* rows, int count, int* partitions, ulong* words, uint* slots, BatchMemory scratch)
    {
        if (_keyed is null)
        {
            var stored = (byte**)scratch.Allocate<nint>(count);
            _table.Add(count, slots, stored);
            RowCells.StoreNew(_table, batch.Columns, rows, count, slots, stored);
            for (var i = 0; i < count; i++) Link(slots[i], partitions[i], words[i], 0);
            return;
        }

        var hashes = scratch.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, _columns, _seed, hashes);
        var addresses = (byte**)scratch.Allocate<nint>(count);
        var added = scratch.Allocate<int>(count);
        var addedCount = _keyed.FindOrInsert(batch, _columns, hashes, rows, count, slots, addresses, added);
        for (var i = 0; i < addedCount; i++) Link(slots[added[i]], partitions[added[i]], words[added[i]], hashes[rows[added[i]]]);
    }

    private void Link(uint slot, int partition, ulong word, ulong hash)
    {
        var row = Row(slot);
        row->Hash = hash;
        row->Partition = (uint)partition;
        Partition(partition)->Rows++;
        var key = stackalloc ulong[RowOrder.Words];
        (key[0], key[1], key[2]) = ((ulong)partition, word, slot);
        _index.Put(key, 0);
    }

    private void Touch(int partition, uint slot)
    {
        var touched = Partition(partition);
        if (touched->IsTouched == 0)
        {
            touched->IsTouched = 1;
            touched->FirstChanged = slot;
            touched->LastChanged = slot;
            _touched.Add(partition);
            return;
        }

        if (!KnowsChangedRange) return;
        if (Compare(slot, touched->FirstChanged) < 0) touched->FirstChanged = slot;
        else if (Compare(slot, touched->LastChanged) > 0) touched->LastChanged = slot;
    }

    /// <summary>Order of two rows of one partition.</summary>
    private int Compare(uint left, uint right)
    {
        var order = _order.Compare(left, right, _keys.Length);
        return order != 0 ? order : left.CompareTo(right);
    }

    private void KeyOf(uint slot, ulong* key) => (key[0], key[1], key[2]) = (Peek(slot)->Partition, WordOf(slot), slot);
}
