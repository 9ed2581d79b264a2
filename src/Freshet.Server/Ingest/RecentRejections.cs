namespace Freshet.Server.Ingest;

/// <summary>An event that was not taken, or taken against the plan, as whoever watches sees it.</summary>
/// <param name="Number">Counts all rejections of this process, so that gaps show what was left out.</param>
/// <param name="Action">invalid, block or warn.</param>
/// <param name="Event">What was sent, as JSON; empty where it was too long to keep.</param>
internal sealed record Rejection(long Number, long AtMs, string Action, string Reason, byte[] Event);

/// <summary>
/// The latest rejections, in memory alone, for whoever watches events come in. Rejections are made by strangers, so that at most
/// <see cref="PerSecondMax"/> a second are kept and the others only counted. Any thread.
/// </summary>
internal sealed class RecentRejections(TimeProvider clock)
{
    public const int PerSecondMax = 50;
    private const int KeptMax = 200;
    private const int EventBytesMax = 16 << 10;

    private readonly Lock _gate = new();
    private readonly Queue<Rejection> _kept = new();
    private long _number;
    private long _second;
    private int _inSecond;

    public void Add(string action, string reason, ReadOnlySpan<byte> value)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        lock (_gate)
        {
            _number++;
            if (now / 1000 != _second) (_second, _inSecond) = (now / 1000, 0);
            if (++_inSecond > PerSecondMax) return;
            _kept.Enqueue(new Rejection(_number, now, action, reason, value.Length <= EventBytesMax ? value.ToArray() : []));
            if (_kept.Count > KeptMax) _kept.Dequeue();
        }
    }

    /// <summary>Forgets them all: somebody of whom they speak has been erased.</summary>
    public void Forget()
    {
        lock (_gate) _kept.Clear();
    }

    /// <summary>Those after a number, oldest first, and the number of the latest rejection.</summary>
    public (IReadOnlyList<Rejection> Kept, long Last) After(long number)
    {
        lock (_gate) return (_number == number ? [] : [.. _kept.Where(r => r.Number > number)], _number);
    }
}
