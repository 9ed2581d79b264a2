using System.Collections.Immutable;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Dataflow.Errors;

/// <summary>
/// Rows of side output 0 of an operator: one for each input row that adds nothing to the result because it could not be
/// computed: its position columns, the column, the value (cut to 200 bytes), the reason, and the weight of the input row. So
/// when the input row is taken back, so is its error.
/// Cost: allocates for each error; a good row costs nothing.
/// </summary>
public sealed unsafe class ErrorRows(ImmutableArray<int> positionColumns)
{
    /// <summary>Columns after the position: column, value, reason.</summary>
    public const int OwnColumns = 3;

    private readonly Queue<Batch> _batches = new();
    private readonly List<(int Row, string Column, string Value, string Reason, long Weight)> _rows = [];

    /// <summary>Error rows (not their weights) since the start, for metrics.</summary>
    public long Total { get; private set; }

    /// <summary>The columns of the error rows of an operator whose input has <paramref name="input"/>.</summary>
    public static Schema SchemaOf(Schema input, ImmutableArray<int> positionColumns) => new(
    [
        .. positionColumns.Select(c => input.Fields[c]),
        new Field("column", SqlType.String.NotNull),
        new Field("value", SqlType.String),
        new Field("reason", SqlType.String.NotNull),
    ]);

    /// <summary>Adds an error of a row of the batch that <see cref="Flush"/> will name.</summary>
    public void Add(int row, string column, string value, string reason, long weight) => _rows.Add((row, column, value, reason, weight));

    /// <summary>Makes a batch of the errors added since the last call; their rows are rows of <paramref name="input"/>.</summary>
    public void Flush(Batch input)
    {
        if (_rows.Count == 0) return;
        var memory = BatchMemory.Create();
        var columns = new Column[positionColumns.Length + OwnColumns];
        var rows = memory.Allocate<int>(_rows.Count);
        for (var i = 0; i < _rows.Count; i++) rows[i] = _rows[i].Row;
        var points = false;
        for (var i = 0; i < positionColumns.Length; i++)
            columns[i] = GatherKernel.Gather(input.Columns[positionColumns[i]], rows, _rows.Count, memory, ref points);
        if (points) memory.Retain(input.Memory);
        AddOwn(columns, memory);
    }

    /// <summary>Makes a batch of the errors added since the last call, for operators whose errors are of no single row.</summary>
    public void FlushWithoutPosition()
    {
        if (_rows.Count == 0) return;
        var memory = BatchMemory.Create();
        AddOwn(new Column[OwnColumns], memory);
    }

    /// <summary>The next batch of error rows, owned by the caller, or null.</summary>
    public Batch? Take() => _batches.TryDequeue(out var batch) ? batch : null;

    private void AddOwn(Column[] columns, BatchMemory memory)
    {
        var count = _rows.Count;
        var first = columns.Length - OwnColumns;
        for (var i = 0; i < OwnColumns; i++) columns[first + i] = Column.Allocate(PhysicalKind.View, count, memory);
        var batch = new Batch(memory, columns, count) { Weights = memory.Allocate<long>(count) };
        for (var i = 0; i < count; i++)
        {
            var error = _rows[i];
            columns[first].As<StringView>()[i] = Copy(error.Column, memory);
            columns[first + 1].As<StringView>()[i] = Copy(error.Value, memory);
            columns[first + 2].As<StringView>()[i] = Copy(error.Reason, memory);
            batch.Weights[i] = error.Weight;
        }

        Total += count;
        _rows.Clear();
        _batches.Enqueue(batch);
    }

    private static StringView Copy(string text, BatchMemory memory) => StringView.Copy(Encoding.UTF8.GetBytes(text), memory);
}
