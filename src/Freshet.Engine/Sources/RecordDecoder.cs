using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Log.Records;

namespace Freshet.Engine.Sources;

/// <summary>
/// Records of a topic to rows, one slice after another: a record is a row, or of a topic of changes none, one or several. Keys and
/// values must stay where they are for as long as the batch lives. One thread at a time; no allocation per row but where a value is
/// in error.
/// </summary>
internal sealed unsafe class RecordDecoder : IDisposable
{
    private readonly ImmutableArray<TopicColumn> _columns;
    private readonly TopicFormat _format;
    private readonly JsonPathDecoder _rows;
    private readonly ChangeReader? _changes;
    private readonly List<ChangedRow> _changed = [];
    private readonly List<(long Offset, long TimestampMs)> _origins = [];
    private readonly List<(int Row, string Value, string Reason)> _wrong = [];
    private readonly byte[] _topic;
    private readonly int _partition;
    private readonly int _valueColumns;
    private BatchMemory _memory = null!;

    public RecordDecoder(ImmutableArray<TopicColumn> columns, TopicFormat format, string topic, int partition)
    {
        _columns = columns;
        _format = format;
        _topic = System.Text.Encoding.UTF8.GetBytes(topic);
        _partition = partition;
        _valueColumns = columns.Count(c => c.Part == RecordPart.Value);
        _changes = format.Changes is null ? null : new ChangeReader(format.Changes);
        _rows = new JsonPathDecoder(
            [.. columns.Where(c => c.Part == RecordPart.Value).Select(c => new JsonPathColumn(c.Path!, c.Type, c.FailsAsNull || format.IgnoresErrors ? OnDecodeFailure.Null : OnDecodeFailure.Error))],
            new JsonDecodeOptions(IsTrusted: format.IsTrusted));
    }

    /// <summary>Starts a slice of at most so many records.</summary>
    public void Begin(int records, BatchMemory memory)
    {
        _memory = memory;
        _changed.Clear();
        _origins.Clear();
        _wrong.Clear();
        // Rows of changes are counted first.
        if (!_format.HasWeights) _rows.Begin(records, memory);
    }

    public void Add(in Record record)
    {
        fixed (byte* key = record.Key)
        fixed (byte* value = record.Value)
        {
            // A record without a value is no row: of what was erased, its offset is left.
            if (!_format.HasWeights && !record.HasValue) return;
            if (!_format.HasWeights) _rows.Add(value, record.Value.Length);
            else if (_format.IsUpsert) AddUpsert(record, key, value);
            else AddChanges(record, value);
        }

        var rows = _format.HasWeights ? _changed.Count : _rows.Rows;
        while (_origins.Count < rows) _origins.Add((record.Offset.Value, record.TimestampMs));
    }

    /// <summary>Hands the rows over: the columns, then the offset. Rows with a bad value are left out.</summary>
    public Batch End(List<SourceError> errors, out long* timestamps)
    {
        if (_format.HasWeights) DecodeChanged();
        var count = _rows.Rows;
        var decoded = new Column[_valueColumns];
        _rows.End(decoded);
        timestamps = _memory.Allocate<long>(Math.Max(1, count));
        var offsets = Column.Allocate(PhysicalKind.Int64, count, _memory);
        for (var i = 0; i < count; i++) (offsets.As<long>()[i], timestamps[i]) = _origins[i];
        var columns = new Column[_columns.Length + 1];
        var next = 0;
        for (var c = 0; c < _columns.Length; c++) columns[c] = _columns[c].Part == RecordPart.Value ? decoded[next++] : PartOf(_columns[c], offsets, timestamps, count);
        columns[^1] = offsets;
        var batch = new Batch(_memory, columns, count) { Weights = _format.HasWeights ? Weights() : null };
        Report(batch, errors);
        return batch;
    }

    public void Dispose()
    {
        _rows.Dispose();
        _changes?.Dispose();
    }

    private void AddUpsert(in Record record, byte* key, byte* value)
    {
        if (record.HasValue) _changed.Add(new ChangedRow(value, record.Value.Length, 1));
        else if (record.HasKey) _changed.Add(new ChangedRow(key, record.Key.Length, -1));
        else AddWrong("", "The record has neither a key nor a value.");
    }

    private void AddChanges(in Record record, byte* value)
    {
        var before = _changed.Count;
        if (!record.HasValue) return;
        if (!_changes!.TryRead(value, record.Value.Length, _memory, _changed, out var reason)) AddWrong(DecodeError.Cut(record.Value), reason);
        if (_changed.Count <= Batch.MaxRows) return;
        _changed.RemoveRange(before, _changed.Count - before);
        AddWrong(DecodeError.Cut(record.Value), $"The records of a step bring more than {Batch.MaxRows} rows of changes: write documents with fewer rows.");
    }

    private void AddWrong(string value, string reason)
    {
        if (_format.IgnoresErrors) return;
        _wrong.Add((_changed.Count, value, reason));
        _changed.Add(new ChangedRow(null, 0, 1));
    }

    private void DecodeChanged()
    {
        _rows.Begin(Math.Max(1, _changed.Count), _memory);
        foreach (var row in _changed)
        {
            if (row.Start is null) _rows.AddNull();
            else _rows.Add(row.Start, row.Length);
        }
    }

    private long* Weights()
    {
        var weights = _memory.Allocate<long>(Math.Max(1, _changed.Count));
        for (var i = 0; i < _changed.Count; i++) weights[i] = _changed[i].Weight;
        return weights;
    }

    private Column PartOf(TopicColumn column, Column offsets, long* timestamps, int count)
    {
        switch (column.Part)
        {
            case RecordPart.Offset:
                return offsets;
            case RecordPart.Timestamp:
                var times = Column.Allocate(PhysicalKind.Int64, count, _memory);
                for (var i = 0; i < count; i++) times.As<long>()[i] = timestamps[i] * 1000;
                return times;
            case RecordPart.Partition:
                return Column.Constant(PhysicalKind.Int32, _partition, _memory).Flatten(count, _memory);
            case RecordPart.LeaderEpoch:
                var none = Column.Allocate(PhysicalKind.Int32, count, _memory);
                none.Validity = _memory.AllocateBits(count, false);
                new Span<byte>(none.Values, count * sizeof(int)).Clear();
                return none;
            default:
                var text = column.Part == RecordPart.Topic ? _topic : column.Part == RecordPart.Headers ? "{}"u8 : "CreateTime"u8;
                var texts = Column.Allocate(PhysicalKind.View, count, _memory);
                var view = StringView.Copy(text, _memory);
                new Span<StringView>(texts.Values, count).Fill(view);
                return texts;
        }
    }

    private void Report(Batch batch, List<SourceError> errors)
    {
        if (_wrong.Count == 0 && _rows.Errors.Count == 0) return;
        var bad = new HashSet<int>();
        foreach (var error in _rows.Errors)
        {
            bad.Add(error.Row);
            if (_format.IgnoresErrors) continue;
            errors.Add(new SourceError(0, _origins[error.Row].Offset, error.Column < 0 ? "" : _rows.Columns[error.Column].Path.ToString(), error.Value, error.Reason));
        }

        foreach (var (row, value, reason) in _wrong)
        {
            bad.Add(row);
            errors.Add(new SourceError(0, _origins[row].Offset, "", value, reason));
        }

        var kept = _memory.Allocate<int>(Math.Max(1, batch.Rows));
        var count = 0;
        for (var i = 0; i < batch.Rows; i++)
            if (!bad.Contains(i)) kept[count++] = i;
        batch.Select(kept, count);
    }
}
