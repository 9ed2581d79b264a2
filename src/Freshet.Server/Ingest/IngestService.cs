using System.Text.Json;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Plans;
using Freshet.Server.Privacy;
using Freshet.Server.Visitors;

namespace Freshet.Server.Ingest;

/// <summary>
/// Takes events into the log, each once: from a body to durable records, without knowing how the request came.
/// Order: scan, key, rate, judge and stage each event; then under one lock remember message ids and queue the append, so
/// that whoever finds an id remembered also finds its first event queued; then wait for the disk. Nothing is acknowledged
/// before that, a repeat no sooner than its first. An append that fails makes its ids forgotten again.
/// Any thread.
/// </summary>
internal sealed class IngestService
{
    private readonly Lock _gate = new();
    private readonly InFlightAppends _inFlight = new();
    private readonly IEventLog _log;
    private readonly MessageIdWindow _window;
    private readonly SeededHash _hash;
    private readonly ProjectSettings _settings;
    private readonly TimeProvider _clock;

    /// <param name="gate">The tracking plan; null where nothing is planned.</param>
    public IngestService(ProjectSettings settings, IEventLog log, TimeProvider clock, PlanGate? gate = null)
    {
        _settings = settings;
        Gate = gate;
        _log = log;
        _clock = clock;
        Rejections = new RecentRejections(clock);
        _hash = SeededHash.Create();
        Volumes = new EventVolumes(_hash);
        _window = new MessageIdWindow(settings.DedupWindow, settings.DedupBytesMax);
        Keys = new WriteKeys(settings, clock);
        Scratches = new IngestScratchPool(() => new EventScanner(settings.EventBytesMax, settings.DepthMax, settings.PropertiesMax));
    }

    public WriteKeys Keys { get; }

    public PlanGate? Gate { get; }

    /// <summary>Whose events are not taken any more; null where nobody can be erased.</summary>
    public ErasureService? Erasures { get; set; }

    /// <summary>Who is not known yet; null where nobody is known at all.</summary>
    public Newcomers? Newcomers { get; set; }

    public IEventLog Log => _log;

    public IngestScratchPool Scratches { get; }

    public IngestCounters Counters { get; } = new();

    /// <summary>How many events of each name have come.</summary>
    public EventVolumes Volumes { get; }

    /// <summary>What was not taken lately, for whoever watches.</summary>
    public RecentRejections Rejections { get; }

    public ProjectSettings Settings => _settings;

    /// <summary>Told of every request whose events became durable, with the sequence number to wait for; the demo measures with it.</summary>
    public Action<Exchange, long>? Acknowledged { get; set; }

    /// <summary>The state of the memory of message ids: ids, bytes, budget, how far back, and whether that is less than wanted.</summary>
    public (long Count, long Bytes, long BytesMax, TimeSpan Window, bool IsShortened) Remembered
    {
        get
        {
            lock (_gate) return (_window.Count, _window.Bytes, _window.BytesMax, _window.Window, _window.IsShortened);
        }
    }

    /// <summary>Remembers the id of a record that the log already has; called at the start, oldest first.</summary>
    /// <param name="value">The record's value as <see cref="EventComposer"/> wrote it.</param>
    public void Remember(ReadOnlySpan<byte> value, long receivedAt)
    {
        var fingerprint = FingerprintOf(value);
        lock (_gate) _window.Add(fingerprint, receivedAt);
    }

    /// <summary>Remembers an event that the plan has blocked; called at the start, after those that were taken.</summary>
    /// <param name="value">The record that the topic events would have.</param>
    public void RememberBlocked(ReadOnlySpan<byte> value, long rejectedAt)
    {
        var fingerprint = OfBlocked(FingerprintOf(value));
        lock (_gate) _window.Add(fingerprint, rejectedAt);
    }

    private (ulong High, ulong Low) FingerprintOf(ReadOnlySpan<byte> value)
    {
        // {"messageId":"..","type":"..","source":"..": the first members, in this order.
        var reader = new Utf8JsonReader(value, isFinalBlock: false, default);
        reader.Read();
        reader.Read();
        if (!reader.ValueTextEquals("messageId"u8)) throw new InvalidDataException("A record of events does not begin with its messageId.");
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var end = (int)reader.BytesConsumed;
        for (var i = 0; i < 4; i++) reader.Read();
        var salt = WriteKey.SaltOf(reader.ValueIsEscaped ? System.Text.Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan);
        return EventComposer.Fingerprint(value[start..end], salt, _hash);
    }

