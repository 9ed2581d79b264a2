using System.Runtime.InteropServices;

namespace Freshet.Columns.Memory;

/// <summary>
/// Asks the system to back memory with huge pages, where there is such a call (madvise on Linux). A wish only: nothing depends
/// on its being granted.
/// </summary>
public static unsafe partial class HugePages
{
    /// <summary>Size and alignment of a huge page.</summary>
    public const nuint HugePageBytes = 2 << 20;

    private const nuint PageBytes = 4096;
    private const int MadvHugePage = 14;

    public static void Advise(byte* address, nuint bytes)
    {
        if (!OperatingSystem.IsLinux()) return;
        var start = ((nuint)address + PageBytes - 1) & ~(PageBytes - 1);
        var end = ((nuint)address + bytes) & ~(PageBytes - 1);
        if (end > start) _ = Madvise((void*)start, end - start, MadvHugePage);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* address, nuint length, int advice);
}
