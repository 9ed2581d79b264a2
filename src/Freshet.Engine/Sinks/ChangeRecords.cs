using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Log.Records;

namespace Freshet.Engine.Sinks;

/// <summary>
/// Rows that are added and taken back, each a document of a format of changes. What a step takes back comes first: whoever
/// reads by key would else take the end of an old row for that of the new one.
/// </summary>
internal sealed class ChangeRecords(RecordColumns columns, ChangeFormat format) : IRecordWriter
{
    private readonly ChangeLineWriter _writer = new(columns.Values, format, JsonTimeFormat.Iso8601);
    private readonly Utf8Buffer _buffer = new();

    public bool TakesChanges => true;

    public void Write(IReadOnlyList<Batch> rows, RecordSet records, long nowMs)
    {
        Write(rows, isAdded: false, records, nowMs);
        Write(rows, isAdded: true, records, nowMs);
    }

    private void Write(IReadOnlyList<Batch> rows, bool isAdded, RecordSet records, long nowMs)
    {
        foreach (var batch in rows)
        {
            var values = columns.ValuesOf(batch);
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                var weight = batch.WeightOf(row);
                if (weight > 0 != isAdded) continue;
                _buffer.Clear();
                _writer.WriteDocument(values, row, isAdded, _buffer);
                for (var n = Math.Abs(weight); n > 0; n--) records.Add(columns.TimestampOf(batch, row, nowMs), default, _buffer.Written);
            }
        }
    }
}
