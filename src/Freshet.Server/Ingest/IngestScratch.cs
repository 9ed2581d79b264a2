using System.Collections.Concurrent;
using System.Text.Json;
using Freshet.Server.Plans;

namespace Freshet.Server.Ingest;

/// <summary>An event that was refused: its place, its message id in the body (JSON text; empty where it has none), and why.</summary>
internal readonly record struct RejectedEvent(int Index, int MessageIdStart, int MessageIdEnd, string Reason)
{
    /// <summary>The code of the answer where the event came alone.</summary>
    public string Code { get; init; } = "invalid_event";
}

/// <summary>The working memory of one request of ingest. Rented for the request, used by one thread at a time.</summary>
internal sealed class IngestScratch(EventScanner scanner)
{
    public EventScanner Scanner { get; } = scanner;

    public ScannedBody Scanned { get; } = new();

    public StagedEvents Staged { get; } = new();

    public List<RejectedEvent> Rejected { get; } = [];

    /// <summary>Events that are taken although they break the tracking plan.</summary>
    public List<RejectedEvent> Warnings { get; } = [];

    /// <summary>What breaks the tracking plan, to be kept.</summary>
    public List<Violation> Violations { get; } = [];

    /// <summary>What was suppressed when its events were looked at; null where they are not to be.</summary>
    public object? Suppression { get; set; }

    /// <summary>This request's append while it is not yet durable.</summary>
    public InFlightAppend InFlight { get; } = new();

    /// <summary>Where the body has the message id of an event, as JSON text; empty where it has none that can be shown.</summary>
    public (int Start, int End) MessageIdOf(int index)
    {
        var found = (0, 0);
        foreach (ref readonly var member in Scanned.MembersOf(Scanned.Item(index)))
            if (member.Name == MemberName.MessageId && member.Kind == JsonTokenType.String && member.ValueEnd - member.ValueStart <= 4 * EventReader.MessageIdMax) found = (member.ValueStart, member.ValueEnd);
        return found;
    }

    public void Clear()
    {
        Scanned.Clear();
        Staged.Clear();
        Suppression = null;
        Rejected.Clear();
        Warnings.Clear();
        Violations.Clear();
    }
}

/// <summary>Keeps scratches for the next requests; as many as were ever needed at once, at most 1,024.</summary>
internal sealed class IngestScratchPool(Func<EventScanner> scanner)
{
    private readonly ConcurrentQueue<IngestScratch> _free = new();
    private int _kept;

    public IngestScratch Rent()
    {
        if (!_free.TryDequeue(out var scratch)) return new IngestScratch(scanner());
        Interlocked.Decrement(ref _kept);
        return scratch;
    }

    public void Return(IngestScratch scratch)
    {
        scratch.Clear();
        if (Interlocked.Increment(ref _kept) <= 1024) _free.Enqueue(scratch);
        else Interlocked.Decrement(ref _kept);
    }
}
