using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sources;

/// <summary>Connector <c>datagen</c>: rows that are made, positions are row numbers. Rows are written as JSON and read by the decoder of all other sources.</summary>
internal sealed class DataGenSource(TableDefinition table, ImmutableArray<ScanColumn> columns, long nowMs) : IRowSource
{
    private const int SliceRows = 8192;

    private readonly DataGenFields _fields = new(table, nowMs);

    public string Name => table.Name;

    public int Partitions => 1;

    public bool IsBounded => true;

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes) => Math.Min(_fields.Rows, from + rows);

    public bool IsEnd(int partition, long position) => position >= _fields.Rows;

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        for (; from < to; from += SliceRows) slices.Add(new Rows(this, from, Math.Min(to, from + SliceRows)));
    }

    public void Dispose()
    {
    }

    private sealed class Rows(DataGenSource source, long from, long to) : ISourceSlice
    {
        public unsafe Batch Decode(List<SourceError> errors)
        {
            var buffer = new Utf8Buffer(1 << 16);
            for (var row = from; row < to; row++) source._fields.Write(row, buffer);
            JsonPathColumn[] paths = [.. source.Columns.Select(c => TopicColumn.Of(source.Table.Schema.Fields[c.Column].Name, c)).Select(c => new JsonPathColumn(c.Path!, c.Type, c.FailsAsNull ? OnDecodeFailure.Null : OnDecodeFailure.Error))];
            using var decoder = new JsonRowDecoder(paths);
            for (var rest = buffer.Written; !rest.IsEmpty;)
            {
                var room = decoder.GetBuffer();
                var count = Math.Min(room.Length, rest.Length);
                rest[..count].CopyTo(room);
                decoder.Commit(count);
                rest = rest[count..];
            }

            decoder.Complete();
            var parts = new List<Batch>();
            while (decoder.TryRead(SliceRows) is { } part)
            {
                errors.AddRange(decoder.Errors.Select(e => new SourceError(0, from + e.Row, e.Column < 0 ? "" : paths[e.Column].Path.ToString(), e.Value, e.Reason)));
                parts.Add(part);
            }

            var memory = BatchMemory.Create();
            var batch = parts.Count == 1 ? parts[0] : Freshet.Kernels.ConcatKernel.Concat(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(parts), BatchMemory.Create());
            if (parts.Count > 1)
                foreach (var part in parts) part.Release();
            var positions = Column.Allocate(PhysicalKind.Int64, batch.Rows, memory);
            for (var i = 0; i < batch.Rows; i++) positions.As<long>()[i] = from + i;
            var result = batch.WithColumns(memory, [.. batch.Columns, positions]);
            batch.Release();
            return result;
        }
    }

    private ImmutableArray<ScanColumn> Columns => columns;

    private TableDefinition Table => table;
}
