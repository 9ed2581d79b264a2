using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Arrangements;

/// <summary>
/// One share of a relation, indexed by key once for all operators of the share that look into it.
/// Invariant: until the end of a step it shows the relation before the step. Whoever looks into it takes the step's changes from the
/// relation's stream, and meets them with what the whole step has left of its own rows.
/// A row with a NULL in its key is not kept.
/// </summary>
public sealed unsafe class SharedRelation : IDisposable
{
    private readonly ArrangedKeys _keys;
    private readonly int[] _keyColumns;
    private readonly List<Batch> _changes = [];

    /// <param name="types">Types of its columns.</param>
    /// <param name="keys">The columns that it is looked up by.</param>
    /// <param name="seed">The database's hash seed.</param>
    public SharedRelation(ImmutableArray<SqlType> types, ImmutableArray<int> keys, ulong seed)
    {
        _keyColumns = [.. keys];
        _keys = new ArrangedKeys(types, keys, 1, seed);
        Rows = new Arrangement(types, _keys, 0, isAppendOnly: false, countsMatches: false, seed);
    }

    internal Arrangement Rows { get; }

    internal long Bytes => Rows.Bytes + _keys.Bytes;

    public void Dispose()
    {
        foreach (var batch in _changes) batch.Release();
        Rows.Dispose();
        _keys.Dispose();
    }

    /// <summary>The first row of the key of each row, or <see cref="Arrangement.None"/>.</summary>
    internal void FindFirst(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, int* first, BatchMemory scratch) =>
        _keys.FindFirst(0, batch, keys, rows, count, first, scratch);

    /// <summary>Keeps changes for the end of the step, and takes over the batch.</summary>
    internal void Add(Batch batch) => _changes.Add(batch);

    /// <summary>The step is over: its changes are part of the relation.</summary>
    internal void EndOfStep()
    {
        foreach (var batch in _changes)
        {
            Apply(batch);
            batch.Release();
        }

        _changes.Clear();
        Rows.EndOfStep();
        _keys.EndOfStep();
    }

    private void Apply(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var count = Joins.JoinKernel.SplitByNull(batch, _keyColumns, RowNumbers.Of(batch), batch.Count, rows, scratch.Allocate<int>(batch.Count), out _);
        var (slots, keys) = ((nint)scratch.Allocate<int>(count), (nint)scratch.Allocate<int>(count));
        var firsts = (int**)scratch.Allocate<nint>(count);
        _keys.FindOrAdd(batch, _keyColumns, rows, count, scratch, (int*)keys, firsts);
        Rows.Place(batch, rows, count, (int*)slots, (int*)keys, firsts, scratch);
        Rows.AddWeights(batch, rows, (int*)slots, count);
        scratch.Release();
    }
}
