using Freshet.Columns;
using Freshet.Engine.Sources;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sinks;

/// <summary>The columns of an INSERT INTO a topic: those of the value, and the one that is the record's timestamp, where the table has it.</summary>
internal sealed class RecordColumns
{
    private readonly int[] _values;
    private readonly int _timestamp;

    /// <param name="schema">What the INSERT gives: the table's writable columns, in order.</param>
    public RecordColumns(TableDefinition table, Schema schema)
    {
        List<int> writable = [.. table.Writable];
        _timestamp = writable.FindIndex(c => table.Metadata.Any(m => m.Column == c && m.Key == RecordMetadata.TimestampKey));
        _values = [.. Enumerable.Range(0, schema.Count).Where(c => c != _timestamp)];
        Values = new Schema([.. _values.Select(c => schema.Fields[c])]);
        Keys = [.. table.PrimaryKey.Select(k => Array.IndexOf(_values, writable.IndexOf(k)))];
        Key = new Schema([.. Keys.Select(k => Values.Fields[k])]);
    }

    /// <summary>Columns of the value.</summary>
    public Schema Values { get; }

    /// <summary>Columns of the record's key, which are in the value too.</summary>
    public Schema Key { get; }

    /// <summary>Where <see cref="Key"/> stands in <see cref="Values"/>.</summary>
    public int[] Keys { get; }

    public Column[] ValuesOf(Batch batch) => _timestamp < 0 ? batch.Columns : [.. _values.Select(c => batch.Columns[c])];

    /// <summary>A row's timestamp, ms.</summary>
    public unsafe long TimestampOf(Batch batch, int row, long nowMs)
    {
        if (_timestamp < 0 || batch.Columns[_timestamp].IsNull(row)) return nowMs;
        var column = batch.Columns[_timestamp];
        return Math.DivRem(column.As<long>()[column.IndexOf(row)], 1000, out var rest) - (rest < 0 ? 1 : 0);
    }
}
