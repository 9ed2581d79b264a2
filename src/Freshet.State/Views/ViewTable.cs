using System.Diagnostics;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;
using Freshet.State.Hashing;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Views;

/// <summary>
/// The served result of a materialized view. Written in place by one thread, only between <see cref="ViewPublication.Begin"/>
/// and <see cref="ViewPublication.End"/>; read at any time by any thread.
/// <para>Rows have a primary key, or else are kept once per different content, with their weight. An update replaces the row of
/// its key in one go: a reader finds the old or the new row, never none.</para>
/// <para>Invariants: after a publication, a row with a key is the last one added and not taken back; a row without has a positive
/// weight; every row is in the primary index and in the list of its key in every lookup index.</para>
/// <para>Point reads (<see cref="Get"/>) take no lock. Everything that reads more than one row pins a version.</para>
/// </summary>
public sealed unsafe class ViewTable : IDisposable
{
    private readonly ViewSpec _spec;
    private readonly ulong _seed;
    private readonly RowLayout _layout;
    private readonly StateTable _table;
    private readonly HashIndex _primary;
    private readonly int[] _keyColumns;
    private readonly int[] _allColumns;
    private readonly int[][] _lookupColumns;
    private readonly ChainIndex[] _lookups;
    private long _weight;
    private int _isDropped;

    /// <param name="ordinal">Its place among the shapes of a version.</param>
    internal ViewTable(ViewSpec spec, PageVersions versions, ulong seed, int ordinal)
    {
        Ordinal = ordinal;
        _spec = spec;
        _seed = seed;
        _allColumns = [.. Enumerable.Range(0, spec.Columns.Length)];
        _keyColumns = spec.HasKey ? [.. spec.Key] : _allColumns;
        _lookupColumns = [.. spec.Lookups.Select(l => l.ToArray())];
        var extras = new List<ExtraField>();
        if (!spec.HasKey) extras.Add(new ExtraField(sizeof(long)));
        extras.AddRange(spec.Lookups.Select(_ => new ExtraField(RowLinks.Bytes)));
        _layout = new RowLayout(spec.Columns, [.. extras]);
        WeightOffset = spec.HasKey ? -1 : _layout.ExtraOffset(0);
        _table = new StateTable(_layout, versions, isShared: true, rowsStay: false);
        _primary = new HashIndex(_table, true);
        _lookups = [.. Enumerable.Range(0, _lookupColumns.Length).Select(i => new ChainIndex(_table, _layout.ExtraOffset(i + (spec.HasKey ? 0 : 1)), true))];
        Shape = MakeShape();
    }

    /// <summary>Different rows, as of the last publication.</summary>
    public long Rows => Volatile.Read(ref _shape).Rows;

    /// <summary>Native bytes held.</summary>
    public long Bytes => _table.Bytes + _primary.Bytes + _lookups.Sum(l => l.Bytes);

    public ViewSpec Spec => _spec;

    /// <summary>Its place among the shapes of a version; no other view of the database ever has it.</summary>
    internal int Ordinal { get; }

    internal int WeightOffset { get; }

    internal StateTable Table => _table;

    internal HashIndex Primary => _primary;

    internal ReadOnlySpan<int> KeyColumns => _keyColumns;

    internal ViewShape Shape
    {
        get => Volatile.Read(ref _shape);
        private set => Volatile.Write(ref _shape, value);
    }

    private ViewShape _shape = null!;

    /// <summary>
    /// Applies a step's whole delta, in a publication. First all rows that are added, then those taken back, so that a key whose
    /// row is replaced is never without one. The batches stay the caller's.
    /// </summary>
    /// <exception cref="InvalidOperationException">A row is taken back that is not there: a bug of the operators before.</exception>
    public void Apply(IReadOnlyList<Batch> delta)
    {
        var scratch = BatchMemory.Create();
        var changes = new RowChanges[delta.Count];
        for (var i = 0; i < changes.Length; i++)
        {
            changes[i] = new RowChanges(delta[i], _keyColumns, _lookupColumns, _table, _seed, scratch);
            Apply(changes[i], adds: true, scratch);
        }

        for (var i = 0; i < changes.Length; i++)
            if (delta[i].Weights is not null) Apply(changes[i], adds: false, scratch);
        scratch.Release();
        _table.EndOfStep();
        Shape = MakeShape();
    }

