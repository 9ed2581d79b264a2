using System.Runtime.InteropServices;

namespace Freshet.State.Pages;

/// <summary>
/// The process's pages of 16 KiB, cut from large native extents for which huge pages are asked.
/// Invariant: an extent is never given back to the system, so an address that was once a page can always be read; what is
/// read there is worth nothing unless the reader proves (by a page's counter or version) that the page was still his.
/// Lock-free readers lean on that. Any thread may rent and return; the cost is one short lock a page, none a row.
/// </summary>
internal static unsafe partial class PagePool
{
    /// <summary>Bytes of a page.</summary>
    public const int PageBytes = 16 << 10;

    private const int HugePageBytes = 2 << 20;
    private const int MaxExtentBytes = 64 << 20;
    private const int AdviseHugePages = 14;

    private static readonly Lock Gate = new();
    private static readonly Stack<nint> Free = new();
    private static long s_extentBytes;
    private static byte* s_next;
    private static byte* s_end;

    /// <summary>Bytes taken from the system.</summary>
    public static long ExtentBytes => Interlocked.Read(ref s_extentBytes);

    /// <summary>Bytes of extents that no store holds, as far as they were held once.</summary>
    public static long FreeBytes
    {
        get
        {
            lock (Gate) return (long)Free.Count * PageBytes;
        }
    }

    /// <summary>Bytes of the pages that stores hold now.</summary>
    public static long UsedBytes
    {
        get
        {
            lock (Gate) return s_extentBytes - (s_end - s_next) - (long)Free.Count * PageBytes;
        }
    }

    /// <summary>A page, all zero.</summary>
    public static byte* Rent()
    {
        byte* page;
        lock (Gate)
        {
            if (!Free.TryPop(out var free))
            {
                if (s_next == s_end) AddExtent();
                s_next += PageBytes;
                return s_next - PageBytes;
            }

            page = (byte*)free;
        }

        new Span<byte>(page, PageBytes).Clear();
        return page;
    }

    public static void Return(byte* page)
    {
        lock (Gate) Free.Push((nint)page);
    }

    private static void AddExtent()
    {
        // Extents grow with the state, so that a small process stays small and a large one has few mappings.
        var bytes = HugePageBytes;
        while (bytes < MaxExtentBytes && bytes * 8L <= s_extentBytes) bytes *= 2;

        // The system gives zeroes and has written them itself at the first touch; writing them once more was a twentieth of a growing state's time.
        s_next = (byte*)(((nint)NativeMemory.AllocZeroed((nuint)bytes + HugePageBytes) + HugePageBytes - 1) & -HugePageBytes);
        s_end = s_next + bytes;
        s_extentBytes += bytes;

        // Advice only: where it is refused, the pages are small ones.
        if (OperatingSystem.IsLinux()) _ = Advise(s_next, (nuint)bytes, AdviseHugePages);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
