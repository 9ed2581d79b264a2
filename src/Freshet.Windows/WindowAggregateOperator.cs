using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Tables;

namespace Freshet.Windows;

/// <summary>
/// Aggregates over windows that fire once, when the watermark passes the window's end - 1 ms, and then drop
/// their state. Rows that are taken back before that are taken out; a group without rows gives none.
/// <para>A row is added once, to its group in the pane of its slide; a window that fires merges its panes. A row whose own
/// watermark has closed some of its windows counts for the others alone; one whose windows are all closed is late: it changes
/// nothing and is a row of side output 1. What the operator's watermark was when the row came plays no part, so results do not
/// depend on the cut into steps.</para>
/// Side output 0: rows without a time. Side output 2: results that do not fit their type; they have no
/// position, so they are rows of side output 0 where its rows have none either.
/// Windows of processing time are closed by the step's clock; no row is late for them.
/// State: a row for each group and open pane. Cost: that of the aggregate for each row; for each window that fires its groups,
/// times its panes for HOP. Output in order of window end, then of the group's first row.
/// </summary>
public sealed unsafe class WindowAggregateOperator : Operator
{
    private readonly WindowAggregateSpec _spec;
    private readonly WindowSpec _window;
    private readonly int[] _paneKeys;
    private readonly int _copies;
    private readonly AccumulatorSet _accumulators;
    private readonly KeyedTable _table;
    private readonly PaneDirectory _panes;
    private readonly WindowMerger? _merger;
    private readonly ErrorRows _errors;
    private readonly ErrorRows _resultErrors;
    private readonly List<FailedResult> _failures = [];
    private readonly List<Pane> _firing = [];
    private readonly Windows.LateRows _late = new();
    private readonly List<int> _emptied = [];

    private long _closed = long.MinValue;
    private long _fired = long.MinValue;
    private long _end;
    private bool _isFiring;
    private bool _ending;
    private bool _isMerged;
    private int _link;

    /// <param name="seed">The database's hash seed.</param>
    public WindowAggregateOperator(WindowAggregateSpec spec, ulong seed)
    {
        _spec = spec;
        _window = spec.Window;
        _copies = spec.UsesPanes || _window.Shape == WindowShape.Attached ? 1 : _window.Count;
        var types = spec.Input.Fields.Select(f => f.Type).ToArray();
        _accumulators = new AccumulatorSet([.. types], spec.Position, spec.Calls, spec.IsAppendOnly, sizeof(PaneGroup), seed);
        PhysicalKind[] keys = [.. spec.Keys.Select(k => types[k].Physical)];
        _table = new KeyedTable([.. keys, PhysicalKind.Int64, PhysicalKind.Int64], _accumulators.StateBytes, seed);
        _paneKeys = [.. Enumerable.Range(0, keys.Length + 2)];
        _panes = new PaneDirectory(_window, isWhole: _window.Shape == WindowShape.Attached || (_window.Shape == WindowShape.Cumulate && !spec.UsesPanes));
        _errors = new ErrorRows(spec.PositionColumns);
        _resultErrors = spec.PositionColumns.IsEmpty ? _errors : new ErrorRows([]);
        if (spec.UsesPanes) _merger = new WindowMerger(keys, _accumulators, seed);
    }

    /// <summary>Late rows (not their weights) since the start.</summary>
    public long LateRows => _late.Total;

    public override long StateRows => _table.Rows + _accumulators.ExtraRows;

    public override long StateBytes => _table.Bytes + _accumulators.ExtraBytes;

    public override long DueWatermark => !_window.Clock.IsProcessingTime && _panes.TryNextEnd(_fired, out var end) ? WindowKernel.LastMoment(end, _window.Clock.Zone) : EndWatermark;

    public override long DueClock => _window.Clock.IsProcessingTime && _panes.TryNextEnd(_fired, out var end) ? WindowKernel.LastMoment(end, _window.Clock.Zone) + WindowKernel.TimeBeforeEndMicros : EndWatermark;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var rows = DropNullTimes(batch, scratch, out var count);
        var bounds = new PaneBounds(batch.Rows, scratch);
        for (var copy = 0; copy < _copies && count > 0; copy++)
        {
            rows = PaneKernel.Bounds(batch, _spec, copy, rows, ref count, scratch, bounds);
            AddToPanes(batch, rows, count, bounds, isLatest: copy == 0, scratch);
        }

