using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Visitors;

namespace Freshet.Server.Ingest;

/// <summary>
/// The routes that take events: the key of the header first, then size, decompression, JSON, the key of the body, rate, each
/// event, the log, the answer. 200 is written only when the events are durable.
/// </summary>
internal sealed class IngestEndpoint(IngestService service, AccessRules access, ReturnViews? views, VisitorTokens? tokens = null)
{
    private static readonly object NoKey = new();

    /// <summary>Every route of ingest. Short names are the first letters that browsers use.</summary>
    public IEnumerable<Route> Routes()
    {
        (string Long, string Short, EventType Type)[] calls =
        [
            ("identify", "i", EventType.Identify), ("track", "t", EventType.Track), ("page", "p", EventType.Page),
            ("screen", "s", EventType.Screen), ("group", "g", EventType.Group), ("alias", "a", EventType.Alias),
            ("batch", "b", EventType.None),
        ];
        foreach (var (name, letter, type) in calls)
        {
            yield return Post($"/v1/{name}", e => HandleAsync(e, type));
            yield return Post($"/v1/{letter}", e => HandleAsync(e, type));
        }

        yield return Post("/v1/import", e => HandleAsync(e, EventType.None));
        yield return Post("/v1/m", DiscardAsync);
    }

    public async ValueTask HandleAsync(Exchange exchange, EventType type)
    {
        Interlocked.Increment(ref service.Counters.Requests);
        var isBatch = type == EventType.None;
        if (!TryHeaderKey(exchange, out var headerKey))
        {
            Refuse(exchange, IngestService.UnknownKey());
            return;
        }

        var maxBytes = isBatch ? service.Settings.BatchBytesMax : service.Settings.EventBytesMax;
        var body = await exchange.ReadBodyAsync(maxBytes);
        if (body != BodyResult.Complete)
        {
            Refuse(exchange, IngestAnswer.OfBody(body, isBatch, maxBytes));
            return;
        }

        var scratch = service.Scratches.Rent();
        try
        {
            var refusal = service.Read(exchange.Body.Span, type, headerKey, scratch, out var key, out var receivedAt, VisitorOf(exchange));
            ReturnWish? wanted = null;
            if (refusal is null && exchange.Query("return") is { } names) refusal = CheckReturn(exchange, key, names, out wanted);
            if (refusal is null && !isBatch && scratch.Rejected.Count > 0)
            {
                var reason = scratch.Rejected[0].Reason; // counted when it was read
                if (scratch.Violations.Count > 0) await service.RecordAsync(scratch, receivedAt);
                refusal = scratch.Rejected[0].Code == Newcomers.NoMemory ? Newcomers.NoRoom(reason) : reason.StartsWith("The event has more than", StringComparison.Ordinal) && reason.Contains(" bytes", StringComparison.Ordinal)
                    ? new Refusal(413, "invalid_event", reason)
                    : new Refusal(400, scratch.Rejected[0].Code, reason);
            }

            if (refusal is not null)
            {
                Refuse(exchange, refusal);
                return;
            }

            if (scratch.Staged.Count > 0)
            {
                var sequence = await service.TakeAsync(scratch, receivedAt);
                if (scratch.Violations.Count > 0) await service.RecordAsync(scratch, receivedAt);
                service.Counters.Ack.RecordSince(exchange.StartedAt);
                if (service.Settings.EventsAreRelaxed) exchange.Response.Headers["Freshet-Durability"] = "relaxed";
                service.Acknowledged?.Invoke(exchange, sequence);
                if (wanted is not null)
                {
                    await views!.AnswerAsync(exchange, scratch, wanted, sequence, isBatch);
                    return;
                }
            }

            else if (scratch.Violations.Count > 0)
            {
                await service.RecordAsync(scratch, receivedAt);
            }

            if (scratch.Staged.Count == 0 && scratch.Rejected.Count > 0 && scratch.Rejected.TrueForAll(r => r.Code == Newcomers.NoMemory)) Refuse(exchange, Newcomers.NoRoom(scratch.Rejected[0].Reason));
            else if (scratch.Rejected.Count > 0 || scratch.Warnings.Count > 0) IngestAnswer.Judged(exchange, scratch);
            else IngestAnswer.Success(exchange);
        }
        catch (LogUnavailableException e)
        {
            Refuse(exchange, new Refusal(503, service.Log.IsDiskFull ? "disk_full" : "overloaded", e.Message) { RetryAfterSeconds = 1 });
        }
        finally
        {
            service.Scratches.Return(scratch);
        }
    }

