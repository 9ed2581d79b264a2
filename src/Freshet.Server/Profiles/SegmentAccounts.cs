using System.Globalization;
using System.Text.Json;
using Freshet.Customers.Profiles;
using Freshet.Server.Api;
using Freshet.Server.Http;

namespace Freshet.Server.Profiles;

/// <summary>
/// Accounts in Segment's Profile API: profiles of the collection accounts are named by group_id; links are the members, by their user_id where they
/// have one. What events there are is the group calls.
/// </summary>
internal sealed class SegmentAccounts(IViewReader views, EventHistory history)
{
    private readonly ViewInfo? _of = views.Views.FirstOrDefault(v => v.Name == AccountReads.Of);
    private readonly ViewInfo? _traits = views.Views.FirstOrDefault(v => v.Name == AccountReads.Traits);

    /// <summary>What is known of an account; null for one that no group call has told of.</summary>
    public async ValueTask<Account?> FindAsync(IViewSnapshot snapshot, string group, CancellationToken cancellation)
    {
        if (_of is null) return null;
        await using var rows = snapshot.Lookup(_of, [group]);
        Account? found = null;
        while (await rows.NextAsync(cancellation) is { } batch)
        {
            string? Text(int column) => CellText.Text(rows.Schema[column], batch.Columns[column], batch.RowAt(0));
            if (batch.Count > 0) found ??= new Account(group, Text(1), Text(2), Text(3), Text(4), Text(5), Text(6));
            batch.Release();
        }

        return found;
    }

    public async ValueTask WriteAsync(Utf8JsonWriter json, Exchange exchange, IViewSnapshot snapshot, ProfileReading reading, Account account, string part, SegmentPage page)
    {
        switch (part)
        {
            case "traits":
                var include = exchange.Query("include")?.Split(',');
                using (var told = JsonDocument.Parse(exchange.Query("class") is null ? await TraitsAsync(snapshot, account.Group, exchange.Aborted) : "{}"))
                {
                    var traits = told.RootElement.EnumerateObject().Where(t => include is null || include.Contains(t.Name)).OrderBy(t => t.Name, StringComparer.Ordinal).ToList();
                    json.WriteStartObject("traits");
                    foreach (var trait in page.Of(traits)) trait.WriteTo(json);
                    json.WriteEndObject();
                    page.Write(json, traits.Count);
                }

                break;
            case "external_ids":
                json.WriteStartArray("data");
                if (page.From == 0) WriteIdentifier(json, account);
                json.WriteEndArray();
                page.Write(json, 1);
                break;
            case "events":
                if (EventFilter.Of(exchange) is not { } filter) throw new RefusedException(SegmentProfileRoutes.BadTime());
                var (events, hasMore) = await history.ReadAsync("events", $"type = 'group' AND group_id = {EventFilter.Text(account.Group)}", filter, page.From, page.Limit, exchange.Aborted);
                json.WriteStartArray("data");
                foreach (var one in events) SegmentEvents.Write(json, one, [], "accounts", account.Group);
                json.WriteEndArray();
                page.Write(json, hasMore);
                break;
            case "metadata":
                json.WriteStartObject("metadata");
                json.WriteString("created_at", account.FirstSeen);
                json.WriteString("updated_at", account.LastSeen);
                json.WriteNull("expires_at");
                json.WriteString("first_message_id", account.FirstMessage);
                json.WriteString("first_source_id", account.FirstSource);
                json.WriteString("last_message_id", account.LastMessage);
                json.WriteString("last_source_id", account.LastSource);
                json.WriteEndObject();
                break;
            default:
                await WriteMembersAsync(json, reading, account.Group, page, exchange.Aborted);
                break;
        }
    }

    private async ValueTask WriteMembersAsync(Utf8JsonWriter json, ProfileReading reading, string group, SegmentPage page, CancellationToken cancellation)
    {
        var members = new List<long>();
        await using (var rows = await views.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT profile_id FROM account_members WHERE group_id = {EventFilter.Text(group)} ORDER BY profile_id LIMIT {page.Limit + 1} OFFSET {page.From}"), cancellation))
        {
            while (await rows.NextAsync(cancellation) is { } batch)
            {
                for (var i = 0; i < batch.Count; i++) members.Add(long.Parse(CellText.Text(rows.Schema[0], batch.Columns[0], batch.RowAt(i))!, CultureInfo.InvariantCulture));
                batch.Release();
            }
        }

        json.WriteStartArray("data");
        foreach (var member in members.Take(page.Limit))
        {
            json.WriteStartObject();
            json.WriteString("to_collection", "users");
            json.WriteStartArray("external_ids");
            foreach (var identifier in reading.Identifiers(member).OrderByDescending(i => i.Type == "user_id")) SegmentEvents.WriteExternalId(json, "users", identifier.Type, identifier.Value);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        page.Write(json, members.Count > page.Limit);
    }

    private async ValueTask<string> TraitsAsync(IViewSnapshot snapshot, string group, CancellationToken cancellation)
    {
        await using var rows = snapshot.Lookup(_traits!, [group]);
        string? doc = null;
        while (await rows.NextAsync(cancellation) is { } batch)
        {
            if (batch.Count > 0) doc ??= CellText.Text(rows.Schema[1], batch.Columns[1], batch.RowAt(0));
            batch.Release();
        }

        return doc ?? "{}";
    }

    private static void WriteIdentifier(Utf8JsonWriter json, Account account)
    {
        json.WriteStartObject();
        json.WriteString("source_id", account.FirstSource);
        json.WriteString("collection", "accounts");
        json.WriteString("id", account.Group);
        json.WriteString("type", "group_id");
        json.WriteString("created_at", account.FirstSeen);
        json.WriteString("encoding", "none");
        json.WriteString("first_message_id", account.FirstMessage);
        json.WriteEndObject();
    }
}

/// <summary>What group calls have told of an account.</summary>
internal sealed record Account(string Group, string? FirstSeen, string? LastSeen, string? FirstMessage, string? LastMessage, string? FirstSource, string? LastSource);