    /// <summary>Judges and stages what a body holds; null, or why nothing of it can be taken.</summary>
    /// <param name="headerKey">The key of the header, or null where the body must name it.</param>
    /// <param name="key">The key that the request came with.</param>
    /// <param name="visitor">Of whom the request's token speaks.</param>
    public Refusal? Read(ReadOnlySpan<byte> body, EventType type, WriteKey? headerKey, IngestScratch scratch, out WriteKey? key, out long receivedAt, Visitor? visitor = null)
    {
        key = headerKey;
        receivedAt = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        var isBatch = type == EventType.None;
        var scanned = scratch.Scanned;
        if (!scratch.Scanner.TryScan(body, isBatch, scanned, out var problem)) return new Refusal(400, "invalid_body", problem);

        var request = new RequestFacts { Body = body, ReceivedAt = receivedAt, Visitor = visitor };
        if (isBatch && ReadEnvelope(ref request, scanned, ref key) is { } wrong) return wrong;
        if (!isBatch && key is null && KeyOf(body, scanned) is { Length: > 0 } named) key = Keys.Find(named);
        if (key is null && !(isBatch && scanned.ItemCount > 0 && KeyOf(body, scanned).Length > 0)) return UnknownKey();
        if (isBatch && scanned.ItemCount == 0) return new Refusal(400, "empty_batch", "The batch holds no events.");
        if (scanned.ItemCount > _settings.BatchEventsMax)
            return new Refusal(400, "too_many_events", $"The batch holds {scanned.ItemCount} events; at most {_settings.BatchEventsMax} are taken at once.");
        if (key?.Rate is { } limits && !limits.TryTake(scanned.ItemCount, out var retryAfter))
        {
            Interlocked.Add(ref Counters.RateLimited, scanned.ItemCount);
            return new Refusal(429, "rate_limited", $"This key may send {limits.PerSecond} events a second; come again after {retryAfter} s.") { RetryAfterSeconds = retryAfter };
        }

        for (var i = 0; i < scanned.ItemCount; i++) StageItem(request, type, i, key, scratch);
        foreach (var rejected in scratch.Rejected) NoteInvalid(body, scanned, rejected);
        Erasures?.Mark(scratch);
        key ??= scratch.Staged.Count > 0 ? Keys.Find(KeyOf(body, scanned)) : null;
        if (Newcomers?.Refusal(scratch, key) is { } stranger)
        {
            Interlocked.Add(ref Counters.RateLimited, scanned.ItemCount);
            return stranger;
        }

        Gate?.Judge(scratch);
        Interlocked.Add(ref Counters.Rejected, scratch.Rejected.Count);
        return null;
    }

    /// <summary>Remembers, appends, and waits until all is durable; the sequence number of an event that is last of them or later.</summary>
    public async ValueTask<long> TakeAsync(IngestScratch scratch, long receivedAt)
    {
        var staged = scratch.Staged;
        var append = default(ValueTask<long>);
        List<Task>? firsts = null;
        int repeats;
        lock (_gate)
        {
            if (_log.PendingBytes > _settings.PendingBytesMax)
            {
                Interlocked.Add(ref Counters.Overloaded, staged.Count);
                throw new LogUnavailableException("The disk does not keep up with the events; come again after a second.");
            }

            if (scratch.Suppression is not null) Erasures?.Mark(scratch);
            repeats = MarkRepeats(staged, receivedAt, ref firsts);
            if (repeats < staged.Count)
            {
                try
                {
                    append = _log.AppendAsync(staged, receivedAt);
                }
                catch
                {
                    Forget(staged);
                    throw;
                }

                _inFlight.Add(scratch.InFlight, staged);
                for (var i = 0; i < staged.Count; i++)
                    if (!staged[i].IsRepeat) Volumes.Add(staged[i].Volume, receivedAt);
            }
        }

        var last = repeats < staged.Count ? await AwaitAsync(scratch, append) : _log.LastDurable;
        // A repeat shares the fate of its first: where that was not taken, neither is acknowledged.
        if (firsts is not null) await Task.WhenAll(firsts);
        Interlocked.Add(ref Counters.Accepted, staged.Count - repeats);
        if (repeats > 0) Interlocked.Add(ref Counters.Duplicates, repeats);
        Interlocked.Add(ref Counters.Bytes, staged.Length);
        return firsts is null ? last : Math.Max(last, _log.LastDurable);
    }