    /// <summary>Any page may send events with a key: the key reads nothing. Only what ?return shows is kept to listed origins.</summary>
    public void AllowOrigins(Exchange exchange)
    {
        if (exchange.Query("return") is not null)
        {
            access.AllowListedOrigins(exchange);
        }
        else
        {
            exchange.Response.Headers.AccessControlAllowOrigin = "*";
        }

        if (exchange.Method != "OPTIONS") return;
        var headers = exchange.Response.Headers;
        headers.AccessControlAllowMethods = "GET, POST";
        headers.AccessControlAllowHeaders = "authorization, content-type, content-encoding, accept, x-retry-count, anonymousid, x-write-key, x-enable-debug, x-ip-policy, x-jitsu-custom, cache-control";
        headers.AccessControlMaxAge = "86400";
    }

    /// <summary>The key that the header names; false where it names one that does not exist. Without a key there the body must say.</summary>
    public bool TryHeaderKey(Exchange exchange, out WriteKey? key)
    {
        key = null;
        var header = exchange.Headers.Authorization;
        if (header.Count == 0) return true;
        var text = header[0]!;
        if (!ReferenceEquals(exchange.SeenAuthorization.Header, text))
            exchange.SeenAuthorization = (text, MeaningOf(text));
        key = exchange.SeenAuthorization.Meaning as WriteKey;
        return !ReferenceEquals(exchange.SeenAuthorization.Meaning, NoKey);
    }

    /// <summary>Of whom a visitor's token speaks, which is sent as Bearer while the body names the write key.</summary>
    private Visitor? VisitorOf(Exchange exchange) =>
        tokens is not null && exchange.Headers.Authorization.Count > 0 && exchange.Headers.Authorization[0] is { } header && header.StartsWith("Bearer " + VisitorTokens.Prefix, StringComparison.OrdinalIgnoreCase)
            ? tokens.Read(header[7..].Trim())
            : null;

    private object? MeaningOf(string header)
    {
        if (header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            var user = IngestAnswer.BasicUser(header[6..].Trim());
            return user is null ? NoKey : user.Length == 0 ? null : service.Keys.Find(user) ?? NoKey;
        }

        // A Bearer token may be a write key, or belong to something else (OAuth, the API) with the key in the body.
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? service.Keys.Find(header[7..].Trim()) : null;
    }

    private Route Post(string path, Handler handler) => new(path, ["POST"], handler) { Cors = AllowOrigins };

    private void Refuse(Exchange exchange, Refusal refusal)
    {
        if (refusal.Status == 401) Interlocked.Increment(ref service.Counters.Unauthorized);
        else if (refusal.Status >= 500) Interlocked.Increment(ref service.Counters.Failed);
        else if (refusal.Code is "invalid_body" or "event_too_large" or "batch_too_large" or "empty_batch" or "too_many_events") Interlocked.Increment(ref service.Counters.Rejected);
        refusal.Write(exchange);
    }

    /// <summary>?return shows only what its caller could read through /api; else nothing is taken.</summary>
    private Refusal? CheckReturn(Exchange exchange, WriteKey? key, string names, out ReturnWish? wanted)
    {
        wanted = null;
        if (access.CheckOrigin(exchange) is { } foreign) return foreign;
        if (key?.Kind != WriteKeyKind.Server && !access.HasToken(exchange) && access.NeedsLogin)
            return new Refusal(403, "may_not_read", "?return needs a key of kind \"server\" or the API token; nothing was taken.");
        if (views is null) return new Refusal(400, "no_views", "?return needs views, and this project has none.");
        return views.Find(names, out wanted);
    }

    /// <summary>Browsers report their own metrics here; they are read and dropped.</summary>
    private async ValueTask DiscardAsync(Exchange exchange)
    {
        await exchange.ReadBodyAsync(service.Settings.BatchBytesMax);
        IngestAnswer.Success(exchange);
    }
}
