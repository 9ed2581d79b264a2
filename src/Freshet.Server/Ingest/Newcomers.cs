using System.Text;
using System.Text.Json;
using Freshet.Customers.Profiles;
using Freshet.Server.Http;
using Freshet.Server.Profiles;
using Freshet.State.Pages;

namespace Freshet.Server.Ingest;

/// <summary>
/// Bounds what strangers add: a key's events of people and devices that are not known yet have a rate, and near the memory budget devices that
/// nobody knows are refused while known people go on.
/// <para>An event is of its userId, else of its anonymousId. Who was seen lately is remembered by a hash, and who was not is looked for in the table of
/// identifiers as of the last step; so nothing is refused twice for the time between an event and its step.</para>
/// Any thread. Cost where a key has a bound: a hash for each event, a look-up for one that was not seen lately.
/// </summary>
internal sealed class Newcomers(ProfileReader profiles, long stateBytesMax)
{
    /// <summary>The code of an event that is not taken because the state has no room.</summary>
    public const string NoMemory = "memory_budget";

    /// <summary>Bytes of state of the process.</summary>
    public Func<long> UsedBytes { get; set; } = () => StateMemory.UsedBytes;

    private const int Remembered = 1 << 18;
    private const int RetryAfterSeconds = 60;

    private readonly SeededHash _hash = SeededHash.Create();
    private readonly ulong[] _seen = new ulong[Remembered];

    /// <summary>The answer to a single event that is not taken for want of room.</summary>
    public static Refusal NoRoom(string reason) => new(503, NoMemory, reason) { RetryAfterSeconds = RetryAfterSeconds };

    /// <summary>Takes what the state has no room for out of the staged events; null, or why nothing of the request is taken.</summary>
    public Refusal? Refusal(IngestScratch scratch, WriteKey? key)
    {
        var isNear = stateBytesMax > 0 && UsedBytes() > stateBytesMax - stateBytesMax / 10;
        if (key?.Newcomers is null && !isNear) return null;
        using var snapshot = profiles.Pin();
        using var reading = new ProfileReading(profiles, snapshot);
        if (isNear) RefuseStrangers(scratch, reading);
        if (key?.Newcomers is not { } bound) return null;
        var staged = scratch.Staged;
        HashSet<ulong>? added = null;
        for (var i = 0; i < staged.Count; i++)
        {
            var hash = _hash.Hash64(staged.Key(staged[i]), staged[i].IsOfUser ? 1UL : 0);
            if (staged[i].IsSuppressed || _seen[hash % Remembered] == hash) continue;
            if (reading.Find(staged[i].IsOfUser ? "user_id" : "anonymous_id", Encoding.UTF8.GetString(staged.Key(staged[i]))) is not null) _seen[hash % Remembered] = hash;
            else (added ??= []).Add(hash);
        }

        if (added is null) return null;
        if (!bound.TryTake(added.Count, out var retryAfter))
            return new Refusal(429, "too_many_newcomers", $"This key may bring {bound.PerSecond} people and devices a second that are not known yet; come again after {retryAfter} s.") { RetryAfterSeconds = retryAfter };
        foreach (var hash in added) _seen[hash % Remembered] = hash;
        return null;
    }

    /// <summary>Events by which nobody is known, of devices that are not known, are not taken.</summary>
    private void RefuseStrangers(IngestScratch scratch, ProfileReading reading)
    {
        var staged = scratch.Staged;
        var kept = 0;
        for (var i = 0; i < staged.Count; i++)
        {
            if (staged[i].IsOfUser || staged[i].IsSuppressed || IsKnown(staged.ValueMemory(staged[i]), reading))
            {
                staged[kept++] = staged[i];
                continue;
            }

            var (start, end) = scratch.MessageIdOf(staged[i].Index);
            scratch.Rejected.Add(new RejectedEvent(staged[i].Index, start, end, "The state is near its memory budget (limits.stateBytes): devices that are not known yet are not taken. Come again later.") { Code = NoMemory });
        }

        if (kept == staged.Count) return;
        staged.Cut(kept);
        scratch.Rejected.Sort((a, b) => a.Index.CompareTo(b.Index));
    }

    private bool IsKnown(ReadOnlyMemory<byte> record, ProfileReading reading)
    {
        using var parsed = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 1024 });
        foreach (var (type, value) in ProfileReads.Owning(profiles.Rules, parsed.RootElement))
            if (!ProfileReads.IsDevice(profiles.Rules, type) || reading.Find(type, value) is not null) return true;
        return false;
    }
}
