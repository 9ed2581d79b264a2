using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;

namespace Freshet.Dataflow.Sorting;

/// <summary>
/// Sorts a bounded result and cuts OFFSET and LIMIT out of it: collects the rows of all steps and gives them, sorted, at the
/// end of all input (when the watermark is <see cref="Operator.EndWatermark"/>). A row of weight n counts n times. Has one share.
/// State: all rows until the end; with a limit over an input that takes nothing back, at most the rows that can still be in
/// the result and one chunk more.
/// Cost: a sort of the rows collected.
/// </summary>
public sealed unsafe class SortOperator : Operator
{
    /// <summary>With a limit, rows collected beyond it before the others are dropped.</summary>
    private const int ChunkRows = 65536;

    private readonly SortSpec _spec;
    private readonly List<Batch> _batches = [];
    private SortKey[]? _keys;
    private long _collected;
    private long _heldBytes;
    private Batch? _all;
    private BatchMemory? _scratch;
    private int* _rows;
    private long* _weights;
    private int _count;
    private int _next;
    private long _skip;
    private long _left;

    public SortOperator(SortSpec spec) => _spec = spec;

    public override long StateRows => _collected;

    public override long StateBytes => _heldBytes;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        _keys ??= KeysOf(batch.Columns.Length);
        // A batch that is kept holds no more than its rows, and no text of another operator's state.
        batch = GatherKernel.Own(batch);
        _batches.Add(batch);
        _heldBytes += batch.Memory.AllocatedBytes;
        _collected += batch.Count;
        if (_spec.IsAppendOnly && _spec.Reach is { } reach && _collected >= reach + ChunkRows) Prune(reach);
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        if (watermark != EndWatermark || _batches.Count == 0) return;
        Merge();
        _skip = _spec.Offset;
        _left = _spec.Limit ?? long.MaxValue;
        _next = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        if (_all is null) return null;
        var from = _next;
        var kept = 0;
        for (; _next < _count && kept < Batch.MaxRows && _left > 0; _next++)
        {
            var weight = _weights[_next];
            if (weight < 0) continue;
            var skipped = Math.Min(weight, _skip);
            _skip -= skipped;
            weight = Math.Min(weight - skipped, _left);
            if (weight == 0) continue;
            _left -= weight;
            _rows[from + kept] = _rows[_next];
            _weights[from + kept++] = weight;
        }

        if (kept > 0) return Take(from, kept);
        Release();
        _collected = 0;
        _heldBytes = 0;
        return null;
    }

    public override void Dispose()
    {
        foreach (var batch in _batches) batch.Release();
        _batches.Clear();
        if (_all is not null) Release();
        base.Dispose();
    }

    /// <summary>Drops the rows that cannot be in the result any more.</summary>
    private void Prune(long reach)
    {
        Merge();
        var kept = 0;
        for (var left = reach; kept < _count && left > 0; kept++) left -= _weights[kept];
        var best = Take(0, kept);
        Release();
        _batches.Add(best);
        _heldBytes = best.Memory.AllocatedBytes;
        _collected = kept;
    }

    private void Merge()
    {
        _all = ConcatKernel.Concat(CollectionsMarshal.AsSpan(_batches), BatchMemory.Create());
        foreach (var batch in _batches) batch.Release();
        _batches.Clear();
        _scratch = BatchMemory.Create();
        _rows = ConsolidateKernel.CopySelection(_all, _scratch);
        _weights = _scratch.Allocate<long>(_all.Count);
        _count = ConsolidateKernel.Consolidate(_all, _rows, _all.Count, _weights, _scratch, _keys);
    }

    private Batch Take(int from, int count)
    {
        var output = GatherKernel.Gather(_all!, _rows + from, count, BatchMemory.Create());
        ConsolidateKernel.SetWeights(output, _weights + from, count);
        return output;
    }

    private void Release()
    {
        _all!.Release();
        _scratch!.Release();
        _all = null;
        _scratch = null;
    }

    /// <summary>The keys, then all columns, so that the order is total.</summary>
    private SortKey[] KeysOf(int columns) => [.. _spec.Keys, .. Enumerable.Range(0, columns).Select(c => new SortKey(c))];
}
