using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;

namespace Freshet.Engine.Sources;

/// <summary>
/// A table whose rows are given by the program that holds the engine: batches with weights, one partition, positions are row
/// numbers from 0. Rows may be pushed from any thread; they are held until they have been taken.
/// It keeps nothing on disk: what it held is gone with the process.
/// </summary>
internal sealed class MemorySource(string name) : IRowSource
{
    private readonly Lock _lock = new();
    private readonly Queue<(long First, Batch Batch)> _waiting = new();
    private long _next;
    private bool _ended;

    public string Name => name;

    public int Partitions => 1;

    public bool IsBounded => true;

    /// <summary>The position after the last row pushed.</summary>
    public long End
    {
        get
        {
            lock (_lock) return _next;
        }
    }

    /// <summary>Adds rows and takes over the batch.</summary>
    /// <exception cref="InvalidOperationException">The input has been ended.</exception>
    public void Push(Batch batch)
    {
        lock (_lock)
        {
            if (_ended) throw new InvalidOperationException($"The input of table '{name}' has been ended; no rows can follow.");
            if (batch.Count == 0)
            {
                batch.Release();
                return;
            }

            _waiting.Enqueue((_next, batch));
            _next += batch.Count;
        }
    }

    /// <summary>No rows will follow: windows close when the rows pushed so far have been taken.</summary>
    public void Complete()
    {
        lock (_lock) _ended = true;
    }

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes)
    {
        lock (_lock) return Math.Min(_next, from + rows);
    }

    public bool IsEnd(int partition, long position)
    {
        lock (_lock) return _ended && position == _next;
    }

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        lock (_lock)
        {
            while (from < to)
            {
                var (first, batch) = _waiting.Peek();
                var start = (int)(from - first);
                var count = (int)Math.Min(batch.Count - start, to - from);
                slices.Add(new BatchSlice(batch, start, count, last: start + count == batch.Count));
                from += count;
                if (start + count == batch.Count) _waiting.Dequeue();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var waiting)) waiting.Batch.Release();
        }
    }

    /// <summary>Some rows of a pushed batch; the last slice of a batch takes over its reference.</summary>
    private sealed class BatchSlice : ISourceSlice
    {
        private readonly Batch _batch;
        private readonly int _start;
        private readonly int _count;

        public BatchSlice(Batch batch, int start, int count, bool last)
        {
            if (!last) batch.AddReference();
            _batch = batch;
            _start = start;
            _count = count;
        }

        public unsafe Batch Decode(List<SourceError> errors)
        {
            if (_start == 0 && _count == _batch.Rows && _batch.Selection is null) return _batch;
            var memory = BatchMemory.Create();
            var rows = memory.Allocate<int>(_count);
            for (var i = 0; i < _count; i++) rows[i] = _batch.RowAt(_start + i);
            var result = GatherKernel.Gather(_batch, rows, _count, memory);
            _batch.Release();
            return result;
        }
    }
}
