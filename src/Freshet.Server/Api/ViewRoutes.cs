using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Subscriptions;

namespace Freshet.Server.Api;

/// <summary>
/// GET /api/views (names and columns), /api/views/{name}?limit=&amp;offset= and /api/views/{name}/{key}: the rows of a served
/// view as of one step. A key of several columns has one path segment for each.
/// </summary>
internal sealed class ViewRoutes(IViewReader reader, AccessRules access, SubscribeRoutes? subscriptions)
{
    private const int LimitDefault = 100;
    private const int LimitMax = 10_000;
    private const int FlushBytes = 32 << 10;

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/views", ["GET"], ListAsync) { Cors = access.AllowListedOrigins };
        yield return new Route("/api/views/", ["GET"], ReadAsync) { Cors = access.AllowListedOrigins };
    }

    /// <summary>A view that does not exist, with the nearest that does.</summary>
    public static Refusal Unknown(IViewReader reader, string name, int status)
    {
        var names = reader.Views.Select(v => v.Name).ToList();
        var hint = names.Count == 0 ? "the project has no materialized views." : NearestName.Hint(name, names);
        return new Refusal(status, "unknown_view", $"There is no view \"{(name.Length <= 100 ? name : name[..100])}\"; {hint}");
    }

    /// <summary>An answer for those who come while a start is still reading the log.</summary>
    public static Refusal? NotReady(IViewReader reader) =>
        reader.NotReady is { } reason ? new Refusal(503, "not_ready", reason) { RetryAfterSeconds = 1 } : null;

    private ValueTask ListAsync(Exchange exchange)
    {
        if (access.Check(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return ValueTask.CompletedTask;
        }

        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = Writer(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("views");
            foreach (var view in reader.Views)
            {
                json.WriteStartObject();
                json.WriteString("name", view.Name);
                RowJson.WriteColumns(json, view.Schema);
                RowJson.WriteKey(json, view.Schema, view.Key);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        exchange.AnswerJson(200, buffer.WrittenSpan);
        return ValueTask.CompletedTask;
    }

    private async ValueTask ReadAsync(Exchange exchange)
    {
        if ((access.Check(exchange) ?? NotReady(reader)) is { } forbidden)
        {
            forbidden.Write(exchange);
            return;
        }

        if (subscriptions is not null && SubscribeRoutes.ViewOf(exchange, reader) is { } followed)
        {
            await subscriptions.AnswerViewAsync(exchange, followed);
            return;
        }

        if (Parse(exchange, out var view, out var key, out var offset, out var limit) is { } refusal)
        {
            refusal.Write(exchange);
            return;
        }

        using var snapshot = await reader.OpenAsync(exchange.Aborted);
        await using var rows = key is null ? snapshot.Scan(view!, offset, limit) : snapshot.Lookup(view!, key);
        var batch = await rows.NextAsync(exchange.Aborted);
        while (batch is { Count: 0 })
        {
            batch.Release();
            batch = await rows.NextAsync(exchange.Aborted);
        }

        if (key is not null && batch is null)
        {
            new Refusal(404, "no_such_row", $"The view {view!.Name} has no row with this key as of step {snapshot.Step}.").Write(exchange);
            return;
        }

        await exchange.BeginAnswerAsync(200, "application/json");
        var writer = exchange.Writer;
        await using var json = Writer(writer);
        json.WriteStartObject();
        json.WriteNumber("step", snapshot.Step);
        json.WriteStartArray("rows");
        for (; batch is not null; batch = await rows.NextAsync(exchange.Aborted))
        {
            for (var i = 0; i < batch.Count; i++)
            {
                RowJson.WriteObject(json, rows.Schema, batch, batch.RowAt(i));
                if (json.BytesPending + writer.UnflushedBytes < FlushBytes) continue;
                json.Flush();
                await writer.FlushAsync(exchange.Aborted);
            }

            batch.Release();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private Refusal? Parse(Exchange exchange, out ViewInfo? view, out string[]? key, out long offset, out long limit)
    {
        key = null;
        offset = 0;
        limit = LimitDefault;
        // Key values may hold escaped slashes, so the raw target is split and each part decoded by itself.
        var target = exchange.Request.RawTarget.Split('?')[0];
        var parts = target["/api/views/".Length..].Split('/').Select(Uri.UnescapeDataString).ToArray();
        view = reader.Views.FirstOrDefault(v => v.Name == parts[0]);
        if (view is null) return Unknown(reader, parts[0], 404);
        if (exchange.Query("limit") is { } l && (!long.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > LimitMax))
            return new Refusal(400, "invalid_limit", $"limit must be a whole number from 1 to {LimitMax}; /api/sql streams more.");
        if (exchange.Query("offset") is { } o && !long.TryParse(o, NumberStyles.None, CultureInfo.InvariantCulture, out offset))
            return new Refusal(400, "invalid_offset", "offset must be a whole number from 0.");
        if (parts.Length == 1) return null;
        key = parts[1..];
        if (key.Length == view.Key.Count) return null;
        var fields = view.Schema.Fields;
        var names = string.Join(", ", view.Key.Select(k => fields[k].Name));
        return new Refusal(404, "wrong_key", view.Key.Count == 0
            ? $"The view {view.Name} has no key; read it without one, or with a WHERE through /api/sql."
            : $"The key of the view {view.Name} is {names}: {view.Key.Count} path segment{(view.Key.Count == 1 ? "" : "s")}, not {key.Length}.");
    }

    private static Utf8JsonWriter Writer(System.Buffers.IBufferWriter<byte> to) =>
        new(to, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
}
