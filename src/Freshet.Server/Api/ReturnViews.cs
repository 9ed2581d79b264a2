using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Plan.Catalog;
using Freshet.Server.Http;
using Freshet.Server.Ingest;
using Freshet.Server.Profiles;

namespace Freshet.Server.Api;

/// <summary>
/// ?return=view,...: the answer to an event waits for the event's step and carries the rows of the named views whose key
/// columns equal the event's columns of the same name, as of the end of that step or a later one. All views of an answer are of one step.
/// <c>profile</c>, <c>segments</c>, and the names of traits and of views by profile_id, speak of the event's profile.
/// </summary>
/// <param name="profiles">Null where the project has no profiles.</param>
internal sealed class ReturnViews(IViewReader reader, ProfileReader? profiles)
{
    private const string ProfileKey = "profile_id";

    private const int ViewsMax = 16;

    /// <summary>The columns of an event that a view's key may name, and the member that holds each.</summary>
    private static readonly Dictionary<string, string> Members =
        EventsTable.Columns.Where(c => c.Type.IsCharacter).ToDictionary(c => c.Column, c => c.Member, StringComparer.Ordinal);

    /// <summary>The views of a comma-separated list; or why they cannot be returned.</summary>
    public Refusal? Find(string names, out ReturnWish? wish)
    {
        wish = null;
        bool hasProfile = false, hasSegments = false;
        var traits = new List<ProfileValue>();
        if (ViewRoutes.NotReady(reader) is { } notReady) return notReady;
        var found = new List<ViewInfo>();
        foreach (var name in names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name is "profile" or "segments" && reader.Views.All(v => v.Name != name))
            {
                if (profiles is null) return ProfileRoutes.NoProfiles() with { Status = 400 };
                hasProfile |= name == "profile";
                hasSegments |= name == "segments";
                continue;
            }

            if (profiles?.Traits.FirstOrDefault(t => t.Name == name) is { } trait)
            {
                if (!traits.Contains(trait)) traits.Add(trait);
                continue;
            }

            var view = reader.Views.FirstOrDefault(v => v.Name == name);
            if (view is null) return ViewRoutes.Unknown(reader, name, 400);
            if (IsOfProfile(view))
            {
                if (!found.Contains(view)) found.Add(view);
                continue;
            }

            if (view.Key.Count == 0 || view.Key.Any(k => !Members.ContainsKey(view.Schema.Fields[k].Name)))
                return new Refusal(400, "no_event_key", $"The view {name} has no key of columns that an event has, such as user_id; nothing was taken.");
            if (!found.Contains(view)) found.Add(view);
        }

        if (found.Count + traits.Count > ViewsMax || (found.Count + traits.Count == 0 && !hasProfile && !hasSegments)) return new Refusal(400, "invalid_return", $"?return needs profile, segments, or 1 to {ViewsMax} names of views.");
        wish = new ReturnWish(found, traits, hasProfile, hasSegments);
        return null;
    }

    private bool IsOfProfile(ViewInfo view) => profiles is not null && view.Key.Count == 1 && view.Schema.Fields[view.Key[0]].Name == ProfileKey;

    private bool NeedsProfile(ReturnWish wish) => wish.HasProfile || wish.HasSegments || wish.Traits.Count > 0 || wish.Views.Any(IsOfProfile);

    public async ValueTask AnswerAsync(Exchange exchange, IngestScratch scratch, ReturnWish wish, long sequence, bool isBatch)
    {
        await reader.WhenVisibleAsync(sequence, exchange.Aborted);
        // Its own step is what the answer shows: what has been acknowledged since is nobody's to wait for here.
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        using var snapshot = reader.Pin();
        using var reading = profiles is null || !NeedsProfile(wish) ? null : new ProfileReading(profiles, snapshot);
        json.WriteStartObject();
        json.WriteBoolean("success", true);
        json.WriteNumber("step", snapshot.Step);
        IngestAnswer.Write(json, exchange.Body.Span, scratch);
        if (isBatch)
        {
            json.WriteStartArray("results");
            var rejected = 0;
            for (var i = 0; i < scratch.Staged.Count || rejected < scratch.Rejected.Count;)
            {
                json.WriteStartObject();
                if (rejected < scratch.Rejected.Count && (i == scratch.Staged.Count || scratch.Rejected[rejected].Index < scratch.Staged[i].Index))
                    json.WriteString("rejected", scratch.Rejected[rejected++].Reason);
                else
                    await WriteAsync(json, snapshot, reading, wish, scratch.Staged.ValueMemory(scratch.Staged[i++]), exchange.Aborted);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
        else
        {
            await WriteAsync(json, snapshot, reading, wish, scratch.Staged.ValueMemory(scratch.Staged[0]), exchange.Aborted);
        }

        json.WriteEndObject();
        json.Flush();
        exchange.Response.Headers["X-Freshet-Step"] = snapshot.Step.ToString(CultureInfo.InvariantCulture);
        exchange.AnswerJson(200, buffer.WrittenSpan);
    }

    /// <param name="reading">Null where nothing is asked of the event's profile.</param>
    private async ValueTask WriteAsync(Utf8JsonWriter json, IViewSnapshot snapshot, ProfileReading? reading, ReturnWish wish, ReadOnlyMemory<byte> value, CancellationToken cancellation)
    {
        using var parsed = JsonDocument.Parse(value, new JsonDocumentOptions { MaxDepth = 1024 });
        var profile = reading?.Find(parsed.RootElement);
        if (wish.HasProfile)
        {
            json.WritePropertyName("profile");
            if (profile is { } found) ProfileJson.Write(json, profiles!, reading!, found, events: -1);
            else json.WriteNullValue();
        }

        if (wish.HasSegments) ProfileJson.WriteSegments(json, profiles!, reading!, profile);
        if (wish.Traits.Count > 0)
        {
            json.WriteStartObject("traits");
            if (profile is { } owner) ProfileJson.WriteTraits(json, wish.Traits, reading!, owner);
            json.WriteEndObject();
        }

        if (wish.Views.Count > 0) await WriteViewsAsync(json, snapshot, wish.Views, parsed.RootElement, profile, cancellation);
    }

    private async ValueTask WriteViewsAsync(Utf8JsonWriter json, IViewSnapshot snapshot, IReadOnlyList<ViewInfo> views, JsonElement record, long? profile, CancellationToken cancellation)
    {
        json.WriteStartObject("views");
        foreach (var view in views)
        {
            var key = new string?[view.Key.Count];
            if (IsOfProfile(view)) key[0] = profile?.ToString(CultureInfo.InvariantCulture);
            for (var i = 0; i < key.Length && !IsOfProfile(view); i++)
                key[i] = record.TryGetProperty(Members[view.Schema.Fields[view.Key[i]].Name], out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
            json.WriteStartArray(view.Name);
            await using var rows = snapshot.Lookup(view, key);
            while (await rows.NextAsync(cancellation) is { } batch)
            {
                try
                {
                    for (var i = 0; i < batch.Count; i++) RowJson.WriteObject(json, rows.Schema, batch, batch.RowAt(i));
                }
                finally
                {
                    batch.Release();
                }
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}

/// <summary>What ?return asks for.</summary>
internal sealed record ReturnWish(IReadOnlyList<ViewInfo> Views, IReadOnlyList<ProfileValue> Traits, bool HasProfile, bool HasSegments);
