using System.Runtime.InteropServices;

namespace Freshet.State.Pages;

/// <summary>What a store knows of one page, beside the page, so that it survives the page's contents.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PageEntry
{
    /// <summary>Where the page lies; null for a number that is free.</summary>
    public byte* Address;

    /// <summary>The version in which the page was last changed; 0 if there never was a page.</summary>
    public long Version;

    /// <summary>Odd while the page is being changed under readers' eyes; a reader whose number has moved reads again.</summary>
    public uint Sequence;
}
