using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Http;
using Freshet.Ingest;
using Freshet.Sql.Catalog;

namespace Freshet.Api;

/// <summary>
/// ?return=view,...: the answer to an event waits for the event's step and carries the rows of the named views whose key
/// columns equal the event's columns of the same name, as of the end of that step or a later one. All views of an answer are of one step.
/// </summary>
internal sealed class ReturnViews(IViewReader reader)
{
    private const int ViewsMax = 16;

    /// <summary>The columns of an event that a view's key may name, and the member that holds each.</summary>
    private static readonly Dictionary<string, string> Members =
        EventsTable.Columns.Where(c => c.Type.IsCharacter).ToDictionary(c => c.Column, c => c.Member, StringComparer.Ordinal);

    /// <summary>The views of a comma-separated list; or why they cannot be returned.</summary>
    public Refusal? Find(string names, out IReadOnlyList<ViewInfo>? views)
    {
        views = null;
        if (ViewRoutes.NotReady(reader) is { } notReady) return notReady;
        var found = new List<ViewInfo>();
        foreach (var name in names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var view = reader.Views.FirstOrDefault(v => v.Name == name);
            if (view is null) return ViewRoutes.Unknown(reader, name, 400);
            if (view.Key.Count == 0 || view.Key.Any(k => !Members.ContainsKey(view.Schema.Fields[k].Name)))
                return new Refusal(400, "no_event_key", $"The view {name} has no key of columns that an event has, such as user_id; nothing was taken.");
            if (!found.Contains(view)) found.Add(view);
        }

        if (found.Count is 0 or > ViewsMax) return new Refusal(400, "invalid_return", $"?return needs 1 to {ViewsMax} names of views.");
        views = found;
        return null;
    }

    public async ValueTask AnswerAsync(Exchange exchange, IngestScratch scratch, IReadOnlyList<ViewInfo> views, long sequence, bool isBatch)
    {
        await reader.WhenVisibleAsync(sequence, exchange.Aborted);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        using var snapshot = await reader.OpenAsync(exchange.Aborted);
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
                    await WriteViewsAsync(json, snapshot, views, scratch.Staged.ValueMemory(scratch.Staged[i++]), exchange.Aborted);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
        else
        {
            await WriteViewsAsync(json, snapshot, views, scratch.Staged.ValueMemory(scratch.Staged[0]), exchange.Aborted);
        }

        json.WriteEndObject();
        json.Flush();
        exchange.AnswerJson(200, buffer.WrittenSpan);
    }

    private static async ValueTask WriteViewsAsync(Utf8JsonWriter json, IViewSnapshot snapshot, IReadOnlyList<ViewInfo> views, ReadOnlyMemory<byte> value, CancellationToken cancellation)
    {
        using var parsed = JsonDocument.Parse(value, new JsonDocumentOptions { MaxDepth = 1024 });
        json.WriteStartObject("views");
        foreach (var view in views)
        {
            var key = new string?[view.Key.Count];
            for (var i = 0; i < key.Length; i++)
                key[i] = parsed.RootElement.TryGetProperty(Members[view.Schema.Fields[view.Key[i]].Name], out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
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
