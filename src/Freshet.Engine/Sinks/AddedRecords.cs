using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Log.Records;

namespace Freshet.Engine.Sinks;

/// <summary>Rows that are added, each a JSON object without a key.</summary>
internal sealed class AddedRecords(RecordColumns columns) : IRecordWriter
{
    private readonly JsonLineWriter _writer = new(columns.Values, JsonTimeFormat.Iso8601);
    private readonly Utf8Buffer _buffer = new();

    public bool TakesChanges => false;

    public void Write(IReadOnlyList<Batch> rows, RecordSet records, long nowMs)
    {
        foreach (var batch in rows)
        {
            var values = columns.ValuesOf(batch);
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                _buffer.Clear();
                _writer.WriteObject(values, row, _buffer);
                records.Add(columns.TimestampOf(batch, row, nowMs), default, _buffer.Written);
            }
        }
    }
}
