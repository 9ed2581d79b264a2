using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Tables;

namespace Freshet.Dataflow.SetOperations;

/// <summary>
/// INTERSECT and EXCEPT: how often each different row is in either input says how often it is in the result. NULL equals NULL.
/// Changes leave at the end of the step, by first touch. State: a row with two counts for each different row that is in an input.
/// Cost: one look-up a row.
/// </summary>
public sealed unsafe class SetOperator : Operator
{
    /// <summary>A row's counts.</summary>
    private struct Counts
    {
        public long Left;
        public long Right;

        /// <summary>How often it was in the result before the step that touched it last.</summary>
        public long Before;

        /// <summary>The step that touched it last.</summary>
        public long Step;
    }

    private readonly SetSpec _spec;
    private readonly KeyedTable _rows;
    private readonly int[] _columns;
    private readonly List<int> _touched = [];
    private int _next;
    private bool _isEnding;

    /// <param name="seed">The database's hash seed.</param>
    public SetOperator(SetSpec spec, ulong seed)
    {
        _spec = spec;
        _rows = new KeyedTable([.. spec.Types.Select(t => t.Physical)], sizeof(Counts), seed);
        _columns = [.. Enumerable.Range(0, spec.Types.Length)];
    }

    public override long StateRows => _rows.Rows;

    public override long StateBytes => _rows.Bytes;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var rows = RowNumbers.Of(batch);
        var slots = scratch.Allocate<int>(batch.Count);
        var found = (byte**)scratch.Allocate<nint>(batch.Count);
        _rows.FindOrAdd(batch, _columns, rows, batch.Count, scratch, slots, found);
        for (var i = 0; i < batch.Count; i++)
        {
            var counts = (Counts*)_rows.At(slots[i]);
            if (counts->Step != step.Step)
            {
                counts->Step = step.Step;
                counts->Before = _spec.Result(counts->Left, counts->Right);
                _touched.Add(slots[i]);
            }

            var weight = batch.WeightOf(rows[i]);
            if (port == 0) counts->Left = checked(counts->Left + weight);
            else counts->Right = checked(counts->Right + weight);
        }

        scratch.Release();
        batch.Release();
    }

    public override Batch? Produce(StepContext step)
    {
        if (!_isEnding) return null;
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(Batch.TypicalRows);
        var weights = memory.Allocate<long>(Batch.TypicalRows);
        var count = 0;
        for (; _next < _touched.Count && count < Batch.TypicalRows; _next++)
        {
            var counts = (Counts*)_rows.Read(_touched[_next]);
            var change = _spec.Result(counts->Left, counts->Right) - counts->Before;
            if (change == 0) continue;
            slots[count] = _touched[_next];
            weights[count++] = change;
        }

        if (count == 0)
        {
            memory.Release();
            _isEnding = false;
            _next = 0;
            return null;
        }

        var columns = new Column[_columns.Length];
        for (var c = 0; c < columns.Length; c++) columns[c] = _rows.ReadColumn(c, slots, count, memory);
        return new Batch(memory, columns, count) { Weights = weights };
    }

    public override void EndOfInput(StepContext step, long watermark) => _isEnding = _touched.Count > 0;

    public override void EndOfStep()
    {
        foreach (var slot in _touched)
        {
            var counts = (Counts*)_rows.Read(slot);
            if (counts->Left == 0 && counts->Right == 0) _rows.Remove(slot);
        }

        _touched.Clear();
        _rows.EndOfStep();
    }

    public override void Dispose()
    {
        _rows.Dispose();
        base.Dispose();
    }
}
