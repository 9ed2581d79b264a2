using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// Whole rows of an input that wait for their time, each different row once with its net weight; the owner reaches them by slot,
/// through indexes of its own. Where nothing is ever taken back, rows are not looked up and equal ones are not merged.
/// A row's own bytes begin with its weight, of type long; the rest is the owner's. A removed row and its texts stay readable
/// until <see cref="EndOfStep"/>.
/// </summary>
internal sealed unsafe class HeldRows : IDisposable
{
    private readonly KeyedTable _table;
    private readonly int[] _columns;
    private readonly bool _isAppendOnly;

    /// <param name="ownBytes">Bytes beside the row's columns, the weight's 8 among them.</param>
    public HeldRows(ImmutableArray<SqlType> types, bool isAppendOnly, int ownBytes, ulong seed)
    {
        _columns = [.. Enumerable.Range(0, types.Length)];
        _isAppendOnly = isAppendOnly;
        _table = new KeyedTable([.. types.Select(t => t.Physical)], ownBytes, seed, isFound: !isAppendOnly);
    }

    public long Rows => _table.Rows;

    public long Bytes => _table.Bytes;

    /// <summary>Finds the row of each row of a batch, or adds it with weight 0.</summary>
    public void Place(Batch batch, int* rows, int count, BatchMemory scratch, int* slots, byte** owned)
    {
        if (_isAppendOnly) _table.Append(batch, rows, count, slots, owned);
        else _table.FindOrAdd(batch, _columns, rows, count, scratch, slots, owned);
    }

    /// <summary>A row's own bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(int slot) => _table.At(slot);

    public long WeightOf(int slot) => *(long*)_table.Read(slot);

    /// <summary>One column of rows. Long texts stay where they are, good until <see cref="EndOfStep"/>.</summary>
    public Column Read(int column, int* slots, int count, BatchMemory memory) => _table.ReadColumn(column, slots, count, memory);

    /// <summary>The rows as a batch with their weights.</summary>
    /// <param name="further">Room for columns behind those of the rows.</param>
    public Batch ReadBatch(int* slots, int count, BatchMemory memory, int further = 0)
    {
        var columns = new Column[_columns.Length + further];
        var rows = _table.Addresses(slots, count, memory);
        for (var i = 0; i < _columns.Length; i++) columns[i] = _table.ReadColumn(i, rows, count, memory);
        var batch = new Batch(memory, columns, count);
        if (_isAppendOnly) return batch;
        batch.Weights = memory.Allocate<long>(count);
        for (var i = 0; i < count; i++) batch.Weights[i] = WeightOf(slots[i]);
        return batch;
    }

    public void Remove(int slot) => _table.Remove(slot);

    public void EndOfStep() => _table.EndOfStep();

    public void Dispose() => _table.Dispose();
}
