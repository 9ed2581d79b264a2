using System.Collections.Concurrent;

namespace Freshet.State.Pages;

/// <summary>A page's content and the version that it was made in: older pins than that never had the page.</summary>
internal readonly record struct PageCopy(nint Address, long Version);

/// <summary>
/// The pages of one store that were changed after a pinned version, as they were then. The writer adds; readers of this pin
/// and of older ones look up without a lock.
/// </summary>
internal sealed class PageCopies(long version)
{
    private readonly ConcurrentDictionary<uint, PageCopy> _pages = new();

    /// <summary>The pin's version.</summary>
    public long Version { get; } = version;

    public int Count => _pages.Count;

    public IEnumerable<KeyValuePair<uint, PageCopy>> Pages => _pages;

    public bool TryFind(uint page, out PageCopy copy) => _pages.TryGetValue(page, out copy);

    public bool TryAdd(uint page, PageCopy copy) => _pages.TryAdd(page, copy);
}
