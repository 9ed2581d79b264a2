using System.Runtime.CompilerServices;
using Freshet.State.Rows;

namespace Freshet.State.Hashing;

/// <summary>
/// From a key to all rows that have it, for rows of a table whose layout has a <see cref="RowLinks"/> field: the hash index
/// holds the first row of each key, the others hang on it in a list.
/// <code>
/// index entry -> row a &lt;-> row b &lt;-> row c
/// </code>
/// Iteration is resumable: a cursor is a slot, from <see cref="First"/> by <see cref="Next"/> to <see cref="StateTable.None"/>,
/// and lives across calls and batches within a step. A row removed meanwhile keeps its link until the end of the step, so a
/// cursor that stands on it goes on (and may meet other removed rows, which are not live). New rows come second, so that an
/// iteration past the first row does not meet them.
/// Cost: adding and removing are O(1), whatever the number of rows of a key.
/// </summary>
public sealed unsafe class ChainIndex : IDisposable
{
    private readonly StateTable _table;
    private readonly int _links;

    /// <param name="linksOffset">Where the field lies in the row (<see cref="RowLayout.ExtraOffset"/>).</param>
    public ChainIndex(StateTable table, int linksOffset)
        : this(table, linksOffset, false)
    {
    }

    internal ChainIndex(StateTable table, int linksOffset, bool isShared)
    {
        _table = table;
        _links = linksOffset;
        Index = new HashIndex(table, isShared);
    }

    /// <summary>Different keys.</summary>
    public long Keys => Index.Entries;

    public long Bytes => Index.Bytes;

    internal HashIndex Index { get; }

    /// <summary>Adds a live row of the table under the key that it has.</summary>
    /// <param name="row">The input row whose key equals the stored row's.</param>
    public void Add<TKey>(ref TKey key, int row, ulong hash, uint slot)
        where TKey : struct, IRowKey
    {
        var first = Index.FindOne(ref key, hash, row);
        var links = Links(_table.Change(slot));
        *links = default;
        if (first == StateTable.None)
        {
            Index.Insert(hash, slot);
            return;
        }

        var second = Links(_table.Row(first))->NextPlusOne;
        links->NextPlusOne = second;
        links->PreviousPlusOne = first + 1;
        Links(_table.Change(first))->NextPlusOne = slot + 1;
        if (second != 0) Links(_table.Change(second - 1))->PreviousPlusOne = slot + 1;
    }

    /// <summary>Takes a row out of its key's list. Call before the row is removed from the table.</summary>
    public void Remove(ulong hash, uint slot)
    {
        var links = *Links(_table.Row(slot));
        if (links.NextPlusOne != 0) Links(_table.Change(links.NextPlusOne - 1))->PreviousPlusOne = links.PreviousPlusOne;
        if (links.PreviousPlusOne != 0)
        {
            Links(_table.Change(links.PreviousPlusOne - 1))->NextPlusOne = links.NextPlusOne;
            return;
        }

        if (links.NextPlusOne != 0) Index.Replace(hash, slot, links.NextPlusOne - 1);
        else if (!Index.Remove(hash, slot)) throw new InvalidOperationException("A row that is to be removed is not in the index under this hash.");
    }

    /// <summary>The first row of each key, <see cref="StateTable.None"/> where there is none; parameters as in HashIndex.Find.</summary>
    public void Find<TKey>(ref TKey key, ulong* hashes, int* rows, int count, uint* first)
        where TKey : struct, IRowKey => Index.Find(ref key, hashes, rows, count, first);

    public uint First<TKey>(ref TKey key, int row, ulong hash)
        where TKey : struct, IRowKey => Index.FindOne(ref key, hash, row);

    /// <summary>The row after a cursor, or <see cref="StateTable.None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Next(uint cursor) => Links(_table.Row(cursor))->NextPlusOne - 1;

    /// <summary>The row after one that a reader has copied.</summary>
    internal uint NextIn(byte* image) => Links(image)->NextPlusOne - 1;

    /// <summary>Checks everything that must hold, in time proportional to the rows.</summary>
    public void CheckInvariants(long rows)
    {
        Index.CheckInvariants();
        long linked = 0, firsts = 0;
        for (uint slot = 0; _table.NextLive(ref slot); slot++)
        {
            var links = *Links(_table.Row(slot));
            if (links.PreviousPlusOne == 0) firsts++;
            else Check.That(Links(_table.Row(links.PreviousPlusOne - 1))->NextPlusOne == slot + 1, "the row before names this one as its next");
            if (links.NextPlusOne != 0) Check.That(Links(_table.Row(links.NextPlusOne - 1))->PreviousPlusOne == slot + 1, "the next row names this one as its previous");
            linked++;
        }

        Check.That(linked == rows && firsts == Keys, "every row is in one list, every list in the index");
    }

    public void Dispose() => Index.Dispose();

    private RowLinks* Links(byte* row) => (RowLinks*)(row + _links);
}
