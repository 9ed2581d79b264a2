namespace Freshet.Server.Ingest;

/// <summary>
/// A rate with one second of burst. Tokens are taken after the fact, so that a batch of any size is either taken whole or
/// answered 429: the bucket may go below zero by one batch and then stays shut until time has paid for it. Lock-free.
/// </summary>
internal sealed class TokenBucket(long perSecond, TimeProvider clock)
{
    private readonly long _ticksPerSecond = clock.TimestampFrequency;

    // The time up to which tokens are spent; the bucket is full when it lies a second or more behind now.
    private long _spentUntil = clock.GetTimestamp() - clock.TimestampFrequency;

    public long PerSecond => perSecond;

    /// <summary>Takes <paramref name="count"/> tokens, or says after how many seconds to come again.</summary>
    public bool TryTake(int count, out int retryAfterSeconds)
    {
        retryAfterSeconds = 0;
        var cost = (long)((double)count / perSecond * _ticksPerSecond);
        while (true)
        {
            var now = clock.GetTimestamp();
            var seen = Volatile.Read(ref _spentUntil);
            if (seen > now)
            {
                retryAfterSeconds = (int)Math.Min(300, (seen - now) / _ticksPerSecond + 1);
                return false;
            }

            var next = Math.Max(seen, now - _ticksPerSecond) + cost;
            if (Interlocked.CompareExchange(ref _spentUntil, next, seen) == seen) return true;
        }
    }
}
