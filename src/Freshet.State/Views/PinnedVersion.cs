using Freshet.State.Pages;

namespace Freshet.State.Views;

/// <summary>A version that some readers hold together; the publication's lock guards the number of them.</summary>
internal sealed class PinnedVersion(PagePin pin, long step, ViewShape?[] shapes)
{
    public PagePin Pin { get; } = pin;

    public long Step { get; } = step;

    /// <summary>By the views' <see cref="ViewTable.Ordinal"/>; null for one that is not part of it.</summary>
    public ViewShape?[] Shapes { get; } = shapes;

    public int Holders { get; set; }
}
