using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Aggregation;

/// <summary>A group's place in the list of its key, behind its accumulators. All zero is a group in no list.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GroupLink
{
    /// <summary>The next group of the key, plus one; 0 ends the list.</summary>
    public int Next;

    /// <summary>The group before, plus one; 0 for the first.</summary>
    public int Previous;

    /// <summary>The key's slot, plus one.</summary>
    public int Key;
}

/// <summary>
/// The groups of an aggregation by a part of their key, such as an identifier: the first group of each, the others in a list.
/// Invariant: between steps every group is in the list of its key, and every key has a group.
/// State: a row for each key. Cost: a look-up of the key for a group that is new.
/// </summary>
/// <param name="keys">The columns of the group's key that are the part.</param>
/// <param name="link">Where a group has its <see cref="GroupLink"/>.</param>
internal sealed unsafe class GroupsByKey(ImmutableArray<SqlType> types, int[] keys, KeyedTable groups, int link, ulong seed) : IDisposable
{
    private readonly KeyedTable _keys = new([.. keys.Select(k => types[k].Physical)], sizeof(int), seed);

    public long Bytes => _keys.Bytes;

    /// <summary>Puts groups that are new into the lists of their keys.</summary>
    /// <param name="batch">The aggregation's input, with a row of each group.</param>
    /// <param name="rows">Row indexes, parallel to <paramref name="slots"/>.</param>
    public void Add(Batch batch, int* rows, int* slots, int count, BatchMemory scratch)
    {
        var added = scratch.Allocate<int>(count);
        var addedRows = scratch.Allocate<int>(count);
        var addedCount = 0;
        for (var i = 0; i < count; i++)
        {
            if (At(slots[i])->Key != 0) continue;
            added[addedCount] = slots[i];
            addedRows[addedCount++] = rows[i];
        }

        if (addedCount == 0) return;
        var found = scratch.Allocate<int>(addedCount);
        var firsts = (int**)scratch.Allocate<nint>(addedCount);
        _keys.FindOrAdd(batch, keys, addedRows, addedCount, scratch, found, (byte**)firsts);
        for (var i = 0; i < addedCount; i++)
        {
            var first = *firsts[i];
            *At(added[i]) = new GroupLink { Key = found[i] + 1, Next = first };
            if (first != 0) At(first - 1)->Previous = added[i] + 1;
            *firsts[i] = added[i] + 1;
        }
    }

    /// <summary>Takes a group out of its list; the key goes with its last group.</summary>
    public void Remove(int slot)
    {
        var own = *At(slot);
        if (own.Next != 0) At(own.Next - 1)->Previous = own.Previous;
        if (own.Previous != 0)
        {
            At(own.Previous - 1)->Next = own.Next;
            return;
        }

        *(int*)_keys.At(own.Key - 1) = own.Next;
        if (own.Next == 0) _keys.Remove(own.Key - 1);
    }

    /// <summary>The first group of each row's key, or <see cref="KeyedTable.None"/>.</summary>
    /// <param name="columns">The batch's columns of the key.</param>
    public void FindFirst(Batch batch, ReadOnlySpan<int> columns, int* rows, int count, int* first, BatchMemory scratch)
    {
        _keys.Find(batch, columns, rows, count, scratch, first);
        for (var i = 0; i < count; i++)
            if (first[i] != KeyedTable.None) first[i] = *(int*)_keys.Read(first[i]) - 1;
    }

    /// <summary>The group after one of the same key, or <see cref="KeyedTable.None"/>.</summary>
    public int Next(int slot) => ((GroupLink*)(groups.Read(slot) + link))->Next - 1;

    public void EndOfStep() => _keys.EndOfStep();

    public void Dispose() => _keys.Dispose();

    private GroupLink* At(int slot) => (GroupLink*)(groups.At(slot) + link);
}
