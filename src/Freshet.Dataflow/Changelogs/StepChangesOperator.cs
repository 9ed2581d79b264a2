using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Changelogs;

/// <summary>
/// What a step has changed in a set, as added rows: the row, the word for what happened, the moment at which it did and the step's clock,
/// and the last cause that the step has for the row's first column. The moment is the step's clock, which reads the moments at which
/// something falls due (<see cref="Operator.ShowsClock"/>). Port 0 has the step's consolidated delta, port 1 the causes: a number and a text.
/// It runs as one share. State: none between steps; within one, the causes and the delta's batches.
/// Cost: a look-up for each changed row.
/// </summary>
public sealed unsafe class StepChangesOperator(StepChangesSpec spec) : Operator
{
    private readonly List<Batch> _delta = [];
    private readonly List<Batch> _causes = [];
    private readonly Dictionary<long, (int Batch, int Row)> _last = [];
    private int _given = -1;

    public override bool ShowsClock => true;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        if (port == 0)
        {
            _delta.Add(batch);
            return;
        }

        ref var numbers = ref batch.Columns[0];
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (numbers.IsValid(row) && batch.WeightOf(row) > 0) _last[numbers.As<long>()[numbers.IndexOf(row)]] = (_causes.Count, row);
        }

        _causes.Add(batch);
    }

    public override void EndOfInput(StepContext step, long watermark) => _given = 0;

    public override Batch? Produce(StepContext step)
    {
        if (_given < 0) return null;
        if (_given < _delta.Count) return RowsOf(_delta[_given++], step);
        foreach (var batch in _delta) batch.Release();
        foreach (var batch in _causes) batch.Release();
        _delta.Clear();
        _causes.Clear();
        _last.Clear();
        _given = -1;
        return null;
    }

    public override void Dispose()
    {
        foreach (var batch in _delta) batch.Release();
        foreach (var batch in _causes) batch.Release();
        base.Dispose();
    }

    private Batch RowsOf(Batch delta, StepContext step)
    {
        var memory = BatchMemory.Create();
        foreach (var batch in _causes) memory.Retain(batch.Memory);
        var entered = StringView.Copy(spec.Entered, memory);
        var exited = StringView.Copy(spec.Exited, memory);
        var otherwise = StringView.Copy(spec.Otherwise, memory);
        var words = Column.Allocate(PhysicalKind.View, delta.Rows, memory);
        var causes = Column.Allocate(PhysicalKind.View, delta.Rows, memory);
        ref var numbers = ref delta.Columns[0];
        for (var i = 0; i < delta.Count; i++)
        {
            var row = delta.RowAt(i);
            words.As<StringView>()[row] = delta.WeightOf(row) > 0 ? entered : exited;
            causes.As<StringView>()[row] = otherwise;
            if (numbers.IsNull(row) || !_last.TryGetValue(numbers.As<long>()[numbers.IndexOf(row)], out var last)) continue;
            ref var cause = ref _causes[last.Batch].Columns[1];
            if (cause.IsValid(last.Row)) causes.As<StringView>()[row] = cause.As<StringView>()[cause.IndexOf(last.Row)];
        }

        var clock = Column.Constant(PhysicalKind.Int64, step.ClockMicros / 1000 * 1000, memory);
        var result = delta.WithColumns(memory, [.. delta.Columns, words, clock, clock, causes]);
        result.Weights = null;
        return result;
    }
}
