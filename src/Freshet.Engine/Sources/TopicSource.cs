using System.Collections.Concurrent;
using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Sql.Plan;

namespace Freshet.Engine.Sources;

/// <summary>
/// A topic of the embedded log whose record values are JSON objects: one partition, positions are offsets. Each column is a
/// path into the value, decoded in one pass; two columns come from the record itself.
/// </summary>
/// <param name="end">The position at which a bounded reading ends; null: it goes on as the topic grows.</param>
internal sealed class TopicSource(Partition partition, ImmutableArray<TopicColumn> columns, bool isTrusted, LogOffset? end = null) : IRowSource
{
    /// <summary>Rows of one slice: large enough that a record batch is seldom read for two slices.</summary>
    private const int SliceRows = 8192;

    private readonly ConcurrentBag<JsonPathDecoder> _decoders = [];

    public string Name => partition.Topic;

    public int Partitions => 1;

    public bool IsBounded => end is not null;

    public long Start(int index) => partition.StartOffset.Value;

    public long Limit(int index, long from, int rows, long bytes) => Math.Min(from + rows, (end ?? partition.NextOffset).Value);

    public bool IsEnd(int index, long position) => end is { } last && position >= last.Value;

    public void Slice(int index, long from, long to, List<ISourceSlice> slices)
    {
        for (; from < to; from += SliceRows)
            slices.Add(new TopicSlice(this, new LogOffset(from), new LogOffset(Math.Min(to, from + SliceRows))));
    }

    public void Dispose()
    {
        while (_decoders.TryTake(out var decoder)) decoder.Dispose();
    }

    private JsonPathDecoder RentDecoder() => _decoders.TryTake(out var decoder) ? decoder : new JsonPathDecoder(
        [.. columns.Where(c => !c.IsOffset).Select(c => new JsonPathColumn(c.Path!, c.Type, c.FailsAsNull ? OnDecodeFailure.Null : OnDecodeFailure.Error))],
        new JsonDecodeOptions(IsTrusted: isTrusted));

    private sealed unsafe class TopicSlice(TopicSource source, LogOffset from, LogOffset to) : ISourceSlice
    {
        private const int BufferBytes = 1 << 20;
        private readonly Partition _partition = source.Partition;

        public long* Timestamps { get; private set; }

        public Batch Decode(List<SourceError> errors)
        {
            var rows = (int)(to.Value - from.Value);
            var memory = BatchMemory.Create();
            Timestamps = memory.Allocate<long>(rows);
            var decoder = source.RentDecoder();
            decoder.Begin(rows, memory);
            ReadAll(decoder, memory, rows);
            var decoded = new Column[decoder.Columns.Length];
            decoder.End(decoded);
            foreach (var error in decoder.Errors)
                errors.Add(new SourceError(0, from.Value + error.Row, error.Column < 0 ? "" : decoder.Columns[error.Column].Path.ToString(), error.Value, error.Reason));
            source._decoders.Add(decoder);
            return new Batch(memory, Assemble(decoded, rows, memory), rows);
        }

        private void ReadAll(JsonPathDecoder decoder, BatchMemory memory, int rows)
        {
            var at = from;
            // Events are about 500 bytes; a slice of few reads little.
            var bytes = (int)Math.Min(BufferBytes, 4096L + rows * 2048L);
            while (at < to)
            {
                var buffer = memory.Allocate(bytes);
                var read = _partition.Read(at, to, new Span<byte>(buffer, bytes), out var need);
                if (read == 0)
                {
                    if (need == 0) throw new InvalidDataException($"{_partition} ends at offset {at}, before {to}.");
                    bytes = need;
                    continue;
                }

                var reader = new RecordBatchReader(new ReadOnlySpan<byte>(buffer, read));
                while (reader.TryNext(out var record))
                {
                    if (record.Offset < from || record.Offset < at) continue;
                    if (record.Offset >= to) break;
                    fixed (byte* value = record.Value) decoder.Add(value, record.Value.Length);
                    Timestamps[record.Offset.Value - from.Value] = record.TimestampMs;
                    at = record.Offset + 1;
                }
            }
        }

        private Column[] Assemble(Column[] decoded, int rows, BatchMemory memory)
        {
            var offsets = Column.Allocate(PhysicalKind.Int64, rows, memory);
            for (var i = 0; i < rows; i++) offsets.As<long>()[i] = from.Value + i;
            var result = new Column[source.ColumnCount + 1];
            var next = 0;
            for (var i = 0; i < source.ColumnCount; i++) result[i] = source.IsOffset(i) ? offsets : decoded[next++];
            result[^1] = offsets;
            return result;
        }
    }

    private Partition Partition => partition;

    private int ColumnCount => columns.Length;

    private bool IsOffset(int column) => columns[column].IsOffset;
}

/// <summary>How a column comes out of a record: by a path into its value, or its offset.</summary>
internal sealed record TopicColumn(SqlType Type, JsonPath? Path, bool FailsAsNull)
{
    public bool IsOffset => Path is null;

    /// <summary>A column of the built-in events table.</summary>
    public static TopicColumn OfEvent(ScanColumn column)
    {
        var member = Sql.Catalog.EventsTable.Columns[column.Column].Member;
        return member.Length == 0 ? new TopicColumn(column.Type, null, false) : Of(member, column, failsAsNull: true);
    }

    /// <summary>A column of a table over JSON objects.</summary>
    public static TopicColumn Of(string member, ScanColumn column, bool failsAsNull = false)
    {
        var path = JsonPath.Of(member);
        return new TopicColumn(column.Type, column.Path is null ? path : JsonPath.Of(JsonPathMode.Lax, [.. path.Steps, .. column.Path.Steps]), failsAsNull || column.FailsAsNull);
    }
}
