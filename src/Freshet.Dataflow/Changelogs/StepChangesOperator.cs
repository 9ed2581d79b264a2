using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Changelogs;

/// <summary>
/// What a step has changed in a set, as added rows: the row, the word for what happened, the moment at which it did and the step's clock,
/// and the last cause that the step has for the row's first column; where a withdrawal is told of, its own cause, unless a stronger one stands there. The moment is the step's clock, which reads the moments at which
/// something falls due (<see cref="Operator.ShowsClock"/>). Port 0 has the step's consolidated delta, port 1 the causes: a number and a text;
/// port 2, where there is one, the delta of what members need: a row that goes there with the same first two columns is the withdrawal.
/// It runs as one share. State: none between steps; within one, the causes and the delta's batches.
/// Cost: a look-up for each changed row.
/// </summary>
public sealed unsafe class StepChangesOperator(StepChangesSpec spec) : Operator
{
    private readonly List<Batch> _delta = [];
    private readonly List<Batch> _causes = [];
    private readonly Dictionary<long, (int Batch, int Row)> _last = [];
    private readonly List<Batch> _withdrawn = [];
    private readonly Dictionary<long, List<(int Batch, int Row)>> _gone = [];
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
        if (port == 2)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                if (numbers.IsNull(row) || batch.WeightOf(row) >= 0) continue;
                ref var places = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_gone, numbers.As<long>()[numbers.IndexOf(row)], out _);
                (places ??= []).Add((_withdrawn.Count, row));
            }

            _withdrawn.Add(batch);
            return;
        }

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
        Clear();
        return null;
    }

    public override void Dispose()
    {
        // Only a step that was broken off leaves something.
        Clear();
        base.Dispose();
    }

    private void Clear()
    {
        foreach (var batches in (ReadOnlySpan<List<Batch>>)[_delta, _causes, _withdrawn])
        {
            foreach (var batch in batches) batch.Release();
            batches.Clear();
        }

        _last.Clear();
        _gone.Clear();
        _given = -1;
    }

    private Batch RowsOf(Batch delta, StepContext step)
    {
        var memory = BatchMemory.Create();
        foreach (var batch in _causes) memory.Retain(batch.Memory);
        var entered = StringView.Copy(spec.Entered, memory);
        var exited = StringView.Copy(spec.Exited, memory);
        var otherwise = StringView.Copy(spec.Otherwise, memory);
        var withdrawn = spec.Withdrawn is null ? default : StringView.Copy(spec.Withdrawn, memory);
        var words = Column.Allocate(PhysicalKind.View, delta.Rows, memory);
        var causes = Column.Allocate(PhysicalKind.View, delta.Rows, memory);
        ref var numbers = ref delta.Columns[0];
        for (var i = 0; i < delta.Count; i++)
        {
            var row = delta.RowAt(i);
            words.As<StringView>()[row] = delta.WeightOf(row) > 0 ? entered : exited;
            causes.As<StringView>()[row] = otherwise;
            if (numbers.IsNull(row)) continue;
            var number = numbers.As<long>()[numbers.IndexOf(row)];
            if (_last.TryGetValue(number, out var last))
            {
                ref var cause = ref _causes[last.Batch].Columns[1];
                if (cause.IsValid(last.Row)) causes.As<StringView>()[row] = cause.As<StringView>()[cause.IndexOf(last.Row)];
            }

            if (delta.WeightOf(row) < 0 && WentWith(number, delta, row) && !IsStronger(causes.As<StringView>()[row])) causes.As<StringView>()[row] = withdrawn;
        }

        var clock = Column.Constant(PhysicalKind.Int64, step.ClockMicros / 1000 * 1000, memory);
        var result = delta.WithColumns(memory, [.. delta.Columns, words, clock, clock, causes]);
        result.Weights = null;
        return result;
    }

    /// <summary>Whether a row of port 2 with the same first two columns has gone.</summary>
    private bool WentWith(long number, Batch delta, int row)
    {
        if (!_gone.TryGetValue(number, out var places)) return false;
        ref var names = ref delta.Columns[1];
        var name = names.As<StringView>()[names.IndexOf(row)];
        foreach (var place in places)
        {
            ref var gone = ref _withdrawn[place.Batch].Columns[1];
            var other = gone.As<StringView>()[gone.IndexOf(place.Row)];
            if (StringView.Span(&name).SequenceEqual(StringView.Span(&other))) return true;
        }

        return false;
    }

    private bool IsStronger(StringView cause)
    {
        foreach (var word in spec.Stronger)
            if (StringView.Span(&cause).SequenceEqual(word)) return true;
        return false;
    }
}
