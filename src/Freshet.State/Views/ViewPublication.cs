using System.Collections.Immutable;
using Freshet.State.Pages;

namespace Freshet.State.Views;

/// <summary>
/// The views of one database and the moment at which they all switch from one step to the next.
/// <code>
/// writer:   Begin ... Apply to each view with a delta ... End(step)       pins wait, point reads do not
/// reader:   Pin -> Of(view) -> Get, Scan, Lookup ... -> Dispose
/// </code>
/// Invariant: a pin sees all views as of one ended publication. Between Begin and End nobody pins; a version that is pinned when a
/// publication begins keeps its pages by copies. Readers that share a version share its copies.
/// Cost: two uncontended locks a publication; none a row. A pin waits for at most one publication.
/// </summary>
public sealed class ViewPublication : IDisposable
{
    private readonly object _gate = new();
    private readonly PageVersions _versions = new();
    private readonly List<PinnedVersion> _held = [];
    private readonly List<ViewTable> _dropped = [];
    private ViewShape?[]? _shapes;
    private int _added;
    private ImmutableHashSet<ViewTable> _views = [];
    private PinnedVersion? _current;
    private bool _isPublishing;
    private long _step;

    /// <summary>The last published step.</summary>
    public long Step => Interlocked.Read(ref _step);

    /// <summary>Native bytes of all views, with what pins keep. Approximate while a publication runs.</summary>
    public long Bytes => Volatile.Read(ref _views).Sum(v => v.Bytes);

    /// <summary>A new view, empty, part of the versions pinned from now on.</summary>
    /// <param name="seed">The database's hash seed.</param>
    public ViewTable Add(ViewSpec spec, ulong seed)
    {
        lock (_gate)
        {
            WaitForEnd();
            var view = new ViewTable(spec, _versions, seed, _added++);
            _views = _views.Add(view);
            Changed();
            return view;
        }
    }

    /// <summary>Takes a view away. Pins that have it keep it; its memory goes when the last of them is released.</summary>
    public void Drop(ViewTable view)
    {
        lock (_gate)
        {
            WaitForEnd();
            _views = _views.Remove(view);
            _dropped.Add(view);
            Changed();
            FreeDropped();
        }
    }

    /// <summary>Begins a publication: from here to <see cref="End"/> this thread may apply deltas.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (_isPublishing) throw new InvalidOperationException("A publication begins before the last one has ended.");
            _isPublishing = true;
            _versions.Sweep();
            Changed();
        }
    }

    /// <summary>Ends it: all views show the step now.</summary>
    public void End(long step)
    {
        lock (_gate)
        {
            Interlocked.Exchange(ref _step, step);
            _isPublishing = false;
            _versions.Sweep();
            FreeDropped();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Holds all views as they are after the last publication.</summary>
    public ViewPin Pin()
    {
        lock (_gate)
        {
            WaitForEnd();
            if (_current is null)
            {
                _shapes ??= Shapes();
                _current = new PinnedVersion(_versions.Pin(), _step, _shapes);
                _held.Add(_current);
            }

            _current.Holders++;
            return new ViewPin(this, _current);
        }
    }

    /// <summary>Frees all views. No pin is held and no thread reads or publishes any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var view in _views.Concat(_dropped)) view.Dispose();
            _views = [];
            _dropped.Clear();
        }
    }

    internal void Release(PinnedVersion version)
    {
        lock (_gate)
        {
            if (--version.Holders != 0) return;
            version.Pin.Release();
            _held.Remove(version);
            if (_current == version) _current = null;

            // While the writer runs, copies are swept at its end.
            if (_isPublishing) return;
            _versions.Sweep();
            FreeDropped();
        }
    }

    private ViewShape?[] Shapes()
    {
        var shapes = new ViewShape?[_added];
        foreach (var view in _views) shapes[view.Ordinal] = view.Shape;
        return shapes;
    }

    private void WaitForEnd()
    {
        while (_isPublishing) Monitor.Wait(_gate);
    }

    private void Changed()
    {
        _current = null;
        _shapes = null;
    }

    private void FreeDropped() => _dropped.RemoveAll(view =>
    {
        if (_held.Exists(h => view.Ordinal < h.Shapes.Length && h.Shapes[view.Ordinal] is not null)) return false;
        view.Dispose();
        return true;
    });
}
