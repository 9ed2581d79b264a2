namespace Freshet.State.Pages;

/// <summary>
/// A version that stays readable: pages changed after it are copied first. Held by readers on any thread, released once;
/// what it kept goes back to the pool at the next <see cref="PageVersions.Sweep"/>.
/// </summary>
public sealed class PagePin
{
    private int _released;

    internal PagePin(long version) => Version = version;

    /// <summary>Pages whose last change has this number or a smaller one are part of the version.</summary>
    public long Version { get; }

    internal bool IsReleased => Volatile.Read(ref _released) != 0;

    public void Release() => Volatile.Write(ref _released, 1);
}