    /// <summary>
    /// Keeps what breaks the plan, after the events that are taken; durable when it returns. A blocked event that comes again is answered again and kept once.
    /// </summary>
    public async ValueTask RecordAsync(IngestScratch scratch, long receivedAt)
    {
        List<Violation> kept = [];
        lock (_gate)
        {
            foreach (var violation in scratch.Violations)
                if (violation.Staged < 0 ? _window.Add(OfBlocked(violation.Fingerprint), receivedAt) : !scratch.Staged[violation.Staged].IsRepeat) kept.Add(violation);
        }

        if (kept.Count == 0) return;
        try
        {
            await _log.RejectAsync([.. kept.Select(v => v.Record)], receivedAt);
        }
        catch
        {
            lock (_gate)
                foreach (var violation in kept.Where(v => v.Staged < 0)) _window.Remove(OfBlocked(violation.Fingerprint));
            throw;
        }

        foreach (var violation in kept) Rejections.Add(violation.Verdict.Blocks ? "block" : "warn", violation.Verdict.Sentence, PayloadOf(violation.Record));
        foreach (var violation in kept) Gate!.Counters.Add(violation.Verdict.Event, violation.Verdict.Blocks ? "block" : "warn");
    }

    /// <summary>The name of a track event, page or screen as JSON text; empty for others.</summary>
    private static ReadOnlySpan<byte> NameOf(ReadOnlySpan<Member> members, ReadOnlySpan<byte> body)
    {
        foreach (ref readonly var member in members)
            if (member.Name is MemberName.Event or MemberName.Name && member.Kind == JsonTokenType.String) return body[member.ValueStart..member.ValueEnd];
        return default;
    }

    /// <summary>Shows an event that cannot be read to whoever watches, as it was sent.</summary>
    private void NoteInvalid(ReadOnlySpan<byte> body, ScannedBody scanned, in RejectedEvent rejected)
    {
        ref var item = ref scanned.Item(rejected.Index);
        Rejections.Add("invalid", rejected.Reason, body[item.Start..item.End]);
    }

