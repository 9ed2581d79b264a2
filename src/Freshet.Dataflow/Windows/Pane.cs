using System.Diagnostics.CodeAnalysis;

namespace Freshet.Dataflow.Windows;

/// <summary>
/// The groups of one slide of time (or of one window, where windows do not overlap), as a list through the group table.
/// Rows that were late for some of their windows and not for all lie in a pane of their own: it belongs only to windows that
/// end at <see cref="FirstEnd"/> or later.
/// </summary>
internal sealed class Pane(long start, long firstEnd)
{
    /// <summary>Where its time begins, µs.</summary>
    public long Start { get; } = start;

    /// <summary>The end of the first window that holds it, µs.</summary>
    public long FirstEnd { get; } = firstEnd;

    /// <summary>The link to the first group.</summary>
    public int First { get; set; } = PaneGroup.End;
}

/// <summary>
/// The open panes of a share in order of time. A pane is added with its first group and removed when its last window has
/// fired. Cost: a look-up for each new group; a walk over the open panes for each window that fires.
/// </summary>
internal sealed class PaneDirectory(WindowSpec window)
{
    private readonly SortedDictionary<(long Start, long FirstEnd), Pane> _panes = [];
    private Pane? _last;

    public Pane GetOrAdd(long start, long firstEnd)
    {
        if (_last is not null && _last.Start == start && _last.FirstEnd == firstEnd) return _last;
        if (!_panes.TryGetValue((start, firstEnd), out _last))
        {
            _last = new Pane(start, firstEnd);
            _panes.Add((start, firstEnd), _last);
        }

        return _last;
    }

    /// <summary>The earliest end of a window that holds a pane and ends after <paramref name="after"/>.</summary>
    public bool TryNextEnd(long after, out long end)
    {
        end = long.MaxValue;
        foreach (var pane in _panes.Values)
        {
            // Panes are in order of start: no later one is in a window that ends by then.
            if (pane.Start >= end) break;
            var next = pane.FirstEnd;
            if (next <= after) next += (after - next) / window.SlideMicros * window.SlideMicros + window.SlideMicros;
            if (next <= LastEnd(pane)) end = Math.Min(end, next);
        }

        return end != long.MaxValue;
    }

    /// <summary>The panes of the window that ends at <paramref name="end"/>.</summary>
    public void CopyTo(long end, List<Pane> panes)
    {
        panes.Clear();
        foreach (var pane in _panes.Values)
        {
            if (pane.Start >= end) break;
            if (pane.FirstEnd <= end && end <= LastEnd(pane)) panes.Add(pane);
        }
    }

    /// <summary>Takes out a pane that no window after <paramref name="end"/> holds.</summary>
    public bool TryTakeExpired(long end, [NotNullWhen(true)] out Pane? expired)
    {
        expired = null;
        foreach (var pane in _panes.Values)
        {
            if (pane.Start >= end) break;
            if (LastEnd(pane) > end) continue;
            expired = pane;
            break;
        }

        if (expired is null) return false;
        _panes.Remove((expired.Start, expired.FirstEnd));
        if (ReferenceEquals(_last, expired)) _last = null;
        return true;
    }

    /// <summary>Takes out a pane that has no groups left.</summary>
    public void RemoveIfEmpty(Pane pane)
    {
        if (pane.First != PaneGroup.End) return;
        _panes.Remove((pane.Start, pane.FirstEnd));
        if (ReferenceEquals(_last, pane)) _last = null;
    }

    private long LastEnd(Pane pane) => pane.Start + window.SizeMicros;
}
