using System.Collections.Immutable;
using Freshet.State.Pages;

namespace Freshet.State.Views;

/// <summary>A version that some readers hold together; the publication's lock guards the number of them.</summary>
internal sealed class PinnedVersion(PagePin pin, long step, ImmutableDictionary<ViewTable, ViewShape> shapes)
{
    public PagePin Pin { get; } = pin;

    public long Step { get; } = step;

    public ImmutableDictionary<ViewTable, ViewShape> Shapes { get; } = shapes;

    public int Holders { get; set; }
}
