using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Log.Records;

namespace Freshet.Engine.Sinks;

/// <summary>
/// What each key's row is at a step's end, as Flink's upsert-kafka writes it: the record's key is a JSON object of the key's
/// columns, its value one of all columns, or none where the row is no more. A step writes a key once, in the order of the keys'
/// bytes, so that neither the order of its rows nor their number shows.
/// </summary>
internal sealed class UpsertRecords : IRecordWriter
{
    private readonly record struct Change(int KeyStart, int KeyBytes, int Batch, int Row, bool IsAdded);

    private readonly RecordColumns _columns;
    private readonly JsonLineWriter _keyWriter;
    private readonly JsonLineWriter _valueWriter;
    private readonly Utf8Buffer _keys = new();
    private readonly Utf8Buffer _value = new();
    private readonly List<Change> _changes = [];
    private readonly Comparison<Change> _byKey;

    public UpsertRecords(RecordColumns columns)
    {
        _columns = columns;
        _keyWriter = new JsonLineWriter(columns.Key, JsonTimeFormat.Iso8601);
        _valueWriter = new JsonLineWriter(columns.Values, JsonTimeFormat.Iso8601);
        _byKey = (a, b) =>
        {
            var order = KeyOf(a).SequenceCompareTo(KeyOf(b));
            // Of one key the row that is there now comes last.
            if (order == 0) order = a.IsAdded.CompareTo(b.IsAdded);
            return order != 0 ? order : a.KeyStart.CompareTo(b.KeyStart);
        };
    }

    public bool TakesChanges => true;

    public void Write(IReadOnlyList<Batch> rows, RecordSet records, long nowMs)
    {
        _keys.Clear();
        _changes.Clear();
        for (var b = 0; b < rows.Count; b++) Collect(rows[b], b);
        _changes.Sort(_byKey);
        for (var i = 0; i < _changes.Count; i++)
        {
            var change = _changes[i];
            if (i + 1 < _changes.Count && KeyOf(change).SequenceEqual(KeyOf(_changes[i + 1]))) continue;
            var batch = rows[change.Batch];
            if (!change.IsAdded)
            {
                records.AddTombstone(nowMs, KeyOf(change));
                continue;
            }

            _value.Clear();
            _valueWriter.WriteObject(_columns.ValuesOf(batch), change.Row, _value);
            records.Add(_columns.TimestampOf(batch, change.Row, nowMs), KeyOf(change), _value.Written);
        }
    }

    private ReadOnlySpan<byte> KeyOf(Change change) => _keys.Written.Slice(change.KeyStart, change.KeyBytes);

    private void Collect(Batch batch, int number)
    {
        var values = _columns.ValuesOf(batch);
        Column[] key = [.. _columns.Keys.Select(k => values[k])];
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            var start = _keys.Length;
            _keyWriter.WriteObject(key, row, _keys);
            _changes.Add(new Change(start, _keys.Length - start, number, row, batch.WeightOf(row) > 0));
        }
    }
}