    /// <summary>The row of a primary key, as of the last publication or one that is under way; null if there is none. No lock is taken.</summary>
    /// <param name="key">One value (row 0) for each key column; for a view without key the whole row.</param>
    /// <returns>A batch of one row that the caller releases.</returns>
    public Batch? Get(ReadOnlySpan<Column> key)
    {
        var ticket = ReaderEpochs.Enter();
        try
        {
            if (Volatile.Read(ref _isDropped) != 0) return null;
            return Get(new CurrentPages(), 0, key);
        }
        finally
        {
            ReaderEpochs.Leave(ticket);
        }
    }

    /// <summary>Checks everything that must hold, in time proportional to the view.</summary>
    public void CheckInvariants()
    {
        _table.CheckInvariants();
        _primary.CheckInvariants();
        Check.That(_primary.Entries == _table.Rows, "every row is in the primary index");
        foreach (var lookup in _lookups) lookup.CheckInvariants(_table.Rows);
        if (_spec.HasKey) return;
        for (uint slot = 0; _table.NextLive(ref slot); slot++)
            Check.That(*(long*)(_table.Row(slot) + WeightOffset) > 0, "a row has a positive weight");
    }

    /// <summary>Frees the view's memory once no reader can be in it; called by <see cref="ViewPublication"/> when no version with it is pinned.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDropped, 1) != 0) return;
        var epoch = ReaderEpochs.Current;
        var spin = new SpinWait();
        while (!ReaderEpochs.HavePassed(epoch))
        {
            ReaderEpochs.TryAdvance();
            spin.SpinOnce();
        }

