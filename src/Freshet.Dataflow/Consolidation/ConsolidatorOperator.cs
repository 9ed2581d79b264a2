using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;

namespace Freshet.Dataflow.Consolidation;

/// <summary>
/// A step's delta of a view or sink: each row once with its net weight, in content order, at the end of the step. What leaves
/// here depends on the step's input alone. Needs all rows of a key in one share; over several shares the reader merges or
/// this operator has one share.
/// State: none between steps; within one, the step's batches (shared, not copied).
/// Cost: a sort of the step's delta.
/// </summary>
public sealed unsafe class ConsolidatorOperator : Operator
{
    private readonly List<Batch> _batches = [];
    private Batch? _all;
    private BatchMemory? _scratch;
    private int* _rows;
    private long* _weights;
    private int _count;
    private int _next;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step) => _batches.Add(batch);

    public override void EndOfInput(StepContext step, long watermark)
    {
        if (_batches.Count == 0) return;
        _all = _batches.Count == 1 ? _batches[0] : ConcatKernel.Concat(CollectionsMarshal.AsSpan(_batches), BatchMemory.Create());
        if (_batches.Count > 1)
        {
            foreach (var batch in _batches) batch.Release();
        }

        _batches.Clear();
        _scratch = BatchMemory.Create();
        _rows = ConsolidateKernel.CopySelection(_all, _scratch);
        _weights = _scratch.Allocate<long>(_all.Count);
        _count = ConsolidateKernel.Consolidate(_all, _rows, _all.Count, _weights, _scratch);
        _next = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        if (_all is null) return null;
        if (_next < _count)
        {
            var length = Math.Min(_count - _next, Batch.MaxRows);
            var output = GatherKernel.Gather(_all, _rows + _next, length, BatchMemory.Create());
            ConsolidateKernel.SetWeights(output, _weights + _next, length);
            _next += length;
            return output;
        }

        _all.Release();
        _scratch!.Release();
        _all = null;
        _scratch = null;
        return null;
    }

    public override void Dispose()
    {
        foreach (var batch in _batches) batch.Release();
        _batches.Clear();
        _all?.Release();
        _scratch?.Release();
        base.Dispose();
    }
}
