using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Ranking;

/// <summary>
/// Top-N under change: the rows of each partition whose ROW_NUMBER, RANK or DENSE_RANK is within bounds; also deduplication (the
/// first of each key) and ORDER BY with LIMIT (one partition). At the end of the step each touched partition is walked as far as
/// numbers in the result go, before and after the step, and the difference leaves: rows that came or went and, where the
/// number is a column of the result, rows whose number has changed. A row of weight n is n rows.
/// State: all rows by partition and order; over append-only input the rows up to the last number alone, and most rows beyond
/// it are turned away by one comparison.
/// Cost: a search of the index for each row that is kept; for each touched partition and step a walk over N rows.
/// Output in order of first touch of the partitions, then of their rows.
/// </summary>
public sealed unsafe class RankOperator : Operator
{
    private readonly RankSpec _spec;
    private readonly OrderedRows _rows;
    private readonly RankedChanges _changes;
    private int _partition;
    private bool _ending;

    /// <param name="seed">The database's hash seed.</param>
    public RankOperator(RankSpec spec, ulong seed)
    {
        _spec = spec;
        _changes = new RankedChanges(spec);
        _rows = new OrderedRows(spec.Types, spec.Partition, spec.Order, spec.Position, spec.IsAppendOnly, seed);
    }

    public override long StateRows => _rows.Rows;

    public override long StateBytes => _rows.Bytes;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var rows = RowNumbers.Of(batch);
        var count = batch.Count;
        var partitions = scratch.Allocate<int>(count);
        var words = scratch.Allocate<ulong>(count);
        _rows.FindPartitions(batch, rows, count, scratch, partitions);
        _rows.Words(batch, rows, count, words);
        if (_spec.IsAppendOnly) rows = TurnAway(rows, ref count, partitions, words, scratch);
        _rows.Add(batch, rows, count, partitions, words, scratch);
        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _ending = true;
        _partition = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        while (_ending)
        {
            if (_changes.HasMore) return _changes.Take(_rows.Table);
            _changes.Clear();
            while (_partition < _rows.Touched.Count && _changes.Count < Batch.TypicalRows) Compare(_rows.Touched[_partition++]);
            if (_changes.Count > 0) continue;
            _rows.Commit();
            _ending = false;
        }

        return null;
    }

    public override void EndOfStep() => _rows.EndOfStep();

    public override void Dispose()
    {
        _rows.Dispose();
        base.Dispose();
    }

    /// <summary>Leaves out the rows that come after the last row of a full partition.</summary>
    private int* TurnAway(int* rows, ref int count, int* partitions, ulong* words, BatchMemory scratch)
    {
        if (_spec.Last == 1) LowerBounds(partitions, words, count);
        var kept = scratch.Allocate<int>(count);
        var keptCount = 0;
        for (var i = 0; i < count; i++)
        {
            var partition = _rows.Partition(partitions[i]);
            if (partition->HasBound != 0 && words[i] > partition->Bound) continue;
            kept[keptCount] = rows[i];
            partitions[keptCount] = partitions[i];
            words[keptCount++] = words[i];
        }

        count = keptCount;
        return kept;
    }

    /// <summary>Of a partition whose first row alone counts, no row beyond the least seen so far does, before the step has ended.</summary>
    private void LowerBounds(int* partitions, ulong* words, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var partition = _rows.Partition(partitions[i]);
            if (partition->HasBound != 0 && partition->Bound <= words[i]) continue;
            partition->HasBound = 1;
            partition->Bound = words[i];
        }
    }

    /// <summary>Walks a partition in order, before and after the step at once.</summary>
    private void Compare(int partition)
    {
        var before = new RankCount(_spec.Function);
        var after = new RankCount(_spec.Function);
        var cursor = _rows.First(partition);
        var previous = StateTable.None;
        var isFull = false;
        while (_rows.TryNext(ref cursor, partition, out var slot))
        {
            if (_spec.Function == RankFunction.RowNumber || previous == StateTable.None || !_rows.ArePeers(previous, slot))
            {
                before.BeginPeers();
                after.BeginPeers();
            }

            previous = slot;
            var row = _rows.Peek(slot);
            var (was, willBe) = (row->Before, row->After);
            var (old, now) = (before.Next(was), after.Next(willBe));
            if (old > _spec.Last && now > _spec.Last && !_spec.IsAppendOnly) break;
            AddChanges(slot, old, was, now, willBe);
            if (!_spec.IsAppendOnly) continue;
            if (now > _spec.Last) _rows.Remove(slot);
            else isFull = SetBound(partition, slot, now + (_spec.Function == RankFunction.RowNumber ? willBe - 1 : 0)) || isFull;
        }

        if (!isFull && _spec.IsAppendOnly) _rows.Partition(partition)->HasBound = 0;
    }

    /// <summary>Once the last number is given, only rows up to its row matter.</summary>
    private bool SetBound(int partition, uint slot, long number)
    {
        if (number < _spec.Last || _spec.Function == RankFunction.DenseRank) return false;
        var known = _rows.Partition(partition);
        known->HasBound = 1;
        known->Bound = _rows.WordOf(slot);
        return true;
    }

    private void AddChanges(uint slot, long old, long was, long now, long willBe)
    {
        if (_spec.Function != RankFunction.RowNumber)
        {
            if (old < _spec.First || old > _spec.Last) was = 0;
            if (now < _spec.First || now > _spec.Last) willBe = 0;
            if (old == now || !_spec.GivesNumber)
            {
                _changes.Add(slot, now, willBe - was);
                return;
            }

            _changes.Add(slot, old, -was);
            _changes.Add(slot, now, willBe);
            return;
        }

        // The numbers of the row's copies, cut to the bounds.
        var (oldFrom, oldTo) = (Math.Max(old, _spec.First), Math.Min(old + was - 1, _spec.Last));
        var (nowFrom, nowTo) = (Math.Max(now, _spec.First), Math.Min(now + willBe - 1, _spec.Last));
        if (!_spec.GivesNumber)
        {
            _changes.Add(slot, 0, Math.Max(0, nowTo - nowFrom + 1) - Math.Max(0, oldTo - oldFrom + 1));
            return;
        }

        for (var number = oldFrom; number <= oldTo; number++)
            if (number < nowFrom || number > nowTo) _changes.Add(slot, number, -1);
        for (var number = nowFrom; number <= nowTo; number++)
            if (number < oldFrom || number > oldTo) _changes.Add(slot, number, 1);
    }

    /// <summary>Numbers rows on the way along a partition.</summary>
    private struct RankCount(RankFunction function)
    {
        private long _rows;
        private long _groups;
        private long _peersFrom;
        private bool _hasPeers;

        public void BeginPeers()
        {
            _peersFrom = _rows + 1;
            _hasPeers = false;
        }

        /// <summary>The number of the next row (of its first copy, for ROW_NUMBER), which is there <paramref name="weight"/> times.</summary>
        public long Next(long weight)
        {
            var number = function == RankFunction.DenseRank ? _groups + (_hasPeers ? 0 : 1) : _peersFrom;
            if (weight == 0) return number;
            if (!_hasPeers) _groups++;
            _hasPeers = true;
            _rows += weight;
            return number;
        }
    }
}
