using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Freshet.Columns.Memory;

/// <summary>
/// Blocks of native memory in power-of-two sizes, kept for reuse. Column values lie here rather than in managed arrays,
/// because large managed arrays are collected only with generation 2.
/// Invariant: a block returned is a block rented, with the same size. Any thread may rent and return.
/// Each thread keeps a few blocks of each size; the rest are shared. Blocks over 64 MiB go back to the system.
/// </summary>
public static unsafe class NativePool
{
    /// <summary>Smallest block, bytes.</summary>
    public const int MinBlockBytes = 4 << 10;

    private const int MinShift = 12;
    private const int MaxShift = 26;
    private const int PerThread = 8;

    private static readonly ConcurrentBag<nint>[] Shared = CreateShared();
    private static long s_rentedBytes;
    private static long s_heldBytes;

    [ThreadStatic]
    private static ThreadCache? t_cache;

    /// <summary>Bytes in use by callers now.</summary>
    public static long RentedBytes => Interlocked.Read(ref s_rentedBytes);

    /// <summary>Bytes kept for reuse now.</summary>
    public static long HeldBytes => Interlocked.Read(ref s_heldBytes);

    /// <summary>Rents at least <paramref name="bytes"/> bytes, aligned to 64, not cleared; <paramref name="blockBytes"/> is the size to return it with.</summary>
    public static byte* Rent(nuint bytes, out nuint blockBytes)
    {
        var shift = ShiftOf(bytes);
        blockBytes = (nuint)1 << shift;
        Interlocked.Add(ref s_rentedBytes, (long)blockBytes);
        if (shift <= MaxShift)
        {
            var cache = t_cache ??= new ThreadCache();
            if (cache.TryTake(shift - MinShift, out var local) || Shared[shift - MinShift].TryTake(out local))
            {
                Interlocked.Add(ref s_heldBytes, -(long)blockBytes);
                return (byte*)local;
            }
        }

        return (byte*)NativeMemory.AlignedAlloc(blockBytes, 64);
    }

    /// <summary>Gives a block back. The caller holds no pointer into it afterwards.</summary>
    public static void Return(byte* block, nuint blockBytes)
    {
        var shift = ShiftOf(blockBytes);
        Interlocked.Add(ref s_rentedBytes, -(long)blockBytes);
        if (shift > MaxShift)
        {
            NativeMemory.AlignedFree(block);
            return;
        }

        Interlocked.Add(ref s_heldBytes, (long)blockBytes);
        var cache = t_cache ??= new ThreadCache();
        if (!cache.TryKeep(shift - MinShift, (nint)block))
            Shared[shift - MinShift].Add((nint)block);
    }

    private static int ShiftOf(nuint bytes)
    {
        var shift = bytes <= 1 ? 0 : 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)bytes - 1);
        return Math.Max(shift, MinShift);
    }

    private static ConcurrentBag<nint>[] CreateShared()
    {
        var bags = new ConcurrentBag<nint>[MaxShift - MinShift + 1];
        for (var i = 0; i < bags.Length; i++) bags[i] = [];
        return bags;
    }

    private sealed class ThreadCache
    {
        private readonly nint[] _blocks = new nint[(MaxShift - MinShift + 1) * PerThread];
        private readonly int[] _counts = new int[MaxShift - MinShift + 1];

        internal bool TryTake(int size, out nint block)
        {
            if (_counts[size] == 0)
            {
                block = 0;
                return false;
            }

            block = _blocks[size * PerThread + --_counts[size]];
            return true;
        }

        internal bool TryKeep(int size, nint block)
        {
            // Large blocks are few and worth sharing; small ones are many and worth keeping close.
            if (_counts[size] == (size <= 8 ? PerThread : 1)) return false;
            _blocks[size * PerThread + _counts[size]++] = block;
            return true;
        }
    }
}
