using Freshet.Columns;

namespace Freshet.Dataflow.Ranking;

/// <summary>
/// Top-N by ROW_NUMBER over appended rows, with a small N (a row's place is found by a walk along its partition's list): the first N rows of
/// each partition, deduplication among them. At the end of the step each partition into which a row has come gives the difference of its
/// rows before and after: rows that came or went and, where the number is a column of the result, rows whose number has changed.
/// State: see <see cref="FirstRows"/>. Cost: one look-up a row, a copy of each row that stays.
/// Output by first touch of the partitions, then by number; the old row of a number before the new one.
/// </summary>
public sealed unsafe class FirstRowsOperator : Operator
{
    private readonly RankSpec _spec;
    private readonly FirstRows _rows;
    private readonly RankedChanges _changes;
    private readonly RankedRow[] _before;
    private int _list;
    private bool _ending;

    /// <param name="seed">The database's hash seed.</param>
    public FirstRowsOperator(RankSpec spec, ulong seed)
    {
        if (spec is not { IsAppendOnly: true, Function: RankFunction.RowNumber, Last: > 0 and <= int.MaxValue }) throw new ArgumentException("Lists of first rows are for ROW_NUMBER over appended rows.", nameof(spec));
        _spec = spec;
        _rows = new FirstRows(spec, seed);
        _changes = new RankedChanges(spec);
        _before = new RankedRow[spec.Last];
    }

    public override long StateRows => _rows.Rows;

    public override long StateBytes => _rows.Bytes;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step) => _rows.Add(batch);

    public override void EndOfInput(StepContext step, long watermark)
    {
        _rows.StorePending();
        _ending = true;
        _list = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        while (_ending)
        {
            if (_changes.HasMore) return _changes.Take(_rows.Table);
            _changes.Clear();
            while (_list < _rows.InStep.Count && _changes.Count < Batch.TypicalRows) Compare(_list++);
            if (_changes.Count > 0) continue;
            _rows.InStep.Clear();
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

    private void Compare(int list)
    {
        var partition = _rows.Partition(_rows.InStep.PartitionOf(list));
        var before = _before.AsSpan(0, _rows.Before(partition, _before));
        var after = _rows.InStep.Rows(list);
        if (_spec.GivesNumber) Renumber(before, after);
        Replace(before, after);
        _rows.Put(partition, after);
    }

    /// <summary>Each number that has another row than before.</summary>
    private void Renumber(ReadOnlySpan<RankedRow> before, ReadOnlySpan<RankedRow> after)
    {
        for (var i = (int)_spec.First - 1; i < after.Length; i++)
        {
            if (i < before.Length && before[i].Row == after[i].Row) continue;
            if (i < before.Length) _changes.Add((uint)before[i].Row, i + 1, -1);
            _changes.Add((uint)RowReferences.SlotOf(after[i].Row), i + 1, 1);
        }
    }

    /// <summary>
    /// Removes the rows that have gone and, where numbers do not show, gives what came into the bounds or left them. Rows that stay are in
    /// the same order before and after.
    /// </summary>
    private void Replace(ReadOnlySpan<RankedRow> before, ReadOnlySpan<RankedRow> after)
    {
        var first = (int)_spec.First - 1;
        var old = 0;
        for (var i = 0; i <= after.Length; i++)
        {
            var isEnd = i == after.Length;
            var isNew = !isEnd && RowReferences.IsStoredInStep(after[i].Row);
            if (!isNew)
            {
                for (; old < before.Length && (isEnd || before[old].Row != after[i].Row); old++)
                {
                    if (!_spec.GivesNumber && old >= first) _changes.Add((uint)before[old].Row, 0, -1);
                    _rows.Remove((uint)before[old].Row);
                }

                if (isEnd) break;
            }

            if (!_spec.GivesNumber) _changes.Add((uint)RowReferences.SlotOf(after[i].Row), 0, (i >= first ? 1 : 0) - (!isNew && old >= first ? 1 : 0));
            if (!isNew) old++;
        }
    }
}
