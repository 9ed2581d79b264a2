using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Engine.Sources;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// Events from a file of the suite's JSON lines, at most <c>events.num</c> of them; times are milliseconds in the text. What is not
/// read is not decoded.
/// </summary>
internal sealed class NexmarkFileSource : IRowSource
{
    private readonly FileSource _file;
    private readonly bool[] _isTime;
    private readonly long _end;

    public NexmarkFileSource(TableDefinition table, ImmutableArray<ScanColumn> columns, string folder)
    {
        var options = NexmarkOptions.Of(table);
        _end = options.Events == 0 ? long.MaxValue : options.Events;
        _isTime = [.. columns.Select(c => c.Type.IsTimestamp)];
        var file = table with { Options = ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, "filesystem").Add("path", options.File!).Add("format", "json") };
        _file = new FileSource(file, [.. columns.Select((c, i) => _isTime[i] ? c with { Type = SqlType.BigInt } : c)], folder);
    }

    public string Name => _file.Name;

    public int Partitions => 1;

    public bool IsBounded => true;

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes) => Math.Min(_end, _file.Limit(partition, from, rows, bytes));

    public bool IsEnd(int partition, long position) => position >= _end || _file.IsEnd(partition, position);

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        var first = slices.Count;
        _file.Slice(partition, from, to, slices);
        for (var i = first; i < slices.Count; i++) slices[i] = new TimedSlice(slices[i], _isTime);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Times from ms to µs; into columns of its own, because a batch may be sliced twice.</summary>
    private sealed class TimedSlice(ISourceSlice slice, bool[] isTime) : ISourceSlice
    {
        public unsafe Batch Decode(List<SourceError> errors)
        {
            var batch = slice.Decode(errors);
            var memory = BatchMemory.Create();
            var columns = batch.Columns.ToArray();
            for (var c = 0; c < isTime.Length; c++)
            {
                if (!isTime[c]) continue;
                var from = columns[c].As<long>();
                var to = memory.Allocate<long>(batch.Rows);
                for (var row = 0; row < batch.Rows; row++) to[row] = from[row] * 1000;
                columns[c].Values = to;
            }

            var result = batch.WithColumns(memory, columns);
            batch.Release();
            return result;
        }
    }
}
