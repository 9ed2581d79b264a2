using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Engine.Sources;

/// <summary>
/// Rows that have been read from files and not yet been taken, under row numbers that go on over all files. The last column of a
/// batch is the row's number; rows with a bad value are left out of the batch and keep theirs. Used by the engine's thread.
/// </summary>
internal sealed class FileRows(string[] columnNames) : IDisposable
{
    private readonly Queue<(long First, Batch Batch, List<SourceError> Errors)> _waiting = new();

    /// <summary>The number of the next row to be read.</summary>
    public long End { get; private set; }

    /// <summary>Takes over a batch.</summary>
    public unsafe void Add(Batch batch, IReadOnlyList<DecodeError> found, string file)
    {
        var errors = found.Select(e => new SourceError(0, End + e.Row, e.Column < 0 ? "" : columnNames[e.Column], e.Value, $"{Path.GetFileName(file)}: {e.Reason}")).ToList();
        var memory = BatchMemory.Create();
        var positions = Column.Allocate(PhysicalKind.Int64, batch.Rows, memory);
        for (var i = 0; i < batch.Rows; i++) positions.As<long>()[i] = End + i;
        var whole = batch.WithColumns(memory, [.. batch.Columns, positions]);
        batch.Release();
        if (errors.Count > 0) LeaveOut(whole, errors);
        _waiting.Enqueue((End, whole, errors));
        End += whole.Rows;
    }

    /// <summary>Gives away the rows of a range; how far it got.</summary>
    public long Take(long from, long to, List<ISourceSlice> slices)
    {
        while (from < to && _waiting.TryPeek(out var waiting))
        {
            var start = (int)(from - waiting.First);
            var count = (int)Math.Min(waiting.Batch.Rows - start, to - from);
            var last = start + count == waiting.Batch.Rows;
            if (last) _waiting.Dequeue();
            else waiting.Batch.AddReference();
            slices.Add(new FileSlice(waiting.Batch, start, count, start == 0 ? waiting.Errors : []));
            from += count;
        }

        return from;
    }

    public void Dispose()
    {
        while (_waiting.TryDequeue(out var waiting)) waiting.Batch.Release();
    }

    /// <summary>A row with a bad value adds nothing; the others go on.</summary>
    private unsafe void LeaveOut(Batch batch, List<SourceError> errors)
    {
        var bad = errors.Select(e => (int)(e.Position - End)).ToHashSet();
        var rows = batch.Memory.Allocate<int>(batch.Rows);
        var count = 0;
        for (var i = 0; i < batch.Rows; i++)
            if (!bad.Contains(i)) rows[count++] = i;
        batch.Select(rows, count);
    }

    private sealed class FileSlice(Batch batch, int start, int count, List<SourceError> found) : ISourceSlice
    {
        public unsafe Batch Decode(List<SourceError> errors)
        {
            errors.AddRange(found);
            if (start == 0 && count == batch.Rows) return batch;
            var memory = BatchMemory.Create();
            var rows = memory.Allocate<int>(count);
            var kept = 0;
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                if (row >= start && row < start + count) rows[kept++] = row;
            }

            var part = batch.WithColumns(memory, batch.Columns);
            part.Select(rows, kept);
            batch.Release();
            return part;
        }
    }
}
