using Freshet.State.Pages;

namespace Freshet.State.Views;

/// <summary>
/// All views as of one step, for as long as it is held. Disposed once, soon: pages that change meanwhile are kept twice.
/// </summary>
public sealed class ViewPin : IDisposable
{
    private readonly ViewPublication _publication;
    private PinnedVersion? _version;

    internal ViewPin(ViewPublication publication, PinnedVersion version)
    {
        _publication = publication;
        _version = version;
    }

    /// <summary>The step that the views show.</summary>
    public long Step => Version.Step;

    /// <summary>A view as of the step.</summary>
    /// <exception cref="KeyNotFoundException">The view was not there in this step.</exception>
    public ViewSnapshot Of(ViewTable view) => new(view, Pages, ShapeOf(view));

    internal PagePin Pages => Version.Pin;

    internal ViewShape ShapeOf(ViewTable view) => Version.Shapes is var shapes && view.Ordinal < shapes.Length && shapes[view.Ordinal] is { } shape
        ? shape
        : throw new KeyNotFoundException("The view was not there in this step.");

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _version, null) is { } version) _publication.Release(version);
    }

    private PinnedVersion Version => Volatile.Read(ref _version) ?? throw new ObjectDisposedException(nameof(ViewPin));
}
