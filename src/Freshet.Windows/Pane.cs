using System.Diagnostics.CodeAnalysis;

namespace Freshet.Windows;

/// <summary>
/// The groups of one slide of time (or of one window, where windows share nothing), as a list through the group table.
/// Rows that were late for some of their windows and not for all lie in a pane of their own: it belongs only to windows that
/// end at <see cref="FirstEnd"/> or later.
/// </summary>
internal sealed class Pane(long start, long firstEnd, long lastEnd)
{
    /// <summary>Where its time begins, µs.</summary>
    public long Start { get; } = start;

    /// <summary>The end of the first window that holds it, µs.</summary>
    public long FirstEnd { get; } = firstEnd;

    /// <summary>The end of the last window that holds it, µs.</summary>
    public long LastEnd { get; } = lastEnd;

    /// <summary>The link to the first group.</summary>
    public int First { get; set; } = PaneGroup.End;
}

/// <summary>
/// The open panes of a share in order of time. A pane is added with its first group and removed when its last window has
/// fired. Cost: a look-up for each new group; a walk over the open panes for each window that fires. Panes that are whole
/// windows of any length (<paramref name="isWhole"/>) are in order of their ends, so that the next one to fire is the first.
/// </summary>
internal sealed class PaneDirectory(WindowSpec window, bool isWhole)
{
    private readonly SortedDictionary<(long First, long Second), Pane> _panes = [];
    private Pane? _last;

    public Pane GetOrAdd(long start, long firstEnd)
    {
        if (_last is not null && _last.Start == start && _last.FirstEnd == firstEnd) return _last;
        var key = KeyOf(start, firstEnd);
        if (!_panes.TryGetValue(key, out _last))
        {
            _last = new Pane(start, firstEnd, isWhole ? firstEnd : window.LastEnd(start));
            _panes.Add(key, _last);
        }

        return _last;
    }

    /// <summary>The earliest end of a window that holds a pane and ends after <paramref name="after"/>.</summary>
    public bool TryNextEnd(long after, out long end)
    {
        end = long.MaxValue;
        foreach (var pane in _panes.Values)
        {
            if (isWhole)
            {
                end = pane.FirstEnd;
                break;
            }

            // Panes are in order of start: no later one is in a window that ends by then.
            if (pane.Start >= end) break;
            var next = pane.FirstEnd;
            if (next <= after) next += ((after - next) / window.SlideMicros * window.SlideMicros) + window.SlideMicros;
            if (next <= pane.LastEnd) end = Math.Min(end, next);
        }

        return end != long.MaxValue;
    }

    /// <summary>The panes of the window that ends at <paramref name="end"/>; of whole windows the first one.</summary>
    public void CopyTo(long end, List<Pane> panes)
    {
        panes.Clear();
        foreach (var pane in _panes.Values)
        {
            if (!isWhole && pane.Start >= end) break;
            if (pane.FirstEnd <= end && end <= pane.LastEnd) panes.Add(pane);
            if (isWhole) break;
        }
    }

    /// <summary>Takes out a pane that no window after <paramref name="end"/> holds; of whole windows <paramref name="fired"/>.</summary>
    public bool TryTakeExpired(long end, List<Pane> fired, [NotNullWhen(true)] out Pane? expired)
    {
        expired = null;
        if (isWhole)
        {
            if (fired.Count == 0) return false;
            expired = fired[0];
            fired.Clear();
        }
        else
        {
            foreach (var pane in _panes.Values)
            {
                if (pane.Start >= end) break;
                if (pane.LastEnd > end) continue;
                expired = pane;
                break;
            }
        }

        if (expired is null) return false;
        Remove(expired);
        return true;
    }

    /// <summary>Takes out a pane that has no groups left.</summary>
    public void RemoveIfEmpty(Pane pane)
    {
        if (pane.First == PaneGroup.End) Remove(pane);
    }

    private void Remove(Pane pane)
    {
        _panes.Remove(KeyOf(pane.Start, pane.FirstEnd));
        if (ReferenceEquals(_last, pane)) _last = null;
    }

    private (long, long) KeyOf(long start, long firstEnd) => isWhole ? (firstEnd, start) : (start, firstEnd);
}
