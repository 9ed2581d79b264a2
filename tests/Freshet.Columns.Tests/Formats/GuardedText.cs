using System.Runtime.InteropServices;

namespace Freshet.Columns.Tests.Formats;

/// <summary>Text that ends where readable memory ends: a read of one byte too many is a crash. Linux and macOS.</summary>
internal sealed unsafe partial class GuardedText : IDisposable
{
    private const nuint PageBytes = 1 << 16;
    private readonly byte* _pages;

    internal GuardedText()
    {
        _pages = (byte*)Map(0, 2 * PageBytes, 3, OperatingSystem.IsMacOS() ? 0x1002 : 0x22, -1, 0);
        if (_pages == (byte*)-1 || Protect((nint)(_pages + PageBytes), PageBytes, 0) != 0) throw new InvalidOperationException("no guard page");
    }

    /// <summary>Places up to 64 KiB of text before the guard.</summary>
    internal byte* Place(ReadOnlySpan<byte> text)
    {
        var start = _pages + PageBytes - (nuint)text.Length;
        text.CopyTo(new Span<byte>(start, text.Length));
        return start;
    }

    public void Dispose() => Assert.Equal(0, Unmap((nint)_pages, 2 * PageBytes));

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
