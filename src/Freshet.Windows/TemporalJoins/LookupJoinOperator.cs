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
/// State: the right rows; left rows that wait. Cost: one look-up a left row; where no left row of a batch meets more than one right row its columns
/// are shared and those of the right side read beside them, else a few ns a pair and column.
/// </summary>
public sealed unsafe class LookupJoinOperator : Operator
{
    /// <summary>Below one pair for this many left rows the pairs are gathered.</summary>
    private const int SparseFactor = 4;

    private readonly TemporalJoinSpec _spec;
    private readonly HeldRows _left;
    private readonly ArrangedKeys _keys;
    private readonly Arrangement _right;
    private readonly TemporalPairs _pairs;
    private readonly int[] _leftKeys;
    private readonly int[] _rightKeys;
    private readonly List<int> _waiting = [];
    private readonly List<Batch> _arrived = [];
    private readonly Queue<Batch> _ready = new();
    private bool _rightHasEnded;
    private bool _isEnding;
    private int _nextWaiting;
    private int _nextArrived;

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

    public override long OutputWatermark(long watermark) => _waiting.Count > 0 || _arrived.Count > 0 ? NoWatermark : watermark;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        if (port == 0)
        {
            _arrived.Add(batch);
            return;
        }

        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var count = WithKey(batch, _rightKeys, rows);
        var slots = scratch.Allocate<int>(count);
        var keys = scratch.Allocate<int>(count);
        var firsts = (int**)scratch.Allocate<nint>(count);
        _keys.FindOrAdd(batch, _rightKeys, rows, count, scratch, keys, firsts);
        _right.Place(batch, rows, count, slots, keys, firsts, scratch);
        _right.AddWeights(batch, rows, slots, count);
        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _pairs.Begin(step);
        _isEnding = _rightHasEnded || !_spec.WaitsForEnd;
        _nextWaiting = 0;
        _nextArrived = 0;
        if (_isEnding) return;
        foreach (var batch in _arrived) Hold(batch);
        _arrived.Clear();
    }

    public override Batch? Produce(StepContext step)
    {
        while (true)
        {
            if (_ready.TryDequeue(out var ready)) return ready;
            if (!_isEnding) return null;
            if (_nextWaiting < _waiting.Count)
            {
                LookUp(TakeWaiting());
            }
            else if (_nextArrived < _arrived.Count)
            {
                LookUp(_arrived[_nextArrived++]);
            }
            else
            {
                _waiting.Clear();
                _arrived.Clear();
                _isEnding = false;
            }
        }
    }

    public override void EndOfStep()
    {
        _left.EndOfStep();
        _right.EndOfStep();
        _keys.EndOfStep();
    }

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _pairs.Errors.Take() : null;

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        foreach (var batch in _ready) batch.Release();
        foreach (var batch in _arrived.Skip(_isEnding ? _nextArrived : 0)) batch.Release();
        _left.Dispose();
        _right.Dispose();
        _keys.Dispose();
        base.Dispose();
    }

    /// <summary>The rows that have no NULL in the key; returns how many.</summary>
    private static int WithKey(Batch batch, int[] keys, int* rows)
    {
        var count = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = rows[count] = batch.RowAt(i);
            var isWhole = 1;
            foreach (var key in keys) isWhole &= batch.Columns[key].IsValid(row) ? 1 : 0;
            count += isWhole;
        }

        return count;
    }

    /// <summary>Keeps left rows for a later step.</summary>
    private void Hold(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var slots = scratch.Allocate<int>(batch.Count);
        var owned = (byte**)scratch.Allocate<nint>(batch.Count);
        for (var i = 0; i < batch.Count; i++) rows[i] = batch.RowAt(i);
        _left.Place(batch, rows, batch.Count, scratch, slots, owned);
        for (var i = 0; i < batch.Count; i++)
        {
            *(long*)owned[i] = batch.WeightOf(rows[i]);
            _waiting.Add(slots[i]);
        }

        scratch.Release();
        batch.Release();
    }

    /// <summary>The next of the left rows that were kept; their texts are good until the end of the step.</summary>
    private Batch TakeWaiting()
    {
        var count = Math.Min(Batch.TypicalRows, _waiting.Count - _nextWaiting);
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(count);
        for (var i = 0; i < count; i++) slots[i] = _waiting[_nextWaiting++];
        var left = _left.ReadBatch(slots, count, memory);
        left.Weights = memory.Allocate<long>(count);
        for (var i = 0; i < count; i++)
        {
            left.Weights[i] = _left.WeightOf(slots[i]);
            _left.Remove(slots[i]);
        }

        return left;
    }

    private void LookUp(Batch left)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(left.Count);
        var count = WithKey(left, _leftKeys, rows);
        var first = scratch.Allocate<int>(count);
        _keys.FindFirst(0, left, _leftKeys, rows, count, first, scratch);
        for (var i = 0; i < count; i++)
            if (first[i] != Arrangement.None) _right.Prefetch(first[i]);
        var has = scratch.Allocate<byte>(left.Rows);
        new Span<byte>(has, left.Rows).Clear();
        if (_spec.Residual is not null || !TryPairOnce(left, rows, count, first, has, scratch)) PairAll(left, rows, count, first, has, scratch);
        if (_spec.IsLeftOuter)
        {
            var alone = 0;
            for (var i = 0; i < left.Count; i++)
            {
                var row = left.RowAt(i);
                if (has[row] == 0) rows[alone++] = row;
            }

            if (alone > 0) _ready.Enqueue(_pairs.Padded(left, rows, alone));
        }

        left.Release();
        scratch.Release();
    }

    /// <summary>Where no left row meets more than one right row, and most meet one: the left columns as they are, with the right ones read beside them.</summary>
    private bool TryPairOnce(Batch left, int* rows, int count, int* first, byte* has, BatchMemory scratch)
    {
        var pairs = 0;
        var areSingle = left.Weights is null;
        for (var i = 0; i < count; i++)
        {
            if (first[i] == Arrangement.None) continue;
            var right = _right.Peek(first[i]);
            if (right->Next != 0) return false;
            if (right->Weight <= 0) first[i] = Arrangement.None;
            else pairs++;
            areSingle &= right->Weight == 1;
        }

        if ((long)pairs * SparseFactor <= left.Rows) return pairs == 0;
        var memory = BatchMemory.Create();
        var selection = memory.Allocate<int>(pairs);
        var weights = areSingle ? null : memory.Allocate<long>(left.Rows);
        var slots = scratch.Allocate<int>(left.Rows);
        pairs = 0;
        for (var i = 0; i < count; i++)
        {
            if (first[i] == Arrangement.None) continue;
            var row = selection[pairs] = rows[i];

            // Rows before it that are in no pair read what it reads.
            for (var open = pairs == 0 ? 0 : selection[pairs - 1] + 1; open <= row; open++) slots[open] = first[i];
            if (weights is not null) weights[row] = checked(left.WeightOf(row) * _right.Peek(first[i])->Weight);
            has[row] = 1;
            pairs++;
        }

        var last = selection[pairs - 1];
        new Span<int>(slots + last, left.Rows - last).Fill(slots[last]);
        var columns = new Column[_spec.LeftTypes.Length + _spec.RightTypes.Length];
        left.Columns.AsSpan(0, _spec.LeftTypes.Length).CopyTo(columns);
        var stored = _right.Addresses(slots, left.Rows, scratch);
        for (var i = 0; i < _spec.RightTypes.Length; i++) columns[_spec.LeftTypes.Length + i] = _right.Read(i, stored, left.Rows, memory);
        memory.Retain(left.Memory);
        var joined = new Batch(memory, columns, left.Rows) { Weights = weights };
        if (pairs < left.Rows) joined.Select(selection, pairs);
        _ready.Enqueue(joined);
        return true;
    }

    private void PairAll(Batch left, int* rows, int count, int* first, byte* has, BatchMemory scratch)
    {
        var paired = scratch.Allocate<int>(Batch.TypicalRows);
        var found = scratch.Allocate<int>(Batch.TypicalRows);
        var pairs = 0;
        for (var i = 0; i < count; i++)
        {
            for (var slot = first[i]; slot != Arrangement.None; slot = _right.Peek(slot)->Next - 1)
            {
                if (_right.Peek(slot)->Weight <= 0) continue;
                paired[pairs] = rows[i];
                found[pairs++] = slot;
                if (pairs == Batch.TypicalRows) Pair(left, paired, found, ref pairs, has, scratch);
            }
        }

        Pair(left, paired, found, ref pairs, has, scratch);
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
        for (var i = 0; i < pairs; i++) weights[i] = checked(left.WeightOf(paired[i]) * _right.Peek(found[i])->Weight);
        var stays = scratch.Allocate<byte>(pairs);
        var joined = _pairs.Restrict(new Batch(memory, columns, pairs) { Weights = weights }, stays);
        for (var i = 0; i < pairs; i++) has[paired[i]] |= stays[i];
        pairs = 0;
        if (joined.Count > 0) _ready.Enqueue(joined);
        else joined.Release();
    }
}
