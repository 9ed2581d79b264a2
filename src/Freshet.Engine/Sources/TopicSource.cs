using System.Collections.Concurrent;
using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Log;
using Freshet.Log.Records;

namespace Freshet.Engine.Sources;

/// <summary>
/// A topic of the embedded log whose records are JSON: one partition, positions are offsets. Each column is a path into the value,
/// decoded in one pass, or stands in the record itself.
/// </summary>
/// <param name="end">The position at which a bounded reading ends; null: it goes on as the topic grows.</param>
internal sealed class TopicSource(Partition partition, ImmutableArray<TopicColumn> columns, TopicFormat format, LogOffset? end = null) : IRowSource
{
    /// <summary>Rows of one slice: large enough that a record batch is seldom read for two slices.</summary>
    private const int SliceRows = 8192;

    /// <summary>Records of changes of one slice, each of which may bring several rows.</summary>
    private const int SliceChanges = 1024;

    private readonly ConcurrentBag<RecordDecoder> _decoders = [];

    public string Name => partition.Topic;

    public int Partitions => 1;

    public bool IsBounded => end is not null;

    public bool CanReadAhead => true;

    public long Start(int index) => partition.StartOffset.Value;

    public long Limit(int index, long from, int rows, long bytes) => Math.Min(from + rows, (end ?? partition.NextOffset).Value);

    public bool IsEnd(int index, long position) => end is { } last && position >= last.Value;

    public void Slice(int index, long from, long to, List<ISourceSlice> slices)
    {
        var records = format.Changes is null ? SliceRows : SliceChanges;
        for (; from < to; from += records)
            slices.Add(new TopicSlice(this, new LogOffset(from), new LogOffset(Math.Min(to, from + records))));
    }

    public void Dispose()
    {
        while (_decoders.TryTake(out var decoder)) decoder.Dispose();
    }

    private RecordDecoder RentDecoder() => _decoders.TryTake(out var decoder) ? decoder : new RecordDecoder(columns, format, partition.Topic, partition.Index);

    private sealed unsafe class TopicSlice(TopicSource source, LogOffset from, LogOffset to) : ISourceSlice
    {
        private const int BufferBytes = 1 << 20;
        private readonly Partition _partition = source.Partition;

        public long* Timestamps { get; private set; }

        public Batch Decode(List<SourceError> errors)
        {
            var memory = BatchMemory.Create();
            var decoder = source.RentDecoder();
            var rows = (int)(to.Value - from.Value);
            decoder.Begin(rows, memory);
            ReadAll(decoder, memory, rows);
            var batch = decoder.End(errors, out var timestamps);
            Timestamps = timestamps;
            source._decoders.Add(decoder);
            return batch;
        }

        private void ReadAll(RecordDecoder decoder, BatchMemory memory, int rows)
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
                    decoder.Add(record);
                    at = record.Offset + 1;
                }
            }
        }
    }

    private Partition Partition => partition;
}
