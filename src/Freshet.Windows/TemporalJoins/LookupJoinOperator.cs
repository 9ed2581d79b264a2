using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Tables;
using Freshet.Kernels;

namespace Freshet.Windows.TemporalJoins;

/// <summary>
/// A temporal join by processing time: left rows leave at the end of their step with the right rows of their key as they stand
/// then, and are not kept; what the right side changes later changes no result. Where the right input has an end
/// (a file), left rows wait for it.
/// Side output 0: pairs on which the residual condition fails.
/// State: the right rows; left rows that wait. Cost: one look-up a left row, a few ns a pair and column.
/// </summary>
public sealed unsafe class LookupJoinOperator : Operator
{
    private readonly TemporalJoinSpec _spec;
    private readonly HeldRows _left;
    private readonly ArrangedKeys _keys;
    private readonly Arrangement _right;
    private readonly TemporalPairs _pairs;
    private readonly int[] _leftKeys;
    private readonly int[] _rightKeys;
    private readonly List<int> _waiting = [];
    private readonly Queue<Batch> _ready = new();
    private bool _rightHasEnded;
    private bool _isEnding;
    private int _next;

    /// <param name="seed">The database's hash seed.</param>
    public LookupJoinOperator(TemporalJoinSpec spec, ulong seed)
    {
        _spec = spec;
        _left = new HeldRows(spec.LeftTypes, isAppendOnly: true, sizeof(long), seed);
        _keys = new ArrangedKeys(spec.RightTypes, spec.RightKeys, 1, seed);
        _right = new Arrangement(spec.RightTypes, _keys, 0, spec.RightIsAppendOnly, countsMatches: false, seed);
        _pairs = new TemporalPairs(spec);
        _leftKeys = [.. spec.LeftKeys];
        _rightKeys = [.. spec.RightKeys];
    }

    public override long StateRows => _left.Rows + _right.Rows;

    public override long StateBytes => _left.Bytes + _right.Bytes + _keys.Bytes;

    public override void TakePortWatermarks(ReadOnlySpan<long> watermarks) => _rightHasEnded = watermarks[1] == EndWatermark;

    public override long OutputWatermark(long watermark) => _waiting.Count > 0 ? NoWatermark : watermark;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var slots = scratch.Allocate<int>(batch.Count);
        var count = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (port == 0 || !HasNull(batch, _rightKeys, row)) rows[count++] = row;
        }

        if (port == 1)
        {
            var keys = scratch.Allocate<int>(count);
            var firsts = (int**)scratch.Allocate<nint>(count);
            _keys.FindOrAdd(batch, _rightKeys, rows, count, scratch, keys, firsts);
            _right.Place(batch, rows, count, slots, keys, firsts, scratch);
            _right.AddWeights(batch, rows, slots, count);
        }
        else
        {
            var owned = (byte**)scratch.Allocate<nint>(count);
            _left.Place(batch, rows, count, scratch, slots, owned);
            for (var i = 0; i < count; i++)
            {
                *(long*)owned[i] = batch.WeightOf(rows[i]);
                _waiting.Add(slots[i]);
            }
        }

        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _pairs.Begin(step);
        _isEnding = _waiting.Count > 0 && (_rightHasEnded || !_spec.WaitsForEnd);
        _next = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        while (true)
        {
            if (_ready.TryDequeue(out var ready)) return ready;
            if (!_isEnding) return null;
            if (_next < _waiting.Count)
            {
                LookUp();
                continue;
            }

            _waiting.Clear();
            _isEnding = false;
        }
    }

    public override void EndOfStep()
    {
        _left.EndOfStep();
        _right.EndOfStep();
        _keys.EndOfStep();
    }

    public override Batch? TakeSide(int side) => side == 0 ? _pairs.Errors.Take() : null;

    public override void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
        _keys.Dispose();
        base.Dispose();
    }

    private static bool HasNull(Batch batch, int[] keys, int row)
    {
        foreach (var key in keys)
            if (batch.Columns[key].IsNull(row)) return true;
        return false;
    }

    private void LookUp()
    {
        var scratch = BatchMemory.Create();
        var count = Math.Min(Batch.TypicalRows, _waiting.Count - _next);
        var slots = scratch.Allocate<int>(count);
        for (var i = 0; i < count; i++) slots[i] = _waiting[_next++];
        var left = _left.ReadBatch(slots, count, BatchMemory.Create());
        left.Weights = left.Memory.Allocate<long>(count);
        var rows = scratch.Allocate<int>(count);
        for (var i = 0; i < count; i++)
        {
            left.Weights[i] = _left.WeightOf(slots[i]);
            rows[i] = i;
        }

        var first = scratch.Allocate<int>(count);
        _keys.FindFirst(0, left, _leftKeys, rows, count, first, scratch);
        var has = scratch.Allocate<byte>(count);
        new Span<byte>(has, count).Clear();
        var paired = scratch.Allocate<int>(Batch.TypicalRows);
        var found = scratch.Allocate<int>(Batch.TypicalRows);
        var pairs = 0;
        for (var i = 0; i < count; i++)
        {
            if (HasNull(left, _leftKeys, i)) continue;
            for (var slot = first[i]; slot != Arrangement.None; slot = _right.Peek(slot)->Next - 1)
            {
                if (_right.Peek(slot)->Weight <= 0) continue;
                paired[pairs] = i;
                found[pairs++] = slot;
                if (pairs == Batch.TypicalRows) Pair(left, paired, found, ref pairs, has, scratch);
            }
        }

        Pair(left, paired, found, ref pairs, has, scratch);
        if (_spec.IsLeftOuter)
        {
            var alone = 0;
            for (var i = 0; i < count; i++)
                if (has[i] == 0) rows[alone++] = i;
            if (alone > 0) _ready.Enqueue(_pairs.Padded(left, rows, alone));
        }

        for (var i = 0; i < count; i++) _left.Remove(slots[i]);
        left.Release();
        scratch.Release();
    }

    private void Pair(Batch left, int* paired, int* found, ref int pairs, byte* has, BatchMemory scratch)
    {
        if (pairs == 0) return;
        var memory = BatchMemory.Create();
        var taken = GatherKernel.Gather(left, paired, pairs, memory);
        var columns = new Column[_spec.LeftTypes.Length + _spec.RightTypes.Length];
        taken.Columns.CopyTo(columns, 0);
        for (var i = 0; i < _spec.RightTypes.Length; i++) columns[_spec.LeftTypes.Length + i] = _right.Read(i, found, pairs, memory);
        var weights = memory.Allocate<long>(pairs);
        for (var i = 0; i < pairs; i++) weights[i] = checked(left.Weights[paired[i]] * _right.Peek(found[i])->Weight);
        var stays = scratch.Allocate<byte>(pairs);
        var joined = _pairs.Restrict(new Batch(memory, columns, pairs) { Weights = weights }, stays);
        for (var i = 0; i < pairs; i++) has[paired[i]] |= stays[i];
        pairs = 0;
        if (joined.Count > 0) _ready.Enqueue(joined);
        else joined.Release();
    }
}
