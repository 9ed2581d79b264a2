using System.Globalization;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Customers;
using Freshet.Customers.Plans;
using Freshet.Customers.Privacy;
using Freshet.Customers.Profiles;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Plan.Catalog;
using Freshet.Server.Api;
using Freshet.Server.Ingest;

namespace Freshet.Server.Privacy;

/// <summary>
/// Works off orders to erase. An order is an event of the log: from its step on the identity has forgotten the profile. Then, in this
/// order: its receipt and the list of its records are durable; these records and what others say of its identifiers are taken out of
/// the log and of the rejected events; all views are built anew from that log; the receipt says so.
/// <para>An order that a crash has stopped anywhere is worked off at the next start: from the list where there is one, else from the order
/// itself, which stands in the log until its own record is written anew.</para>
/// One run at a time; orders that come meanwhile share the next.
/// </summary>
internal sealed class ErasureService(IErasableLog log, IViewReader views, CustomerLayer customers, ReceiptStore store) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    public ReceiptStore Receipts => store;

    /// <summary>Events of suppressed identifiers that were answered and not taken.</summary>
    public long Suppressed => Interlocked.Read(ref _suppressed);

    private long _suppressed;

    /// <summary>Ends what a stop has left; called before anything is served.</summary>
    public async Task ResumeAsync()
    {
        if (store.Pending is { } pending) await Task.Run(() => Finish(pending));
        await RunAsync();
    }

    /// <summary>Identifiers that are about to be erased are suppressed before their order is in the log.</summary>
    public void Announce(IEnumerable<(string Type, string Value)> identifiers) => store.Suppress(identifiers.Select(i => store.Hash.Of(i.Type, i.Value)));

    /// <summary>Works off all orders whose steps have been published.</summary>
    public async Task RunAsync()
    {
        await _turn.WaitAsync();
        try
        {
            if (await PlanAsync() is { } pending) await Task.Run(() => Finish(pending));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Marks staged events that carry a suppressed identifier: they are answered and not taken. Called when they are read, and again where they are about
    /// to be appended when more has been suppressed since: an event is in the log before the order to erase, which then reaches it, or not at all.
    /// </summary>
    public void Mark(IngestScratch scratch)
    {
        var suppression = store.Suppression;
        if (ReferenceEquals(suppression, scratch.Suppression)) return;
        scratch.Suppression = suppression;
        if (!store.HasSuppressed) return;
        var staged = scratch.Staged;
        for (var i = 0; i < staged.Count; i++)
        {
            if (staged[i].IsSuppressed || !EventScrubber.Names(customers.Rules, staged.ValueMemory(staged[i]), store.IsSuppressed)) continue;
            staged[i].IsSuppressed = true;
            Interlocked.Increment(ref _suppressed);
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<PendingErasure?> PlanAsync()
    {
        var orders = await ReadAsync($"SELECT sequence, message_id, type, `value`, identifier FROM `{ProfileReads.Erased}`");
        if (orders.Count == 0) return null;
        var receipts = orders.GroupBy(o => (Sequence: long.Parse(o[0]!, CultureInfo.InvariantCulture), Id: o[1]!)).Select(g => new Receipt
        {
            Id = g.Key.Id,
            Status = "running",
            Sequence = g.Key.Sequence,
            StartedAt = DateTimeOffset.UtcNow,
            Identifiers = [.. g.Select(o => store.Hash.Of(o[2]!, o[3]!)).Order(StringComparer.Ordinal)],
        }).ToList();
        foreach (var receipt in receipts) store.Put(receipt);
        var owner = orders.ToDictionary(o => o[4]!, o => long.Parse(o[0]!, CultureInfo.InvariantCulture));
        var events = await ReadAsync($"SELECT sequence, identifier FROM `identity$events` WHERE identifier IN ({string.Join(", ", owner.Keys)})");
        var counts = events.GroupBy(e => owner[e[1]!]).ToDictionary(g => g.Key, g => (long)g.Count());
        var erased = receipts.SelectMany(r => r.Identifiers).ToHashSet(StringComparer.Ordinal);
        var drops = (await ReadAsync("SELECT sequence, type, `value` FROM `identity$drops` WHERE rule <> 'blocked'")).Select(d => (Sequence: d[0]!, Hash: store.Hash.Of(d[1]!, d[2]!))).ToLookup(d => d.Sequence, d => d.Hash);
        var pending = new PendingErasure(
            [.. receipts.Select(r => r with { Events = counts.GetValueOrDefault(r.Sequence) })],
            receipts.Max(r => r.Sequence) + 1,
            log.EndOf(RejectedTable.Topic),
            [.. receipts.SelectMany(r => r.Identifiers).Distinct()],
            [.. events.Select(e => long.Parse(e[0]!, CultureInfo.InvariantCulture)).Order()],
            [.. drops.Where(d => d.Any(erased.Contains)).SelectMany(d => d.Select(h => Place(long.Parse(d.Key, CultureInfo.InvariantCulture), h)))]);
        store.Begin(pending);
        return pending;
    }

    private void Finish(PendingErasure pending)
    {
        var hashes = pending.Hashes.ToHashSet(StringComparer.Ordinal);
        var offsets = pending.Offsets.ToHashSet();
        var dropped = pending.Dropped.ToHashSet(StringComparer.Ordinal);
        var orders = pending.Receipts.ToDictionary(r => r.Sequence, r => r.Id);
        var anonymises = customers.Anonymising.IsAsked;
        if (anonymises) store.NoteAnonymised();
        bool IsErased(string type, string value) => hashes.Contains(store.Hash.Of(type, value));
        var events = log.Rewrite(EventsTable.Name, pending.End, EditEvent);
        var rejected = log.Rewrite(RejectedTable.Topic, pending.RejectedEnd, EditRejected);
        var changed = log.Rebuild();
        foreach (var receipt in pending.Receipts)
            store.Put(receipt with { Status = "done", IsAnonymised = anonymises, FinishedAt = DateTimeOffset.UtcNow, Rejected = rejected.Records, Segments = events.Segments + rejected.Segments, Views = changed });
        store.End();

        RecordEdit EditEvent(in Record record, out ReadOnlyMemory<byte> value)
        {
            value = default;
            if (!record.HasValue || record.Offset.Value >= pending.End) return RecordEdit.Keeps;
            if (offsets.Contains(record.Offset.Value) && !anonymises) return RecordEdit.Empties;
            var copy = record.Value.ToArray();
            if (offsets.Contains(record.Offset.Value))
            {
                var left = customers.Anonymising.Left(copy);
                value = left;
                return left is null ? RecordEdit.Keeps : RecordEdit.Replaces;
            }

            var offset = record.Offset.Value;
            var edited = orders.TryGetValue(offset, out var receipt)
                ? EventScrubber.OrderWithout(copy, receipt)
                : EventScrubber.Without(customers.Rules, copy, IsErased, (type, of) => dropped.Contains(Place(offset, store.Hash.Of(type, of))));
            value = edited;
            return edited is null ? RecordEdit.Keeps : RecordEdit.Replaces;
        }

        RecordEdit EditRejected(in Record record, out ReadOnlyMemory<byte> value)
        {
            value = default;
            if (!record.HasValue || record.Offset.Value >= pending.RejectedEnd) return RecordEdit.Keeps;
            using var parsed = JsonDocument.Parse(record.Value.ToArray(), new JsonDocumentOptions { MaxDepth = 1024 });
            var root = parsed.RootElement;
            bool Has(string type) => root.TryGetProperty(type, out var id) && id.ValueKind == JsonValueKind.String && IsErased(type, ProfileReads.Normalized(customers.Rules, type, id.GetString()!));
            var names = Has("user_id") || Has("anonymous_id") || (root.TryGetProperty("payload", out var payload) && EventScrubber.Names(customers.Rules, payload, IsErased));
            return names ? RecordEdit.Empties : RecordEdit.Keeps;
        }
    }

    private async Task<List<string?[]>> ReadAsync(string sql)
    {
        await using var rows = await views.QueryAsync(sql, CancellationToken.None);
        var all = new List<string?[]>();
        while (await rows.NextAsync(CancellationToken.None) is { } batch)
        {
            for (var i = 0; i < batch.Count; i++) all.Add(RowOf(rows.Schema, batch, batch.RowAt(i)));
            batch.Release();
        }

        return all;
    }

    private static string Place(long offset, string hash) => string.Create(CultureInfo.InvariantCulture, $"{offset}:{hash}");

    private static string?[] RowOf(Schema schema, Batch batch, int row) => [.. schema.Fields.Select((f, c) => CellText.Text(f.Type, batch.Columns[c], row))];
}
