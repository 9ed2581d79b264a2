namespace Freshet.State.Pages;

/// <summary>
/// The version numbers of a set of stores that are pinned together (all views, or all state of a circuit).
/// The number grows only when a version is pinned, so that an unpinned step costs one comparison for each page it changes.
/// Pin and Sweep belong to the writer, or to a thread that has made sure that no writer runs; <see cref="PagePin.Release"/>
/// may be called by any thread at any time.
/// Invariant: <see cref="Current"/> is greater than the version of every pin.
/// </summary>
public sealed class PageVersions
{
    private readonly List<PagePin> _pins = [];
    private readonly HashSet<PageStore> _copying = [];
    private readonly Lock _copyingGate = new();

    /// <summary>The version that changes are made in.</summary>
    public long Current { get; private set; } = 1;

    /// <summary>The newest pinned version; 0 without one.</summary>
    internal long NewestPinned { get; private set; }

    /// <summary>The oldest pinned version; the greatest number without one.</summary>
    internal long OldestPinned { get; private set; } = long.MaxValue;

    /// <summary>Whether any version is pinned, as of the last <see cref="Sweep"/>.</summary>
    public bool IsPinned => NewestPinned != 0;

    /// <summary>Keeps the state as it is now.</summary>
    public PagePin Pin()
    {
        var pin = new PagePin(Current);
        _pins.Add(pin);
        NewestPinned = pin.Version;
        OldestPinned = _pins[0].Version;
        Current++;
        return pin;
    }

    /// <summary>Starts a new version without keeping the old one; gives the old one's number: pages changed later have a greater one.</summary>
    public long Advance() => Current++;

    /// <summary>Gives back the pages kept for pins that have been released.</summary>
    public void Sweep()
    {
        if (_pins.RemoveAll(p => p.IsReleased) == 0) return;
        NewestPinned = _pins.Count == 0 ? 0 : _pins[^1].Version;
        OldestPinned = _pins.Count == 0 ? long.MaxValue : _pins[0].Version;
        lock (_copyingGate) _copying.RemoveWhere(store => !store.SweepCopies(_pins));
    }

    /// <summary>A store has made its first copy. Called by the writers of different stores at the same time.</summary>
    internal void AddCopying(PageStore store)
    {
        lock (_copyingGate) _copying.Add(store);
    }

    internal void RemoveCopying(PageStore store)
    {
        lock (_copyingGate) _copying.Remove(store);
    }
}
