namespace Freshet.Customers.Segments;

/// <summary>Why a profile is in a segment, or is not, as of one step.</summary>
/// <param name="ClockMicros">The clock that conditions on time are read by, µs since 1970.</param>
/// <param name="Segment">The segment's own query; what it reads is below it.</param>
/// <param name="ChangesAtMicros">When membership changes if nothing but time happens; null for never, or not known.</param>
internal sealed record Membership(long Profile, bool IsMember, long Step, long ClockMicros, SegmentLevel Segment, long? ChangesAtMicros, IReadOnlyList<string> Notes)
{
    /// <summary>The latest events behind it, of all levels, newest first.</summary>
    public IEnumerable<CountedEvent> Events => Segment.All().SelectMany(l => l.Events).DistinctBy(e => e.MessageId).OrderByDescending(e => e.Time, StringComparer.Ordinal).Take(10);

    /// <summary>The traits that are read, with the value of each as JSON.</summary>
    public IEnumerable<(string Name, string? Value)> Traits => Segment.All().Where(l => l.Kind == "trait").DistinctBy(l => l.Name).Select(l => (l.Name, l.Value));
}
