using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Dataflow.Arrangements;

/// <summary>
/// A stored row's own fields, after its values. Rows that are never taken back have the first <see cref="AppendedBytes"/> of them
/// alone, rows whose matches nobody counts the first <see cref="UncountedBytes"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ArrangedRow
{
    public const int AppendedBytes = 16;

    public const int UncountedBytes = 24;

    /// <summary>Net weight; a row with 0 leaves the arrangement at the end of the step.</summary>
    public long Weight;

    /// <summary>The next row of the same key, plus one; 0 ends the list.</summary>
    public int Next;

    /// <summary>The row before, plus one; 0 for the first.</summary>
    public int Previous;

    /// <summary>The key's slot.</summary>
    public long Key;

    /// <summary>For the left side of an outer join: net weight of the rows that match this one.</summary>
    public long Matches;

    /// <summary>For its owner: the last step that touched the row.</summary>
    public long Step;
}

/// <summary>
/// An index over a stream of changes by key: each different row once with its net weight, the rows of a key in a list. Rows
/// with a NULL in the key are never stored: they match nothing.
/// The keys may be shared with other sides of a join; whoever made them ends their step after that of all sides.
/// Invariant: after <see cref="EndOfStep"/> every row has a weight other than 0.
/// Until then rows of weight 0 stay readable at their slots, and texts of rows that were read stay where they are.
/// Cost: a look-up of the row, beside that of its key, whatever the number of rows of a key; none where rows are only appended.
/// </summary>
internal sealed unsafe class Arrangement : IDisposable
{
    /// <summary>The end of a key's list, or a key that is not there.</summary>
    public const int None = -1;

    private readonly KeyedTable _rows;
    private readonly ArrangedKeys _keys;
    private readonly int _side;
    private readonly int[] _columns;
    private readonly List<int> _emptied = [];

    private readonly bool _isAppendOnly;

    /// <param name="side">Its place in the keys.</param>
    /// <param name="isAppendOnly">No row is ever taken back: rows are then not looked up, and equal rows are not merged.</param>
    /// <param name="countsMatches">The owner uses the rows' <see cref="ArrangedRow.Matches"/> and <see cref="ArrangedRow.Step"/>.</param>
    public Arrangement(ImmutableArray<SqlType> types, ArrangedKeys keys, int side, bool isAppendOnly, bool countsMatches, ulong seed)
    {
        _keys = keys;
        _side = side;
        _isAppendOnly = isAppendOnly;
        _columns = [.. Enumerable.Range(0, types.Length)];
        var ownBytes = countsMatches ? sizeof(ArrangedRow) : isAppendOnly ? ArrangedRow.AppendedBytes : ArrangedRow.UncountedBytes;
        _rows = new KeyedTable([.. types.Select(t => t.Physical)], ownBytes, seed, isFound: !isAppendOnly, rowsStay: isAppendOnly);
    }

    public long Rows => _rows.Rows;

    public long Bytes => _rows.Bytes;

    /// <summary>Finds the stored row of each row, or stores it with weight 0: writes the slots. No row has a NULL in its key.</summary>
    /// <param name="rows">Row indexes into <paramref name="input"/>.</param>
    /// <param name="keys">The rows' keys, from <see cref="ArrangedKeys.FindOrAdd"/>, with their first rows.</param>
    public void Place(Batch input, int* rows, int count, int* slots, int* keys, int** firsts, BatchMemory scratch)
    {
        var found = (byte**)scratch.Allocate<nint>(count);
        if (_isAppendOnly)
        {
            _rows.Append(input, rows, count, slots, found);
            for (var i = 0; i < count; i++) Hang((ArrangedRow*)found[i], slots[i], firsts[i] + _side);
            return;
        }

        _rows.FindOrAdd(input, _columns, rows, count, scratch, slots, found);
        for (var i = 0; i < count; i++)
        {
            var row = (ArrangedRow*)found[i];
            if (row->Key == 0) Link(row, slots[i], keys[i]);
        }
    }

    /// <summary>Adds the weights of rows that <see cref="Place"/> has found.</summary>
    public void AddWeights(Batch input, int* rows, int* slots, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var row = At(slots[i]);
            row->Weight = checked(row->Weight + input.WeightOf(rows[i]));
            if (row->Weight != 0) continue;
            Debug.Assert(!_isAppendOnly, "an append-only input takes nothing back");
            _emptied.Add(slots[i]);
        }
    }

    /// <summary>Starts loading a row.</summary>
    public void Prefetch(int slot) => _rows.Prefetch(slot);

    /// <summary>A row, to be read.</summary>
    public ArrangedRow* Peek(int slot) => (ArrangedRow*)_rows.Read(slot);

    /// <summary>A row, to be read or changed.</summary>
    public ArrangedRow* At(int slot) => (ArrangedRow*)_rows.At(slot);

    /// <summary>One column of stored rows. Long texts stay in the state; they are good until the end of the step.</summary>
    public Column Read(int column, int* slots, int count, BatchMemory memory) => _rows.ReadColumn(column, slots, count, memory);

    /// <summary>Where rows lie, for several of their columns to be read; good until the end of the step.</summary>
    public byte** Addresses(int* slots, int count, BatchMemory memory) => _rows.Addresses(slots, count, memory);

    /// <inheritdoc cref="Read(int, int*, int, BatchMemory)"/>
    public Column Read(int column, byte** rows, int count, BatchMemory memory) => _rows.ReadColumn(column, rows, count, memory);

    /// <summary>Removes the rows that are left with weight 0.</summary>
    public void EndOfStep()
    {
        foreach (var slot in _emptied)
        {
            var row = At(slot);

            // A row may be listed twice, or have come back.
            if (row->Key == 0 || row->Weight != 0) continue;
            Unlink(row);
            row->Key = 0;
            _rows.Remove(slot);
        }

        _emptied.Clear();
        _rows.EndOfStep();
    }

    public void Dispose() => _rows.Dispose();

    private void Link(ArrangedRow* row, int slot, int keySlot)
    {
        var first = _keys.At(keySlot) + _side;
        row->Key = keySlot + 1L;
        row->Next = *first;
        row->Previous = 0;
        if (*first != 0) At(*first - 1)->Previous = slot + 1;
        *first = slot + 1;
    }

    /// <summary>Puts a row that never leaves before the others of its key.</summary>
    private static void Hang(ArrangedRow* row, int slot, int* first)
    {
        row->Next = *first;
        *first = slot + 1;
    }

    private void Unlink(ArrangedRow* row)
    {
        if (row->Next != 0) At(row->Next - 1)->Previous = row->Previous;
        if (row->Previous != 0)
        {
            At(row->Previous - 1)->Next = row->Next;
            return;
        }

        var key = (int)row->Key - 1;
        _keys.At(key)[_side] = row->Next;
        if (row->Next == 0) _keys.Leave(key);
    }
}
