using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Plan;
using Freshet.State.Views;

namespace Freshet.Engine.Sources;

/// <summary>
/// The rows of a pinned view. Bounded; positions are row numbers in the order of the scan; read once, from the start. The pin
/// belongs to the query and outlives the source.
/// </summary>
internal sealed class ViewSource(string name, ViewSnapshot snapshot, ImmutableArray<ScanColumn> columns) : IRowSource
{
    private ViewCursor _cursor;

    public string Name => name;

    public int Partitions => 1;

    public bool IsBounded => true;

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes) => Math.Min(snapshot.Rows, from + rows);

    public bool IsEnd(int partition, long position) => position >= snapshot.Rows;

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        while (from < to)
        {
            var rows = snapshot.Scan(ref _cursor, (int)Math.Min(Batch.TypicalRows, to - from))
                ?? throw new InvalidOperationException($"The view {name} ended at row {from} of {snapshot.Rows}.");
            slices.Add(new BatchSlice(columns, rows, from));
            from += rows.Count;
        }
    }

    public void Dispose()
    {
    }
}