        _errors.Flush(batch);
        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _closed = Math.Max(_closed, _window.Clock.ClosedEnd(step, watermark));
        _ending = true;
    }

    public override Batch? Produce(StepContext step)
    {
        while (_ending)
        {
            if (!_isFiring && !TryBeginWindow())
            {
                _ending = false;
                _resultErrors.FlushWithoutPosition();
                break;
            }

            if (MakeBatch() is { } output) return output;
            EndWindow();
        }

        return null;
    }

    public override void EndOfStep()
    {
        var memory = BatchMemory.Create();
        foreach (var slot in _emptied) RemoveEmpty(slot, memory);
        memory.Release();
        _emptied.Clear();
        _accumulators.EndOfStep();
        _table.EndOfStep();
    }

    public override int Sides => 3;

    public override Batch? TakeSide(int side) => side switch
    {
        0 => _errors.Take(),
        1 => _late.Take(),
        2 => _resultErrors.Take(),
        _ => null,
    };

    public override void Dispose()
    {
        _merger?.Dispose();
        _accumulators.Dispose(_table);
        _table.Dispose();
        base.Dispose();
    }

    private int* DropNullTimes(Batch batch, BatchMemory scratch, out int count)
    {
        var rows = RowNumbers.Of(batch);
        var times = batch.Columns[_spec.TimeColumn];
        count = batch.Count;
        if (times.Validity is null) return rows;
        var kept = scratch.Allocate<int>(count);
        count = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            if (times.IsValid(rows[i])) kept[count++] = rows[i];
            else _errors.Add(rows[i], _spec.Input.Fields[_spec.TimeColumn].Name, "NULL", WindowAssignOperator.NullTimeReason, batch.WeightOf(rows[i]));
        }

        return kept;
    }

    private void AddToPanes(Batch batch, int* rows, int count, in PaneBounds bounds, bool isLatest, BatchMemory scratch)
    {
        var columns = new Column[_paneKeys.Length];
        for (var i = 0; i < _spec.Keys.Length; i++) columns[i] = batch.Columns[_spec.Keys[i]];
        columns[^2] = bounds.StartColumn;
        columns[^1] = bounds.FirstEndColumn;
        var kept = scratch.Allocate<int>(count);
        var late = scratch.Allocate<int>(count);
        var watermarks = _window.Clock.IsProcessingTime ? null : batch.RowWatermarks;
        count = WindowKernel.SplitLate(watermarks, _fired, _window.Clock.Zone, rows, count, _window.SlideMicros, bounds.FirstEnds, bounds.LastEnds, kept, late, out var lateCount);
        if (_window.Shape == WindowShape.Cumulate && !_spec.UsesPanes) lateCount = PaneKernel.LateForLongest(_window, bounds, late, lateCount);
        else if (!isLatest) lateCount = 0;
        if (lateCount > 0) AddLate(batch, late, lateCount, scratch);
        if (count == 0) return;

        scratch.AddReference();
        var keyed = new Batch(scratch, columns, batch.Rows);
        keyed.Select(kept, count);
        var slots = scratch.Allocate<int>(count);
        var input = new AccumulatorInput { Count = count, Rows = kept, Groups = (byte**)scratch.Allocate<nint>(count), Weights = batch.Weights };
        _table.FindOrAdd(keyed, _paneKeys, kept, count, scratch, slots, input.Groups);
        for (var i = 0; i < count; i++)
        {
            var group = (PaneGroup*)input.Groups[i];
            if (group->Next == 0) Link(_panes.GetOrAdd(bounds.Starts[kept[i]], bounds.FirstEnds[kept[i]]), group, slots[i]);
        }

        AggregateKernel.AddRows(input);
        _accumulators.Add(batch, input, slots, scratch);
        if (batch.Weights is not null) RememberEmpty(input, slots);
        keyed.Release();
    }

    private void RememberEmpty(in AccumulatorInput input, int* slots)
    {
        for (var i = 0; i < input.Count; i++)
            if (((PaneGroup*)input.Groups[i])->Rows == 0) _emptied.Add(slots[i]);
    }

    private void AddLate(Batch batch, int* late, int count, BatchMemory scratch)
    {
        var times = batch.Columns[_spec.TimeColumn].Flatten(batch.Rows, scratch).As<long>();
        if (_window.Shape == WindowShape.Attached)
        {
            var ends = times;
            times = scratch.Allocate<long>(batch.Rows);
            WindowKernel.LastMoments(ends, batch.Rows, _window.Clock.Zone, times);
        }

        _late.Add(batch, late, count, times, _fired == long.MinValue ? _fired : WindowKernel.LastMoment(_fired, _window.Clock.Zone));
    }

    private bool TryBeginWindow()
    {
        if (!_panes.TryNextEnd(_fired, out _end) || _end > _closed) return false;
        _isFiring = true;
        _panes.CopyTo(_end, _firing);
        _isMerged = _firing.Count > 1;
        _link = _firing[0].First;
        if (!_isMerged) return true;
        foreach (var pane in _firing) _merger!.Add(_table, pane);
        _link = _merger!.First;
        return true;
    }

    /// <summary>The next groups of the window that fires; null when there are no more.</summary>
    private Batch? MakeBatch()
    {
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(Batch.TypicalRows);
        var groups = (byte**)memory.Allocate<nint>(Batch.TypicalRows);
        var table = _isMerged ? _merger!.Table : _table;
        var count = 0;
        while (_link != PaneGroup.End && count < Batch.TypicalRows)
        {
            slots[count] = _link - PaneGroup.Bias;
            groups[count] = table.At(slots[count]);
            var group = (PaneGroup*)groups[count];
            _link = group->Next;
            if (group->Rows > 0) count++;
        }

        if (count == 0)
        {
            memory.Release();
            return null;
        }

        var keys = _spec.Keys.Length;
        var columns = new Column[keys + WindowAggregateSpec.WindowColumns + _spec.Calls.Length];
        for (var i = 0; i < keys; i++) columns[i] = table.ReadColumn(i, slots, count, memory, copiesTexts: true);
        columns[keys] = Column.Constant(PhysicalKind.Int64, _window.Shape == WindowShape.Attached ? _firing[0].Start : _window.StartOf(_end), memory);
        columns[keys + 1] = Column.Constant(PhysicalKind.Int64, _end, memory);
        columns[keys + 2] = Column.Constant(PhysicalKind.Int64, WindowKernel.LastMoment(_end, _window.Clock.Zone), memory);
        for (var i = 0; i < _spec.Calls.Length; i++)
        {
            columns[keys + WindowAggregateSpec.WindowColumns + i] = _accumulators[i].Read(groups, count, memory, _failures);
            foreach (var failure in _failures)
                _resultErrors.Add(0, _spec.Calls[i].Name, failure.Value, failure.Reason ?? AggregateOperator.OverflowReason(_spec.Calls[i].ResultType), 1);
            _failures.Clear();
        }

        return new Batch(memory, columns, count);
    }

    private void EndWindow()
    {
        if (_isMerged) _merger!.Clear();
        while (_panes.TryTakeExpired(_end, _firing, out var pane))
        {
            for (var link = pane.First; link != PaneGroup.End;)
            {
                var slot = link - PaneGroup.Bias;
                var group = _table.At(slot);
                link = ((PaneGroup*)group)->Next;
                _accumulators.Release(&group, 1);
                ((PaneGroup*)group)->Next = 0;
                _table.Remove(slot);
            }
        }

        _fired = _end;
        _isFiring = false;
    }

    /// <summary>Removes a group without rows, unless its pane holds only what came late for some windows: there rows may be taken back that lie elsewhere.</summary>
    private void RemoveEmpty(int slot, BatchMemory memory)
    {
        var group = _table.At(slot);
        var links = (PaneGroup*)group;
        if (links->Next == 0 || links->Rows != 0) return;
        var start = *_table.ReadColumn(_paneKeys.Length - 2, &slot, 1, memory, false).As<long>();
        var firstEnd = *_table.ReadColumn(_paneKeys.Length - 1, &slot, 1, memory, false).As<long>();
        if (_spec.UsesPanes && firstEnd != start + _window.SlideMicros) return;
        if (links->Next != PaneGroup.End) ((PaneGroup*)_table.At(links->Next - PaneGroup.Bias))->Previous = links->Previous;
        if (links->Previous != PaneGroup.End) ((PaneGroup*)_table.At(links->Previous - PaneGroup.Bias))->Next = links->Next;
        else SetFirst(_panes.GetOrAdd(start, firstEnd), links->Next);
        links->Next = 0;
        _accumulators.Release(&group, 1);
        _table.Remove(slot);
    }

    private void SetFirst(Pane pane, int link)
    {
        pane.First = link;
        _panes.RemoveIfEmpty(pane);
    }

    private void Link(Pane pane, PaneGroup* group, int slot)
    {
        if (pane.First != PaneGroup.End) ((PaneGroup*)_table.At(pane.First - PaneGroup.Bias))->Previous = slot + PaneGroup.Bias;
        group->Next = pane.First;
        group->Previous = PaneGroup.End;
        pane.First = slot + PaneGroup.Bias;
    }
}
