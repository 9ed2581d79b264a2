using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Errors;

namespace Freshet.Dataflow.Changelogs;

/// <summary>
/// Gives each row the sign that a word in one of its columns stands for: a changelog that came as rows becomes one. Stateless; the
/// other columns are shared with the input. A row without a known word leaves the output and is a row of side output 0.
/// Cost: a comparison of texts for each row and word.
/// </summary>
public sealed unsafe class SignOperator(SignSpec spec) : Operator
{
    private readonly ErrorRows _errors = new(spec.PositionColumns);
    private Batch? _output;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var memory = BatchMemory.Create();
        var rows = RowNumbers.Of(batch);
        var kept = memory.Allocate<int>(batch.Count);
        var weights = memory.Allocate<long>(batch.Rows);
        var words = batch.Columns[spec.Operation];
        var count = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = rows[i];
            var sign = words.IsNull(row) ? 0 : SignOf(StringView.Span(words.As<StringView>() + words.IndexOf(row)));
            if (sign != 0)
            {
                weights[row] = sign * batch.WeightOf(row);
                kept[count++] = row;
            }
            else if (words.IsNull(row))
            {
                _errors.Add(row, "operation", "NULL", "the kind of the change is NULL", batch.WeightOf(row));
            }
            else
            {
                _errors.Add(row, "operation", words.As<StringView>()[words.IndexOf(row)].Text, "no known kind of change", batch.WeightOf(row));
            }
        }

        _errors.Flush(batch);
        if (count > 0)
        {
            var columns = new Column[spec.Columns.Length];
            for (var c = 0; c < columns.Length; c++) columns[c] = batch.Columns[spec.Columns[c]];
            _output = batch.WithColumns(memory, columns);
            _output.Weights = weights;
            _output.Select(count == batch.Rows ? null : kept, count);
        }
        else
        {
            memory.Release();
        }

        batch.Release();
    }

    public override Batch? Produce(StepContext step)
    {
        var output = _output;
        _output = null;
        return output;
    }

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _errors.Take() : null;

    public override void Dispose()
    {
        _output?.Release();
        base.Dispose();
    }

    private long SignOf(ReadOnlySpan<byte> word)
    {
        foreach (var (known, sign) in spec.Words)
        {
            if (word.SequenceEqual(known)) return sign;
        }

        return 0;
    }
}
