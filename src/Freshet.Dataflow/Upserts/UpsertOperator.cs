using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Dataflow.Upserts;

/// <summary>
/// Upserts to rows that are added and taken back: the last row of each key. A row that equals the one it replaces changes nothing
/// and stays where it stood; the end of a key that is not there is nothing too, whatever the row's other columns say.
/// Each row's changes leave at once and in order, with the watermark of the row that made them, so that how the input is cut into
/// steps shows nowhere, in late rows neither.
/// State: each key with the slot of its row, and each row once. A row that was replaced stays readable to the end of the step.
/// Cost: two look-ups for each row; two rows of output for one that replaces another.
/// </summary>
public sealed unsafe class UpsertOperator : Operator
{
    /// <summary>A key's own fields.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct KeyState
    {
        /// <summary>Position of the current row.</summary>
        public Int128 Order;

        /// <summary>The current row's slot, plus one; 0 for none.</summary>
        public int Row;

        /// <summary>Whether the key is on the list of those to look at when the step ends.</summary>
        public int IsListed;
    }

    /// <summary>A row's own fields.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct RowState
    {
        public int IsCurrent;
        public int IsListed;
    }

    private readonly UpsertSpec _spec;
    private readonly int[] _columns;
    private readonly int[] _keyColumns;
    private readonly KeyedTable _keys;
    private readonly KeyedTable _rows;
    private readonly List<int> _openKeys = [];
    private readonly List<int> _openRows = [];
    private Batch? _ready;

    public UpsertOperator(UpsertSpec spec, ulong seed)
    {
        _spec = spec;
        _columns = [.. spec.Columns];
        _keyColumns = [.. spec.Keys];
        _keys = new KeyedTable([.. spec.Keys.Select(k => spec.InputTypes[k].Physical)], sizeof(KeyState), seed);
        _rows = new KeyedTable([.. spec.Columns.Select(c => spec.InputTypes[c].Physical)], sizeof(RowState), seed);
    }

    public override long StateRows => _keys.Rows;

    public override long StateBytes => _keys.Bytes + _rows.Bytes;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var memory = BatchMemory.Create();
        var scratch = BatchMemory.Create();
        var count = batch.Count;
        var rows = RowNumbers.Of(batch);
        var keySlots = scratch.Allocate<int>(count);
        var rowSlots = scratch.Allocate<int>(count);
        var keys = (byte**)scratch.Allocate<nint>(count);
        var contents = (byte**)scratch.Allocate<nint>(count);
        _keys.FindOrAdd(batch, _keyColumns, rows, count, scratch, keySlots, keys);
        _rows.FindOrAdd(batch, _columns, rows, count, scratch, rowSlots, contents);
        var output = new Changes(memory, count, _spec, batch.RowWatermarks is not null);
        for (var i = 0; i < count; i++)
        {
            var key = (KeyState*)_keys.At(keySlots[i]);
            Open(rowSlots[i]);
            OpenKey(key, keySlots[i]);
            var isAdded = batch.WeightOf(rows[i]) > 0;
            if (isAdded && key->Row == rowSlots[i] + 1) continue;
            var watermark = batch.RowWatermarks is null ? 0 : batch.RowWatermarks[rows[i]];
            var replaces = isAdded && key->Row != 0;
            if (key->Row != 0)
            {
                output.Add(key->Row - 1, key->Order, replaces ? ChangeKind.Before : ChangeKind.Removed, watermark);
                Open(key->Row - 1);
                ((RowState*)_rows.At(key->Row - 1))->IsCurrent = 0;
            }

            key->Row = 0;
            if (!isAdded) continue;
            key->Row = rowSlots[i] + 1;
            key->Order = _spec.Order < 0 ? 0 : batch.Columns[_spec.Order].As<Int128>()[batch.Columns[_spec.Order].IndexOf(rows[i])];
            ((RowState*)_rows.At(rowSlots[i]))->IsCurrent = 1;
            output.Add(rowSlots[i], key->Order, replaces ? ChangeKind.After : ChangeKind.Added, watermark);
        }

        _ready = output.ToBatch(_rows, _columns.Length);
        if (_ready is null) memory.Release();
        scratch.Release();
        batch.Release();
    }

    public override Batch? Produce(StepContext step)
    {
        var ready = _ready;
        _ready = null;
        return ready;
    }

    public override void EndOfStep()
    {
        foreach (var slot in _openRows)
        {
            var row = (RowState*)_rows.At(slot);
            row->IsListed = 0;
            if (row->IsCurrent == 0) _rows.Remove(slot);
        }

        foreach (var slot in _openKeys)
        {
            var key = (KeyState*)_keys.At(slot);
            key->IsListed = 0;
            if (key->Row == 0) _keys.Remove(slot);
        }

        _openRows.Clear();
        _openKeys.Clear();
        _rows.EndOfStep();
        _keys.EndOfStep();
    }

    public override void Dispose()
    {
        _ready?.Release();
        _keys.Dispose();
        _rows.Dispose();
        base.Dispose();
    }

    private void Open(int slot)
    {
        var row = (RowState*)_rows.At(slot);
        if (row->IsListed != 0) return;
        row->IsListed = 1;
        _openRows.Add(slot);
    }

    private void OpenKey(KeyState* key, int slot)
    {
        if (key->IsListed != 0) return;
        key->IsListed = 1;
        _openKeys.Add(slot);
    }

    /// <summary>What happened, in the order of <see cref="UpsertSpec.Words"/>.</summary>
    private enum ChangeKind
    {
        Added,
        Before,
        After,
        Removed,
    }

    /// <summary>The changes of one batch: at most two for each row.</summary>
    private struct Changes(BatchMemory memory, int rows, UpsertSpec spec, bool hasWatermarks)
    {
        private readonly int* _slots = memory.Allocate<int>(rows * 2);
        private readonly long* _weights = memory.Allocate<long>(rows * 2);
        private readonly Int128* _orders = spec.Order >= 0 ? memory.Allocate<Int128>(rows * 2) : null;
        private readonly long* _watermarks = hasWatermarks ? memory.Allocate<long>(rows * 2) : null;
        private readonly StringView* _words = spec.Words.IsEmpty ? null : memory.Allocate<StringView>(rows * 2);
        private int _count;

        public void Add(int slot, Int128 order, ChangeKind kind, long watermark)
        {
            if (_words is not null)
            {
                if (spec.Words[(int)kind] is not { } word) return;
                _words[_count] = StringView.Copy(word, memory);
            }

            _slots[_count] = slot;
            _weights[_count] = _words is null && kind is (ChangeKind.Before or ChangeKind.Removed) ? -1 : 1;
            if (_orders is not null) _orders[_count] = order;
            if (_watermarks is not null) _watermarks[_count] = watermark;
            _count++;
        }

        public readonly Batch? ToBatch(KeyedTable rows, int width)
        {
            if (_count == 0) return null;
            var columns = new List<Column>(width + 1);
            if (_words is not null) columns.Add(new Column { Kind = PhysicalKind.View, Values = _words });
            for (var c = 0; c < width; c++) columns.Add(rows.ReadColumn(c, _slots, _count, memory));
            if (_orders is not null) columns.Add(new Column { Kind = PhysicalKind.Int128, Values = _orders });
            return new Batch(memory, [.. columns], _count) { Weights = _weights, RowWatermarks = _watermarks };
        }
    }
}
