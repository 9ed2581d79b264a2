using System.Collections.Concurrent;
using System.Diagnostics;

namespace Freshet.Columns.Memory;

/// <summary>
/// The native memory of one batch: values are cut from blocks one after another and all go back to the pool together.
/// A batch made from another one may point into that one's memory (shared columns, bytes of strings) after
/// <see cref="Retain"/>; that memory then lives at least as long.
/// Invariant: created with one reference; the last <see cref="Release"/> returns all blocks and releases what it retains.
/// Allocation belongs to the one thread that builds the batch; references may be added and released by any thread.
/// </summary>
public sealed unsafe class BatchMemory
{
    private static readonly ConcurrentBag<BatchMemory> Pool = [];

    private readonly List<(nint Block, nuint Bytes)> _blocks = new(4);
    private readonly List<BatchMemory> _retained = new(2);
    private byte* _next;
    private nuint _left;
    private int _references;

    private BatchMemory()
    {
    }

    /// <summary>Bytes of the blocks held, without what is retained.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>A memory with one reference.</summary>
    public static BatchMemory Create()
    {
        if (!Pool.TryTake(out var memory)) memory = new BatchMemory();
        memory._references = 1;
        return memory;
    }

    /// <summary>Room for <paramref name="bytes"/> bytes, aligned to 64, not cleared.</summary>
    public byte* Allocate(long bytes)
    {
        Debug.Assert(_references > 0, "allocation in a released memory");
        var need = ((nuint)Math.Max(bytes, 1) + 63) & ~(nuint)63;
        if (need > _left) Grow(need);
        var at = _next;
        _next += need;
        _left -= need;
        return at;
    }

    public T* Allocate<T>(int count)
        where T : unmanaged => (T*)Allocate((long)count * sizeof(T));

    /// <summary>A bitmap of <paramref name="bits"/> bits, all set or all clear.</summary>
    public ulong* AllocateBits(int bits, bool value)
    {
        var words = (bits + 63) >> 6;
        var map = Allocate<ulong>(words);
        new Span<ulong>(map, words).Fill(value ? ulong.MaxValue : 0);
        return map;
    }

    /// <summary>Keeps <paramref name="other"/> alive as long as this memory.</summary>
    public void Retain(BatchMemory other)
    {
        if (ReferenceEquals(other, this) || _retained.Contains(other)) return;
        other.AddReference();
        _retained.Add(other);
    }

    public void AddReference()
    {
        var now = Interlocked.Increment(ref _references);
        Debug.Assert(now > 1, "a released memory cannot be referenced again");
    }

    public void Release()
    {
        var left = Interlocked.Decrement(ref _references);
        Debug.Assert(left >= 0, "a memory was released more often than referenced");
        if (left != 0) return;
        foreach (var (block, bytes) in _blocks) NativePool.Return((byte*)block, bytes);
        foreach (var other in _retained) other.Release();
        _blocks.Clear();
        _retained.Clear();
        _next = null;
        _left = 0;
        AllocatedBytes = 0;
        Pool.Add(this);
    }

    private void Grow(nuint need)
    {
        // Doubling keeps the number of blocks small; the first block holds a batch of a few rows.
        var bytes = Math.Max(need, Math.Min((nuint)Math.Max(AllocatedBytes, NativePool.MinBlockBytes), 1 << 20));
        _next = NativePool.Rent(bytes, out var block);
        _left = block;
        _blocks.Add(((nint)_next, block));
        AllocatedBytes += (long)block;
    }
}
