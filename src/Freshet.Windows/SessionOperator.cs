using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Errors;

namespace Freshet.Windows;

/// <summary>
/// SESSION windows: rows of a key wait until no row can come that would make their session longer, then leave with its
/// bounds. A session is a longest run of rows of which none is more than the gap behind the one before.
/// <para>Late, by Flink's rule at the row's own position: a row is late when the session that it would make, or become part
/// of, is closed by the watermark it had; sessions that this watermark has closed do not take it in. So rows that are behind
/// their watermark wait until the operator's watermark has reached theirs, and are then taken in order of it, each after the
/// sessions that its watermark closes have left. For all other rows the order does not matter: whatever they touch is open
/// at their position. The result is a function of the rows, their watermarks, and nothing else.</para>
/// With a <see cref="SessionGrouping"/> the aggregates of each session leave instead of its rows.
/// Side output 0: rows without a time, and results that do not fit their type. Side output 1: late rows.
/// State: the rows of open sessions, or their aggregates. Cost: about five searches in ordered indexes a row; with aggregates one look-up.
/// </summary>
public sealed unsafe class SessionOperator : Operator
{
    private readonly SessionSpec _spec;
    private readonly OpenSessions _sessions;
    private readonly BehindRows _behind;
    private readonly ErrorRows _errors = new([]);
    private readonly LateRows _late = new();
    private bool _closing;

    /// <param name="seed">The database's hash seed.</param>
    public SessionOperator(SessionSpec spec, ulong seed)
    {
        _spec = spec;
        _sessions = spec.Grouping is null ? new SessionRows(spec, seed) : new SessionGroups(spec, _errors, seed);
        _behind = new BehindRows(spec.Types, spec.Order, seed);
    }

    public override long StateRows => _sessions.Rows + _behind.Rows;

    public override long StateBytes => _sessions.Bytes + _behind.Bytes;

    public override long DueWatermark => !_spec.Clock.IsProcessingTime && _sessions.NextTimer is var end && end != long.MaxValue ? WindowKernel.LastMoment(end, _spec.Clock.Zone) : EndWatermark;

    public override long DueClock => _spec.Clock.IsProcessingTime && _sessions.NextTimer is var end && end != long.MaxValue ? WindowKernel.LastMoment(end, _spec.Clock.Zone) + WindowKernel.TimeBeforeEndMicros : EndWatermark;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var times = _spec.Clock.Zone is null ? batch.Columns[_spec.TimeColumn] : WindowKernel.ToLocal(batch.Columns[_spec.TimeColumn], batch.Rows, _spec.Clock.Zone, scratch);
        times = times.Flatten(batch.Rows, scratch);
        var watermarks = _spec.Clock.IsProcessingTime ? null : batch.RowWatermarks;
        var ahead = scratch.Allocate<int>(batch.Count);
        var behind = scratch.Allocate<int>(batch.Count);
        var closed = scratch.Allocate<long>(batch.Rows);
        var (aheadCount, behindCount) = (0, 0);
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (times.IsNull(row))
            {
                _errors.Add(row, _spec.Input.Fields[_spec.TimeColumn].Name, "NULL", WindowAssignOperator.NullTimeReason, batch.WeightOf(row));
                continue;
            }

            closed[row] = watermarks is null ? long.MinValue : WindowKernel.ClosedEnd(watermarks[row], _spec.Clock.Zone);
            if (times.As<long>()[row] > closed[row]) ahead[aheadCount++] = row;
            else behind[behindCount++] = row;
        }

        _errors.Flush(batch);
        _sessions.Add(batch, ahead, aheadCount, _sessions.Hash(batch, scratch), times.As<long>(), scratch);
        _behind.Add(batch, behind, behindCount, closed, watermarks, scratch);
        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        var closed = _spec.Clock.ClosedEnd(step, watermark);
        while (_behind.TryTake(closed, out var rows, out var closedBefore, out var own))
        {
            _sessions.Close(closedBefore);
            AddBehind(rows, closedBefore, own);
            rows.Release();
        }

        _sessions.Close(closed);
        _closing = true;
    }

    public override Batch? Produce(StepContext step)
    {
        if (!_closing) return null;
        if (_sessions.Take() is { } batch) return batch;
        _closing = false;
        return null;
    }

    public override void EndOfStep()
    {
        _sessions.EndOfStep();
        _behind.EndOfStep();
    }

    public override int Sides => 2;

    public override Batch? TakeSide(int side) => side switch
    {
        0 => _errors.Take(),
        1 => _late.Take(),
        _ => null,
    };

    public override void Dispose()
    {
        _sessions.Dispose();
        _behind.Dispose();
        base.Dispose();
    }

    /// <summary>Adds rows of one watermark, unless what they would be part of is closed by it.</summary>
    private void AddBehind(Batch rows, long closed, long watermark)
    {
        var scratch = BatchMemory.Create();
        var times = _spec.Clock.Zone is null ? rows.Columns[_spec.TimeColumn] : WindowKernel.ToLocal(rows.Columns[_spec.TimeColumn], rows.Rows, _spec.Clock.Zone, scratch);
        var values = times.As<long>();
        var hashes = _sessions.Hash(rows, scratch);
        var late = scratch.Allocate<int>(rows.Count);
        var lateCount = 0;
        for (var row = 0; row < rows.Count; row++)
        {
            var one = row;
            if (_sessions.EndWith(rows, row, hashes, values[row], scratch) > closed) _sessions.Add(rows, &one, 1, hashes, values, scratch);
            else late[lateCount++] = row;
        }

        _late.Add(rows, late, lateCount, rows.Columns[_spec.TimeColumn].As<long>(), watermark);
        scratch.Release();
    }
}
