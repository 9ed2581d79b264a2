using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Engine.Functions;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Embedding;

/// <summary>Objects of a program as batches of a table: properties are columns by name, cast to the table's types; missing ones are NULL.</summary>
internal sealed unsafe class RowWriter<T>
{
    private readonly RowShape _shape = RowShape.Of(typeof(T));
    private readonly Action<RowWriter<T>, T> _visit;
    private readonly VectorExpression[] _columns;
    private readonly string _table;
    private Column[] _values = [];
    private BatchMemory _memory = null!;
    private int _row;
    private int _rows;

    public RowWriter(TableDefinition table, ImmutableArray<ScanColumn> columns)
    {
        _table = table.Name;
        _visit = _shape.Visitor<RowWriter<T>, T>(nameof(Value));
        foreach (var field in _shape.Fields)
            if (!_shape.IsValue && table.Schema.Fields.All(f => !f.Name.Equals(field.Name, StringComparison.OrdinalIgnoreCase)))
                throw new EngineException("column_unknown", $"{typeof(T).Name}.{field.Name} is no column of the table {table.Name}.");
        _columns = [.. columns.Select(c => Source(table, c).Lower())];
    }

    /// <summary>A batch of rows: the columns that are read, then the position.</summary>
    public Batch Write(IReadOnlyList<T> rows, long weight, long position)
    {
        _memory = BatchMemory.Create();
        _rows = rows.Count;
        _values = [.. _shape.Fields.Select(f => Column.Allocate(f.Type.Physical, _rows, _memory))];
        for (var c = 0; c < _values.Length; c++)
        {
            new Span<byte>(_values[c].Values, _rows * _values[c].Kind.WidthBytes()).Clear();
            _values[c].EnsureValidity(_rows, _memory);
        }

        for (_row = 0; _row < _rows; _row++) _visit(this, rows[_row]);
        var context = new EvaluationContext();
        context.Begin(new Batch(_memory, _values, _rows), _memory);
        var columns = _columns.Select(e => e.Evaluate(context).Flatten(_rows, _memory)).ToList();
        if (context.Errors.Count > 0) throw new EngineException("value_unfit", $"A row for {_table} does not fit: {context.Errors[0].Reason} ('{context.Errors[0].Value}')");
        var positions = Column.Allocate(PhysicalKind.Int64, _rows, _memory);
        for (var i = 0; i < _rows; i++) positions.As<long>()[i] = position + i;
        var batch = new Batch(_memory, [.. columns, positions], _rows);
        if (weight == 1) return batch;
        batch.Weights = _memory.Allocate<long>(_rows);
        new Span<long>(batch.Weights, _rows).Fill(weight);
        return batch;
    }

    /// <summary>Writes one value of a row.</summary>
    public void Value<TValue>(int index, TValue value)
    {
        if (!ValueWriter.TryWrite(value, _values[index].Values, _row, _memory)) _values[index].SetNull(_row);
    }

    private BoundExpression Source(TableDefinition table, ScanColumn column)
    {
        var field = table.Schema.Fields[column.Column];
        var type = field.Type.WithNullable(true);
        var at = _shape.IsValue ? 0 : Array.FindIndex([.. _shape.Fields], f => f.Name.Equals(field.Name, StringComparison.OrdinalIgnoreCase));
        if (at < 0) return new BoundLiteral(type, default, (byte[]?)null);
        var given = _shape.Fields[at].Type;
        BoundExpression value = new BoundColumn(at, given);
        if (!given.EqualsIgnoringNullability(type)) value = new BoundCast(value, type, false, default);
        return column.Path is null ? value : new BoundCast(new BoundPath(value, column.Path, default), column.Type, column.FailsAsNull, default);
    }
}