        foreach (var lookup in _lookups) lookup.Dispose();
        _primary.Dispose();
        _table.Dispose();
    }

    internal Batch? Get<TPages>(TPages pages, long pinnedShape, ReadOnlySpan<Column> key)
        where TPages : struct, IPageSource
    {
        var memory = BatchMemory.Create();
        var image = memory.Allocate(_layout.RowBytes);
        if (!Find(pages, pinnedShape, key, image, memory))
        {
            memory.Release();
            return null;
        }

        var builder = new RowBatchBuilder(_layout, WeightOffset, 1, memory);
        builder.Add(image);
        return builder.ToBatch();
    }

    /// <summary>Copies the row of a primary key to <paramref name="image"/>; false without one.</summary>
    internal bool Find<TPages>(TPages pages, long pinnedShape, ReadOnlySpan<Column> key, byte* image, BatchMemory memory)
        where TPages : struct, IPageSource => Find(pages, pinnedShape, key, HashOf(key), image, memory);

    /// <summary>The hash of a key: the same in every view with the same seed.</summary>
    internal ulong HashOf(ReadOnlySpan<Column> key)
    {
        ulong hash;
        HashKernel.Hash(key, null, 1, _seed, &hash);
        return hash;
    }

    /// <param name="resolvesAll">As in <see cref="ViewReader"/>.</param>
    internal bool Find<TPages>(TPages pages, long pinnedShape, ReadOnlySpan<Column> key, ulong hash, byte* image, BatchMemory memory, bool resolvesAll = true)
        where TPages : struct, IPageSource
    {
        return ViewReader.Find(pages, _table, _primary, pinnedShape, hash, _keyColumns, key, image, memory, resolvesAll) != StateTable.None
            && (WeightOffset < 0 || *(long*)(image + WeightOffset) > 0);
    }

    /// <summary>The first row of a key in a lookup index as of a pin, copied to <paramref name="image"/>; None without one.</summary>
    /// <param name="resolvesAll">As in <see cref="ViewReader"/>.</param>
    internal uint FirstOf(int lookup, PinnedPages pages, long pinnedShape, ReadOnlySpan<Column> key, byte* image, BatchMemory memory, bool resolvesAll = true) =>
        ViewReader.Find(pages, _table, _lookups[lookup].Index, pinnedShape, HashOf(key), _lookupColumns[lookup], key, image, memory, resolvesAll);

    internal ReadOnlySpan<int> LookupColumns(int lookup) => _lookupColumns[lookup];

    internal HashIndex Lookup(int lookup) => _lookups[lookup].Index;

    internal uint NextOf(int lookup, byte* image) => _lookups[lookup].NextIn(image);

    private ViewShape MakeShape() =>
        new(_table.Rows, _spec.HasKey ? _table.Rows : _weight, _primary.Shape, [.. _lookups.Select(l => l.Index.Shape)]);

    /// <summary>A batch of a delta with what both passes over it need, computed once. Lies in the scratch memory.</summary>
    private readonly struct RowChanges
    {
        public RowChanges(Batch batch, int[] keyColumns, int[][] lookupColumns, StateTable table, ulong seed, BatchMemory scratch)
        {
            Batch = batch;
            Hashes = scratch.Allocate<ulong>(batch.Rows);
            HashKernel.Hash(batch, keyColumns, seed, Hashes);
            Lookups = new LookupHashes(batch, lookupColumns, seed, scratch);
            Key = new ColumnsKey(table, keyColumns, [.. keyColumns.Select(c => batch.Columns[c])]);
        }

        public Batch Batch { get; }

        public ulong* Hashes { get; }

        public LookupHashes Lookups { get; }

        public ColumnsKey Key { get; }
    }

    private void Apply(in RowChanges changes, bool adds, BatchMemory scratch)
    {
        var (batch, lookupHashes, key) = (changes.Batch, changes.Lookups, changes.Key);
        var hashes = changes.Hashes;
        var image = scratch.Allocate(_layout.RowBytes);
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            var weight = batch.WeightOf(row);
            if (weight == 0 || weight > 0 != adds || (!adds && IsReplaced(changes, i))) continue;
            var slot = _primary.FindOne(ref key, hashes[row], row);
            if (_spec.HasKey)
            {
                if (!adds) TakeBack(batch, row, slot, hashes[row], lookupHashes);
                else if (slot == StateTable.None) Insert(batch, row, hashes[row], lookupHashes, image, 1);
                else Replace(batch, row, slot, lookupHashes, image);
                continue;
            }

            _weight += weight;
            if (slot == StateTable.None)
            {
                if (!adds) throw new InvalidOperationException("A row is taken back that the view does not have.");
                Insert(batch, row, hashes[row], lookupHashes, image, weight);
            }
            else AddWeight(row, slot, hashes[row], lookupHashes, image, weight);
        }
    }

    /// <summary>Whether the row that is taken back stands beside the one that has taken its place: most of them do, and need no look-up.</summary>
    private bool IsReplaced(in RowChanges changes, int at) =>
        _spec.HasKey && ((at + 1 < changes.Batch.Count && IsSuccessor(changes, at, at + 1)) || (at > 0 && IsSuccessor(changes, at, at - 1)));

    private bool IsSuccessor(in RowChanges changes, int at, int other)
    {
        var (row, next) = (changes.Batch.RowAt(at), changes.Batch.RowAt(other));
        if (changes.Batch.WeightOf(next) <= 0 || changes.Hashes[row] != changes.Hashes[next]) return false;
        foreach (var column in _keyColumns)
            if (!CompareKernel.ValuesEqual(changes.Batch.Columns[column], row, changes.Batch.Columns[column], next)) return false;
        return !CompareKernel.RowsEqual(changes.Batch.Columns, row, changes.Batch.Columns, next);
    }

    private void Insert(Batch batch, int row, ulong hash, in LookupHashes lookupHashes, byte* image, long weight)
    {
        var slot = _table.Reserve();
        new Span<byte>(image, _layout.RowBytes).Clear();
        Fill(batch, row, slot, image);
        if (WeightOffset >= 0) *(long*)(image + WeightOffset) = weight;
        _table.Publish(slot, image);
        _primary.Insert(hash, slot);
        for (var l = 0; l < _lookups.Length; l++) AddToLookup(l, batch, row, slot, lookupHashes);
    }

    private void Replace(Batch batch, int row, uint slot, in LookupHashes lookupHashes, byte* image)
    {
        var stored = _table.Row(slot);
        if (AreEqual(stored, _allColumns, batch, row)) return;
        var moved = 0UL;
        for (var l = 0; l < _lookups.Length; l++)
        {
            if (AreEqual(stored, _lookupColumns[l], batch, row)) continue;
            moved |= 1UL << l;
            _lookups[l].Remove(RowCells.Hash(_table, stored, _lookupColumns[l], _seed), slot);
        }

        // The links of the lists that the row stays in come with the copy.
        Buffer.MemoryCopy(stored, image, _layout.RowBytes, _layout.RowBytes);
        foreach (var offset in _layout.TextOffsets) _table.FreeText(*(StoredText*)(stored + offset));
        Fill(batch, row, slot, image);
        _table.Publish(slot, image);
        for (var l = 0; l < _lookups.Length; l++)
            if ((moved >> l & 1) != 0) AddToLookup(l, batch, row, slot, lookupHashes);
    }

    private void TakeBack(Batch batch, int row, uint slot, ulong hash, in LookupHashes lookupHashes)
    {
        // A row that was replaced in this publication is not the one that is taken back.
        if (slot != StateTable.None && AreEqual(_table.Row(slot), _allColumns, batch, row)) Remove(row, slot, hash, lookupHashes);
    }

    private void AddWeight(int row, uint slot, ulong hash, in LookupHashes lookupHashes, byte* image, long weight)
    {
        Buffer.MemoryCopy(_table.Row(slot), image, _layout.RowBytes, _layout.RowBytes);
        var sum = *(long*)(image + WeightOffset) += weight;
        if (sum < 0) throw new InvalidOperationException("A row is taken back more often than the view has it.");
        if (sum == 0) Remove(row, slot, hash, lookupHashes);
        else _table.Publish(slot, image);
    }

    private void Remove(int row, uint slot, ulong hash, in LookupHashes lookupHashes)
    {
        for (var l = 0; l < _lookups.Length; l++) _lookups[l].Remove(lookupHashes.Of(l, row), slot);
        var removed = _primary.Remove(hash, slot);
        Debug.Assert(removed, "every row is in the primary index");
        _table.Remove(slot);
    }

    private void AddToLookup(int lookup, Batch batch, int row, uint slot, in LookupHashes lookupHashes)
    {
        var key = lookupHashes.KeyOf(lookup, _table);
        _lookups[lookup].Add(ref key, row, lookupHashes.Of(lookup, row), slot);
    }

    private bool AreEqual(byte* stored, int[] columns, Batch batch, int row)
    {
        foreach (var column in columns)
            if (!RowCells.AreEqual(_table, stored, column, batch.Columns[column], row)) return false;
        return true;
    }

    /// <summary>Writes a batch's row to an image of the row in a slot. Old texts of the image are the caller's.</summary>
    private void Fill(Batch batch, int row, uint slot, byte* image)
    {
        for (var c = 0; c < _layout.Columns; c++)
        {
            ref var source = ref batch.Columns[c];
            var isNull = source.IsNull(row);
            RowCells.SetNull(_layout, image, c, isNull);
            var target = image + _layout.OffsetOf(c);
            var kind = source.Kind;
            if (isNull) new Span<byte>(target, Columns.Types.PhysicalKinds.WidthBytes(kind)).Clear();
            else if (kind == Columns.Types.PhysicalKind.View) *(StoredText*)target = _table.KeepText(source.As<StringView>() + source.IndexOf(row), slot, _layout.OffsetOf(c));
            else RowCells.CopyFixed(kind, (byte*)source.Values, source.IndexOf(row), target);
        }
    }
}
