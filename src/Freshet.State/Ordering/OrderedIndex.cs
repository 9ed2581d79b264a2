using System.Diagnostics;
using System.Runtime.CompilerServices;
using Freshet.State.Pages;

namespace Freshet.State.Ordering;

/// <summary>
/// Entries in order of a key of a fixed number of 64-bit words, each with one word of value (a slot, a count, a weight): a B+ tree
/// over pages. For MIN and MAX under retraction, Top-N, expiry, timers, interval joins.
/// <code>
/// page:   uint count | uint 1 if leaf | uint next leaf + 1 | uint padding | entries in order of key
/// leaf:   entry = key words | value
/// inner:  entry = least key of the child (of the first child: anything) | child page
/// </code>
/// Usual keys: {group, value, slot} with the group's slot first, so that one tree serves all groups.
/// Invariants: keys are strictly ascending within and across leaves; every leaf is equally deep; a page that is not the root is
/// not empty. A page splits in the middle, or at the end when keys come in ascending order. A page that falls under a
/// quarter is joined with a neighbour, or takes some of its entries.
/// Cost: one binary search a level, a move of half a page for an insertion. One thread uses it.
/// </summary>
public sealed unsafe class OrderedIndex<TOrder> : IDisposable
    where TOrder : struct, IKeyOrder
{
    private const int HeaderBytes = 16;
    private const int MaxDepth = 12;

    private readonly int _words;
    private readonly int _entryWords;
    private readonly int _capacity;
    private readonly PageStore _pages;
    private TOrder _order;
    private uint _root;
    private int _depth;
    private long _changes;

    /// <param name="words">Words of a key, at most 6.</param>
    public OrderedIndex(int words, TOrder order, PageVersions versions)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(words, OrderedCursor.MaxWords);
        _words = words;
        _order = order;
        _entryWords = words + 1;
        _capacity = (PageStore.PageBytes - HeaderBytes) / (_entryWords * sizeof(ulong));
        _pages = new PageStore(versions);
        _root = NewPage(true);
        _depth = 1;
    }

    /// <summary>Entries.</summary>
    public long Count { get; private set; }

    /// <summary>Native bytes held.</summary>
    public long Bytes => _pages.Bytes;

    /// <summary>The pages, for checkpoints, with <see cref="Root"/>.</summary>
    public PageStore Pages => _pages;

    public uint Root => _root;

    /// <summary>Adds an entry, or replaces the value of one; true when it is new.</summary>
    public bool Put(ulong* key, ulong value)
    {
        var entry = FindOrMake(key, out var isNew);
        entry[_words] = value;
        return isNew;
    }

    /// <summary>
    /// Adds to the value of an entry as a signed count; an entry that does not exist counts 0, and one that comes to 0 is
    /// removed. Gives the new count.
    /// </summary>
    public long AddTo(ulong* key, long delta)
    {
        if (delta == 0) return TryFind(key, out var now) ? (long)now : 0;
        var entry = FindOrMake(key, out _);
        var before = (long)entry[_words];
        var count = checked(before + delta);
        entry[_words] = (ulong)count;
        if (count == 0) Remove(key);
        return count;
    }

    public bool TryFind(ulong* key, out ulong value)
    {
        var page = LeafOf(key);
        var index = LowerBound(page, key);
        value = 0;
        if (index == CountOf(page) || _order.Compare(KeyAt(page, index), key) != 0) return false;
        value = KeyAt(page, index)[_words];
        return true;
    }

    /// <summary>Removes an entry; false if there is none.</summary>
    public bool Remove(ulong* key)
    {
        var path = stackalloc uint[MaxDepth];
        var positions = stackalloc int[MaxDepth];
        var page = Descend(key, path, positions);
        var index = LowerBound(page, key);
        if (index == CountOf(page) || _order.Compare(KeyAt(page, index), key) != 0) return false;
        Cut(page, index, 1);
        Count--;
        Rebalance(path, positions);
        return true;
    }

    /// <summary>Removes all entries from a key up to, and without, another; gives their number. Costs the pages touched.</summary>
    public long RemoveRange(ulong* from, ulong* until)
    {
        var path = stackalloc uint[MaxDepth];
        var positions = stackalloc int[MaxDepth];
        long removed = 0;
        while (true)
        {
            var cursor = Seek(from);
            if (!TryRead(ref cursor, out var found) || _order.Compare(found, until) >= 0) return removed;

            // The path of an entry that is there, so that the leaf is its own and not the one before.
            var page = Descend(found, path, positions);
            var start = LowerBound(page, from);
            var end = LowerBound(page, until);
            Cut(page, start, end - start);
            Count -= end - start;
            removed += end - start;
            Rebalance(path, positions);
        }
    }

    /// <summary>A cursor before the first entry whose key is at least this.</summary>
    public OrderedCursor Seek(ulong* key)
    {
        var cursor = default(OrderedCursor);
        for (var i = 0; i < _words; i++) cursor.Key[i] = key[i];
        Place(ref cursor);
        return cursor;
    }

    /// <summary>The entry after a cursor, without moving it: key words, then value. False at the end. Good until the index changes.</summary>
    public bool TryRead(ref OrderedCursor cursor, out ulong* entry)
    {
        if (cursor.Changes != _changes) Place(ref cursor);
        while (cursor.Index == CountOf(cursor.Leaf))
        {
            var next = NextOf(cursor.Leaf);
            if (next == 0)
            {
                entry = null;
                return false;
            }

            cursor.Leaf = next - 1;
            cursor.Index = 0;
        }

        entry = KeyAt(cursor.Leaf, cursor.Index);
        return true;
    }

    /// <summary>The entry after a cursor, and moves behind it.</summary>
    public bool TryNext(ref OrderedCursor cursor, out ulong* entry)
    {
        if (!TryRead(ref cursor, out entry)) return false;
        cursor.Index++;
        cursor.IsBehind = true;
        for (var i = 0; i < _words; i++) cursor.Key[i] = entry[i];
        return true;
    }

    /// <summary>The last entry whose key is less than this; null if there is none. For MAX: the bound is the next group.</summary>
    public ulong* Before(ulong* key)
    {
        var path = stackalloc uint[MaxDepth];
        var positions = stackalloc int[MaxDepth];
        var page = Descend(key, path, positions);
        var index = LowerBound(page, key);
        if (index > 0) return KeyAt(page, index - 1);

        // The last entry of the subtree to the left.
        for (var level = _depth - 2; level >= 0; level--)
        {
            if (positions[level] == 0) continue;
            page = ChildAt(path[level], positions[level] - 1);
            for (var below = level + 1; below < _depth - 1; below++) page = ChildAt(page, CountOf(page) - 1);
            return KeyAt(page, CountOf(page) - 1);
        }

        return null;
    }

    /// <summary>Checks everything that must hold, in time proportional to the index.</summary>
    public void CheckInvariants()
    {
        long entries = 0;
        var pages = 0;
        ulong* last = null;
        uint expectedNext = 0;
        CheckPage(_root, 1, ref entries, ref pages, ref last, ref expectedNext);
        Check.That(entries == Count, "the index counts its entries");
        Check.That(pages == _pages.Used, "every page is in the tree");
        Check.That(expectedNext == 0, "the last leaf has no next");
    }

    public void Dispose()
    {
        _pages.Dispose();
        Count = 0;
    }

    private int CountOf(uint page) => *(int*)_pages.At(page);

    private uint NextOf(uint page) => ((uint*)_pages.At(page))[2];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong* KeyAt(uint page, int index) => (ulong*)(_pages.At(page) + HeaderBytes) + (nint)index * _entryWords;

    private uint ChildAt(uint page, int index) => (uint)KeyAt(page, index)[_words];

    private uint NewPage(bool isLeaf)
    {
        var page = _pages.Allocate();
        ((uint*)_pages.At(page))[1] = isLeaf ? 1u : 0;
        return page;
    }

    private int LowerBound(uint page, ulong* key)
    {
        int low = 0, high = CountOf(page);
        var entries = KeyAt(page, 0);
        while (low < high)
        {
            var middle = low + high >>> 1;
            if (_order.Compare(entries + (nint)middle * _entryWords, key) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>The child to descend to: the last whose least key is at most the key; the first one's key is not looked at.</summary>
    private int ChildFor(uint page, ulong* key)
    {
        int low = 1, high = CountOf(page);
        var entries = KeyAt(page, 0);
        while (low < high)
        {
            var middle = low + high >>> 1;
            if (_order.Compare(entries + (nint)middle * _entryWords, key) <= 0) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }

    private uint LeafOf(ulong* key)
    {
        var page = _root;
        for (var level = 1; level < _depth; level++) page = ChildAt(page, ChildFor(page, key));
        return page;
    }

    private uint Descend(ulong* key, uint* path, int* positions)
    {
        var page = _root;
        for (var level = 0; level < _depth - 1; level++)
        {
            path[level] = page;
            positions[level] = ChildFor(page, key);
            page = ChildAt(page, positions[level]);
        }

        path[_depth - 1] = page;
        return page;
    }

    private void Place(ref OrderedCursor cursor)
    {
        fixed (ulong* key = cursor.Key)
        {
            cursor.Leaf = LeafOf(key);
            cursor.Index = LowerBound(cursor.Leaf, key);
            if (cursor.IsBehind && cursor.Index < CountOf(cursor.Leaf) && _order.Compare(KeyAt(cursor.Leaf, cursor.Index), key) == 0)
                cursor.Index++;
        }

        cursor.Changes = _changes;
    }

    private ulong* FindOrMake(ulong* key, out bool isNew)
    {
        var path = stackalloc uint[MaxDepth];
        var positions = stackalloc int[MaxDepth];
        while (true)
        {
            var page = Descend(key, path, positions);
            var index = LowerBound(page, key);
            isNew = index == CountOf(page) || _order.Compare(KeyAt(page, index), key) != 0;
            if (!isNew)
            {
                _pages.Touch(page);
                return KeyAt(page, index);
            }

            if (CountOf(page) == _capacity)
            {
                // Makes room at one level and looks again: splits are rare.
                Split(path, positions, _depth - 1, index == _capacity && NextOf(page) == 0);
                continue;
            }

            Count++;
            return PutAt(page, index, key, 0);
        }
    }

    private ulong* PutAt(uint page, int index, ulong* key, ulong value)
    {
        Open(page, index);
        var entry = KeyAt(page, index);
        for (var i = 0; i < _words; i++) entry[i] = key[i];
        entry[_words] = value;
        return entry;
    }

    /// <summary>Splits the page of a level; where the page above is full, that one instead; where there is none, puts one above.</summary>
    private void Split(uint* path, int* positions, int level, bool isAppend)
    {
        if (level == 0)
        {
            GrowRoot();
            return;
        }

        var parent = path[level - 1];
        if (CountOf(parent) == _capacity)
        {
            Split(path, positions, level - 1, isAppend);
            return;
        }

        var page = path[level];
        var isLeaf = level == _depth - 1;
        var right = NewPage(isLeaf);
        _pages.Touch(page);

        // Ascending keys leave full leaves behind; otherwise both halves get room.
        var keep = isAppend && isLeaf ? _capacity - 1 : _capacity / 2;
        MoveEntries(page, keep, right, 0, _capacity - keep);
        *(int*)_pages.At(right) = _capacity - keep;
        *(int*)_pages.At(page) = keep;
        if (isLeaf)
        {
            ((uint*)_pages.At(right))[2] = NextOf(page);
            ((uint*)_pages.At(page))[2] = right + 1;
        }

        PutAt(parent, positions[level - 1] + 1, KeyAt(right, 0), right);
    }

    private void GrowRoot()
    {
        if (_depth == MaxDepth) throw new InvalidOperationException("An ordered index is deeper than any that fits in memory.");
        var root = NewPage(false);
        *(int*)_pages.At(root) = 1;
        KeyAt(root, 0)[_words] = _root;
        _root = root;
        _depth++;
    }

    private void MoveEntries(uint from, int fromIndex, uint to, int toIndex, int count) =>
        Buffer.MemoryCopy(KeyAt(from, fromIndex), KeyAt(to, toIndex), long.MaxValue, (long)count * _entryWords * sizeof(ulong));

    private void Open(uint page, int index)
    {
        _pages.Touch(page);
        _changes++;
        var count = CountOf(page);
        Debug.Assert(count < _capacity, "a page has room before an entry is put in");
        MoveEntries(page, index, page, index + 1, count - index);
        *(int*)_pages.At(page) = count + 1;
    }

    private void Cut(uint page, int index, int count)
    {
        _pages.Touch(page);
        _changes++;
        MoveEntries(page, index + count, page, index, CountOf(page) - index - count);
        *(int*)_pages.At(page) -= count;
    }

    /// <summary>After a removal in the leaf of a path: joins or evens out pages that have become small, level by level.</summary>
    private void Rebalance(uint* path, int* positions)
    {
        for (var level = _depth - 1; level > 0 && CountOf(path[level]) < _capacity / 4; level--)
        {
            // With the right neighbour if there is one, else with the left; a page that is not the root has at least two children.
            var parent = path[level - 1];
            var position = positions[level - 1];
            if (!Join(parent, position + 1 < CountOf(parent) ? position : position - 1)) break;
        }

        while (_depth > 1 && CountOf(_root) == 1)
        {
            var old = _root;
            _root = ChildAt(_root, 0);
            _pages.Free(old);
            _depth--;
        }
    }

    /// <summary>Makes one page of two neighbours, or shares their entries evenly if one page would be nearly full; true if the right one is gone.</summary>
    private bool Join(uint parent, int position)
    {
        uint left = ChildAt(parent, position), right = ChildAt(parent, position + 1);
        int leftCount = CountOf(left), rightCount = CountOf(right), total = leftCount + rightCount;
        _pages.Touch(left);
        _pages.Touch(right);
        _pages.Touch(parent);
        _changes++;
        var separator = KeyAt(parent, position + 1);

        // The first key of an inner page is not kept up: the page above knows it.
        if (((uint*)_pages.At(right))[1] == 0)
            for (var i = 0; i < _words; i++) KeyAt(right, 0)[i] = separator[i];
        if (total <= _capacity * 3 / 4)
        {
            MoveEntries(right, 0, left, leftCount, rightCount);
            *(int*)_pages.At(left) = total;
            ((uint*)_pages.At(left))[2] = NextOf(right);
            Cut(parent, position + 1, 1);
            _pages.Free(right);
            return true;
        }

        var half = total / 2;
        if (leftCount < half)
        {
            MoveEntries(right, 0, left, leftCount, half - leftCount);
            MoveEntries(right, half - leftCount, right, 0, total - half);
        }
        else
        {
            MoveEntries(right, 0, right, leftCount - half, rightCount);
            MoveEntries(left, half, right, 0, leftCount - half);
        }

        *(int*)_pages.At(left) = half;
        *(int*)_pages.At(right) = total - half;
        for (var i = 0; i < _words; i++) separator[i] = KeyAt(right, 0)[i];
        return false;
    }

    private void CheckPage(uint page, int level, ref long entries, ref int pages, ref ulong* last, ref uint expectedNext)
    {
        pages++;
        var isLeaf = level == _depth;
        Check.That(((uint*)_pages.At(page))[1] != 0 == isLeaf, "every leaf is equally deep");
        Check.That(page == _root || CountOf(page) > 0, "only the root may be empty");
        if (isLeaf && entries > 0) Check.That(expectedNext == page + 1, "a leaf names the next one");
        for (var i = 0; i < CountOf(page); i++)
        {
            var entry = KeyAt(page, i);
            if (!isLeaf)
            {
                if (i > 0 && last is not null) Check.That(_order.Compare(last, entry) < 0, "a separator is above what lies left of it");
                CheckPage(ChildAt(page, i), level + 1, ref entries, ref pages, ref last, ref expectedNext);
                continue;
            }

            if (last is not null) Check.That(_order.Compare(last, entry) < 0, "keys are ascending");
            last = entry;
            entries++;
        }

        if (isLeaf) expectedNext = NextOf(page);
    }
}
