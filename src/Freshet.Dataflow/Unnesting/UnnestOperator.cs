using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;
using Freshet.Kernels.Json;

namespace Freshet.Dataflow.Unnesting;

/// <summary>
/// A row for each element of a row's collection, with the row's weight and position. Stateless. Output batches are bounded,
/// so that a long array costs time and not memory; a left unnest adds the rows without elements last.
/// Cost: one pass over the text of each collection; the kept columns are gathered.
/// </summary>
public sealed unsafe class UnnestOperator(UnnestSpec spec) : Operator
{
    private readonly CollectionExplosion _explosion = new(spec.InputTypes[spec.Collection], spec.WithOrdinality);
    private Batch? _input;
    private BatchMemory? _scratch;
    private int* _rowIndexes;
    private byte* _hasElements;
    private int _capacity;
    private bool _isExploding;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        _input = batch;
        _scratch = BatchMemory.Create();

        // Room is allocated before the elements are counted: little for a single event, a full batch for many.
        _capacity = Math.Clamp(batch.Count * 8, 64, Batch.TypicalRows);
        _rowIndexes = _scratch.Allocate<int>(_capacity);
        if (spec.IsLeft)
        {
            _hasElements = _scratch.Allocate<byte>(batch.Rows);
            new Span<byte>(_hasElements, batch.Rows).Clear();
        }

        _explosion.Begin(batch.Columns[spec.Collection], batch.Selection, batch.Count);
        _isExploding = true;
    }

    public override Batch? Produce(StepContext step)
    {
        if (_input is null) return null;
        if (_isExploding)
        {
            if (Explode() is { } exploded) return exploded;
            _isExploding = false;
            if (spec.IsLeft && RowsWithout() is { } without) return without;
        }

        _input.Release();
        _scratch!.Release();
        _input = null;
        _scratch = null;
        return null;
    }

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        _input?.Release();
        _scratch?.Release();
        _explosion.Dispose();
        base.Dispose();
    }

    private Batch? Explode()
    {
        var memory = BatchMemory.Create();
        var columns = new Column[spec.Kept.Length + _explosion.Columns.Length];
        var count = _explosion.Next(_capacity, memory, columns.AsSpan(spec.Kept.Length), _rowIndexes);
        if (count == 0)
        {
            memory.Release();
            return null;
        }

        if (spec.IsLeft)
        {
            for (var i = 0; i < count; i++) _hasElements[_rowIndexes[i]] = 1;
        }

        // Elements may be views of the input's bytes.
        memory.Retain(_input!.Memory);
        return Gather(columns, _rowIndexes, count, memory);
    }

    private Batch? RowsWithout()
    {
        var memory = BatchMemory.Create();
        var all = RowNumbers.Of(_input!);
        var rows = memory.Allocate<int>(_input!.Count);
        var count = 0;
        for (var i = 0; i < _input.Count; i++)
            if (_hasElements[all[i]] == 0) rows[count++] = all[i];
        if (count == 0)
        {
            memory.Release();
            return null;
        }

        var columns = new Column[spec.Kept.Length + _explosion.Columns.Length];
        for (var i = spec.Kept.Length; i < columns.Length; i++)
            columns[i] = Column.ConstantNull(_explosion.Columns[i - spec.Kept.Length].Type.Physical, memory);
        return Gather(columns, rows, count, memory);
    }

    private Batch Gather(Column[] columns, int* rows, int count, BatchMemory memory)
    {
        var points = false;
        for (var i = 0; i < spec.Kept.Length; i++) columns[i] = GatherKernel.Gather(_input!.Columns[spec.Kept[i]], rows, count, memory, ref points);
        if (points) memory.Retain(_input!.Memory);
        return GatherKernel.WithRows(new Batch(memory, columns, count), _input!, rows);
    }
}
