using System.Runtime.InteropServices;

namespace Freshet.State.Pages;

/// <summary>
/// When may memory be given back that lock-free readers may still look at? Readers enter and leave an epoch; what is retired
/// in epoch e may be freed when epoch e + 2 has come, as everyone who could have seen it has left by then (epoch-based
/// reclamation, Fraser 2004).
/// Invariant: the epoch advances only when nobody is left in the one before it. Readers never wait and never make anybody wait:
/// a reader that stays long only delays freeing. Cost: two uncontended interlocked additions a read.
/// </summary>
internal static unsafe class ReaderEpochs
{
    private const int Stripes = 64;

    // Three epochs can have readers or be about to; a cache line a stripe, so that threads do not meet.
    private static readonly int* Counts = (int*)NativeMemory.AlignedAlloc(3 * Stripes * 64, 64);
    private static long s_epoch = 3;

    static ReaderEpochs() => new Span<byte>(Counts, 3 * Stripes * 64).Clear();

    public static long Current => Volatile.Read(ref s_epoch);

    /// <summary>Enters; the result goes to <see cref="Leave"/>.</summary>
    public static int Enter()
    {
        var stripe = Environment.CurrentManagedThreadId & Stripes - 1;
        while (true)
        {
            var epoch = Volatile.Read(ref s_epoch);
            var ticket = (int)(epoch % 3) * Stripes + stripe;
            Interlocked.Increment(ref Counts[ticket * 16]);
            if (Volatile.Read(ref s_epoch) == epoch) return ticket;
            Interlocked.Decrement(ref Counts[ticket * 16]);
        }
    }

    public static void Leave(int ticket) => Interlocked.Decrement(ref Counts[ticket * 16]);

    public static bool HavePassed(long retiredIn) => Current >= retiredIn + 2;

    /// <summary>Begins the next epoch if nobody reads in the one before this. Any thread.</summary>
    public static void TryAdvance()
    {
        var epoch = Volatile.Read(ref s_epoch);
        var before = (int)((epoch + 2) % 3) * Stripes;
        for (var i = 0; i < Stripes; i++)
            if (Volatile.Read(ref Counts[(before + i) * 16]) != 0) return;
        Interlocked.CompareExchange(ref s_epoch, epoch + 1, epoch);
    }
}
