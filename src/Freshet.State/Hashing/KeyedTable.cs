using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Hashing;

/// <summary>
/// Rows found by key: a table whose first columns are the key, with a hash index over them. Groups of an aggregate, distinct
/// values, rows of an arrangement by their whole content.
/// Each key has at most one row. NULL is a key value like any other. One thread uses it.
/// </summary>
public sealed unsafe class KeyedTable : IDisposable
{
    private readonly int[] _keyColumns;

    /// <param name="keyColumns">How many of the layout's first columns are the key; at least one, else there is nothing to hash.</param>
    public KeyedTable(RowLayout layout, int keyColumns, PageVersions versions)
    {
        _keyColumns = [.. Enumerable.Range(0, keyColumns)];
        Table = new StateTable(layout, versions);
        Index = new HashIndex(Table);
    }

    public StateTable Table { get; }

    public HashIndex Index { get; }

    public long Rows => Table.Rows;

    public long Bytes => Table.Bytes + Index.Bytes;

    /// <summary>As <see cref="HashIndex.FindOrInsert"/>; the other columns and the extra fields of a new row are zero.</summary>
    /// <param name="keys">The batch's columns of the key.</param>
    /// <param name="hashes">Hashes of these columns, by row index.</param>
    public int FindOrInsert(Batch batch, ReadOnlySpan<int> keys, ulong* hashes, int* rows, int count, uint* slots, byte** addresses, int* added = null)
    {
        if (keys.Length == 1)
        {
            ref var source = ref batch.Columns[keys[0]];
            switch (source.Kind)
            {
                case PhysicalKind.Int64:
                    var longs = new FixedKey<long>(Table.Layout, 0, source);
                    return Index.FindOrInsert(ref longs, hashes, rows, count, slots, addresses, added);
                case PhysicalKind.Int32:
                    var integers = new FixedKey<int>(Table.Layout, 0, source);
                    return Index.FindOrInsert(ref integers, hashes, rows, count, slots, addresses, added);
                case PhysicalKind.View:
                    var texts = new TextKey(Table, 0, source);
                    return Index.FindOrInsert(ref texts, hashes, rows, count, slots, addresses, added);
            }
        }

        var sources = Sources(batch, keys);
        if (LongsKey.TryOf(Table.Layout, sources, out var several)) return Index.FindOrInsert(ref several, hashes, rows, count, slots, addresses, added);
        var key = new ColumnsKey(Table, _keyColumns, sources);
        return Index.FindOrInsert(ref key, hashes, rows, count, slots, addresses, added);
    }

    /// <summary>As <see cref="HashIndex.Find"/>.</summary>
    public void Find(Batch batch, ReadOnlySpan<int> keys, ulong* hashes, int* rows, int count, uint* slots)
    {
        if (keys.Length == 1)
        {
            ref var source = ref batch.Columns[keys[0]];
            switch (source.Kind)
            {
                case PhysicalKind.Int64:
                    var longs = new FixedKey<long>(Table.Layout, 0, source);
                    Index.Find(ref longs, hashes, rows, count, slots);
                    return;
                case PhysicalKind.View:
                    var texts = new TextKey(Table, 0, source);
                    Index.Find(ref texts, hashes, rows, count, slots);
                    return;
            }
        }

        var sources = Sources(batch, keys);
        if (LongsKey.TryOf(Table.Layout, sources, out var several))
        {
            Index.Find(ref several, hashes, rows, count, slots);
            return;
        }

        var key = new ColumnsKey(Table, _keyColumns, sources);
        Index.Find(ref key, hashes, rows, count, slots);
    }

    /// <summary>Removes a row with the hash of its key. It stays readable until the end of the step.</summary>
    public void Remove(ulong hash, uint slot)
    {
        if (!Index.Remove(hash, slot)) throw new InvalidOperationException("A row that is to be removed is not in the index under this hash.");
        Table.Remove(slot);
    }

    /// <summary>One column of rows, as <see cref="RowCells"/> does it.</summary>
    public Column Read(int column, uint* slots, int count, BatchMemory memory, bool copiesTexts = false) =>
        RowCells.Read(Table, column, slots, count, memory, copiesTexts);

    public void EndOfStep() => Table.EndOfStep();

    public void CheckInvariants()
    {
        Table.CheckInvariants();
        Index.CheckInvariants();
        Check.That(Index.Entries == Table.Rows, "every row is in the index");
    }

    public void Dispose()
    {
        Index.Dispose();
        Table.Dispose();
    }

    private static Column[] Sources(Batch batch, ReadOnlySpan<int> keys)
    {
        var sources = new Column[keys.Length];
        for (var i = 0; i < keys.Length; i++) sources[i] = batch.Columns[keys[i]];
        return sources;
    }
}