    /// <summary>The event within a record of the topic of rejected events.</summary>
    private static byte[] PayloadOf(byte[] record)
    {
        using var parsed = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 1024 });
        return parsed.RootElement.TryGetProperty("payload", out var payload) ? System.Text.Encoding.UTF8.GetBytes(payload.GetRawText()) : [];
    }

    /// <summary>Takes records that had been blocked, as they are, and keeps that they have been taken.</summary>
    public async Task RetakeAsync(IReadOnlyList<byte[]> values)
    {
        var receivedAt = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        var scratch = Scratches.Rent();
        try
        {
            foreach (var value in values) EventComposer.Stage(value, _hash, scratch.Staged);
            Erasures?.Mark(scratch);
            await TakeAsync(scratch, receivedAt);
            await _log.RejectAsync([.. values.Select(v => RejectedRecord.WriteReplayed(v))], receivedAt);
            foreach (var value in values) Gate?.Counters.Add(EventHead.Read(value).Event ?? "", RejectedRecord.Replayed);
        }
        finally
        {
            Scratches.Return(scratch);
        }
    }

    /// <summary>Appends an event of the server's own: split, link or erase, of one identifier and those that it names. Durable when it returns.</summary>
    public async Task<long> AppendOwnAsync(string type, string of, IReadOnlyList<string> identifiers)
    {
        var receivedAt = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        Span<byte> now = stackalloc byte[EventTime.WrittenBytes];
        EventTime.Write(receivedAt, now);
        var time = System.Text.Encoding.ASCII.GetString(now);
        var value = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["messageId"] = Guid.CreateVersion7().ToString(),
            ["type"] = type,
            ["source"] = "api",
            ["receivedAt"] = time,
            ["timestamp"] = time,
            ["properties"] = new Dictionary<string, object> { ["of"] = of, ["identifiers"] = identifiers },
        });
        var scratch = Scratches.Rent();
        try
        {
            EventComposer.Stage(value, _hash, scratch.Staged);
            return await TakeAsync(scratch, receivedAt);
        }
        finally
        {
            Scratches.Return(scratch);
        }
    }

    /// <summary>The memory of blocked events is apart from that of taken ones: sent again after the plan is mended, the event is taken.</summary>
    private static (ulong High, ulong Low) OfBlocked((ulong High, ulong Low) fingerprint) => (fingerprint.High ^ 0x9E3779B97F4A7C15, ~fingerprint.Low);

    public static Refusal UnknownKey() =>
        new(401, "unknown_write_key", "The write key is missing or unknown; send it as Basic user name, as Bearer token or as \"writeKey\" in the body, and see \"keys\" in freshet.json.");

    private async ValueTask<long> AwaitAsync(IngestScratch scratch, ValueTask<long> append)
    {
        Exception? failure = null;
        try
        {
            return await append;
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            lock (_gate)
            {
                _inFlight.Remove(scratch.InFlight);
                if (failure is not null) Forget(scratch.Staged);
                scratch.InFlight.Answer(failure);
            }
        }
    }

    private void Forget(StagedEvents staged)
    {
        for (var i = 0; i < staged.Count; i++)
            if (!staged[i].IsRepeat) _window.Remove(staged[i].Fingerprint);
    }

    private int MarkRepeats(StagedEvents staged, long receivedAt, ref List<Task>? firsts)
    {
        var repeats = 0;
        for (var i = 0; i < staged.Count; i++)
        {
            ref var e = ref staged[i];
            e.IsRepeat = e.IsSuppressed || !_window.Add(e.Fingerprint, receivedAt);
            if (!e.IsRepeat) continue;
            repeats++;
            if (e.IsSuppressed) continue;
            // Where the first is in this very request, it is not in the list yet and its own append is awaited.
            if (_inFlight.Find(e.Fingerprint) is not { } first) continue;
            firsts ??= [];
            if (!firsts.Contains(first.Answered)) firsts.Add(first.Answered);
        }

        return repeats;
    }

    private Refusal? ReadEnvelope(ref RequestFacts request, ScannedBody scanned, ref WriteKey? key)
    {
        var reader = new EventReader(request.Body);
        foreach (var member in scanned.Envelope)
        {
            if (member.Kind == JsonTokenType.Null) continue;
            var value = request.Body[member.ValueStart..member.ValueEnd];
            switch (member.Name)
            {
                case MemberName.SentAt:
                    if (reader.ReadTime(member, ref request.SentAt, "The batch's sentAt must be an ISO-8601 time.") is { } problem) return new Refusal(400, "invalid_body", problem);
                    break;
                case MemberName.Context when member.Kind == JsonTokenType.StartObject:
                    request.Context = value;
                    break;
                case MemberName.Integrations when member.Kind == JsonTokenType.StartObject:
                    request.Integrations = value;
                    break;
                case MemberName.Context or MemberName.Integrations:
                    return new Refusal(400, "invalid_body", "The batch's context and integrations must be objects.");
                case MemberName.WriteKey when key is null:
                    if (member.Kind != JsonTokenType.String) return new Refusal(400, "invalid_body", "writeKey must be a string.");
                    key = Keys.Find(Text(value, member.IsEscaped));
                    if (key is null) return UnknownKey();
                    break;
                default:
                    break;
            }
        }

        return null;
    }

    /// <summary>The writeKey of the first event, where the envelope and the header name none.</summary>
    private static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> body, ScannedBody scanned)
    {
        if (scanned.ItemCount == 0) return default;
        foreach (ref readonly var member in scanned.MembersOf(scanned.Item(0)))
            if (member.Name == MemberName.WriteKey && member.Kind == JsonTokenType.String) return Text(body[member.ValueStart..member.ValueEnd], member.IsEscaped);
        return default;
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> quoted, bool escaped)
    {
        if (!escaped) return quoted[1..^1];
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        return System.Text.Encoding.UTF8.GetBytes(reader.GetString()!);
    }

    private void StageItem(in RequestFacts request, EventType type, int index, WriteKey? key, IngestScratch scratch)
    {
        ref var item = ref scratch.Scanned.Item(index);
        var members = scratch.Scanned.MembersOf(item);
        var reader = new EventReader(request.Body);
        var problem = item.Problem ?? reader.Read(members, type);
        var itemKey = key;
        if (problem is null && type == EventType.None && reader.WriteKey >= 0)
        {
            ref readonly var named = ref members[reader.WriteKey];
            itemKey = Keys.Find(Text(request.Body[named.ValueStart..named.ValueEnd], named.IsEscaped));
            if (itemKey is null) problem = "The event's writeKey is unknown.";
            else if (itemKey != key && !itemKey.Rate.TryTake(1, out var retryAfter)) problem = $"This key may send {itemKey.Rate.PerSecond} events a second; come again after {retryAfter} s.";
        }

        if (problem is null && itemKey is null) problem = "Neither the batch nor the event has a writeKey.";
        problem ??= EventComposer.Compose(request, reader, members, index, item.End - item.Start, _settings.EventBytesMax, itemKey!, _hash, scratch.Staged);
        if (problem is null)
        {
            scratch.Staged[scratch.Staged.Count - 1].Volume = Volumes.IdOf(reader.Type, NameOf(members, request.Body));
            if (scratch.Staged[scratch.Staged.Count - 1].IsClamped) Interlocked.Increment(ref Counters.Clamped);
            return;
        }

        var (start, end) = scratch.MessageIdOf(index);
        scratch.Rejected.Add(new RejectedEvent(index, start, end, problem));
    }
}
