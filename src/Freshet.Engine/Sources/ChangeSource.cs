using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Plan;

namespace Freshet.Engine.Sources;

/// <summary>
/// The changes of a served view as a source: its rows first, then each step's delta, with their weights. Never ends; positions count
/// the rows that were pushed. Nothing is kept, so it is for circuits that are not replayed. Used by one thread.
/// </summary>
internal sealed class ChangeSource(string name, ImmutableArray<ScanColumn> columns) : IRowSource
{
    private readonly Queue<Batch> _waiting = [];

    public string Name => name;

    public int Partitions => 1;

    public bool IsBounded => false;

    /// <summary>The position behind the last row pushed.</summary>
    public long End { get; private set; }

    /// <summary>Adds rows and takes over the batch.</summary>
    public void Push(Batch rows)
    {
        _waiting.Enqueue(rows);
        End += rows.Count;
    }

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes) => End;

    public bool IsEnd(int partition, long position) => false;

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        while (_waiting.TryDequeue(out var rows))
        {
            slices.Add(new BatchSlice(columns, rows, from));
            from += rows.Count;
        }
    }

    public void Dispose()
    {
        while (_waiting.TryDequeue(out var rows)) rows.Release();
    }
}
