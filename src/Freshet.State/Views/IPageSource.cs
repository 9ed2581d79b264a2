using Freshet.State.Pages;

namespace Freshet.State.Views;

/// <summary>Where a reader's bytes come from: the pages as they are now, or as of a pinned version. A struct, compiled into each read.</summary>
internal unsafe interface IPageSource
{
    /// <summary>Whether what is read may change under the reader.</summary>
    bool CanMove { get; }

    /// <summary>Copies a part of a page; false if it cannot be had now (read again), or never was.</summary>
    bool TryRead(PageStore store, uint page, int offset, int length, byte* into);

    uint SequenceOf(PageStore store, uint page);
}

internal readonly unsafe struct CurrentPages : IPageSource
{
    public bool CanMove => true;

    public bool TryRead(PageStore store, uint page, int offset, int length, byte* into) => store.TryReadCurrent(page, offset, length, into);

    public uint SequenceOf(PageStore store, uint page) => page < store.Count ? store.SequenceOf(page) : 1;
}

internal readonly unsafe struct PinnedPages(PagePin pin) : IPageSource
{
    public bool CanMove => false;

    public bool TryRead(PageStore store, uint page, int offset, int length, byte* into) => store.TryRead(pin, page, offset, length, into);

    public uint SequenceOf(PageStore store, uint page) => 0;
}
