using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Dataflow.Arrangements;

/// <summary>
/// The keys of one or more <see cref="Arrangement"/>s, with the first row of each: one look-up finds where a row belongs and
/// whom it meets on all other sides.
/// Invariant: after <see cref="EndOfStep"/> every key has a row on some side.
/// </summary>
internal sealed unsafe class ArrangedKeys : IDisposable
{
    private readonly KeyedTable _table;
    private readonly int _sides;

    /// <param name="types">Types of a side's columns.</param>
    /// <param name="keys">The side's key; the kinds of the other sides' keys are the same.</param>
    /// <param name="sides">How many arrangements have these keys.</param>
    public ArrangedKeys(ImmutableArray<SqlType> types, ImmutableArray<int> keys, int sides, ulong seed)
    {
        _sides = sides;
        _table = new KeyedTable([.. keys.Select(k => types[k].Physical)], sides * sizeof(int), seed);
    }

    public long Bytes => _table.Bytes;

    /// <summary>The key of each row, added where it is not there: its slot and, for each side, its first row, plus one.</summary>
    public void FindOrAdd(Batch batch, ReadOnlySpan<int> columns, int* rows, int count, BatchMemory scratch, int* slots, int** firsts) =>
        _table.FindOrAdd(batch, columns, rows, count, scratch, slots, (byte**)firsts);

    /// <summary>The first row on a side of the key of each row, or <see cref="Arrangement.None"/>.</summary>
    public void FindFirst(int side, Batch batch, ReadOnlySpan<int> columns, int* rows, int count, int* first, BatchMemory scratch)
    {
        _table.Find(batch, columns, rows, count, scratch, first);
        for (var i = 0; i < count; i++)
            if (first[i] != Arrangement.None) first[i] = ((int*)_table.Read(first[i]))[side] - 1;
    }

    /// <summary>The first rows of a key, plus one, to be changed.</summary>
    public int* At(int slot) => (int*)_table.At(slot);

    /// <summary>A side has no row of a key any more: the key goes with the last side's.</summary>
    public void Leave(int slot)
    {
        if (!new ReadOnlySpan<int>(_table.Read(slot), _sides).ContainsAnyExcept(0)) _table.Remove(slot);
    }

    public void EndOfStep() => _table.EndOfStep();

    public void Dispose() => _table.Dispose();
}
