using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Engine;
using Freshet.Engine.Graphs;
using Freshet.Server.Api;
using Freshet.Server.Http;

namespace Freshet.Server.Pipelines;

/// <summary>
/// GET /api/pipelines: the running circuit as a graph. Counters count from the start and the answer says when it was read, so that two
/// answers give rates; an id means the same node as long as the process lives.
/// </summary>
internal sealed class PipelineRoutes(Pipeline pipeline, IReadOnlyDictionary<string, string> kinds, AccessRules access)
{
    private readonly long _startedAt = Stopwatch.GetTimestamp();

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/pipelines", ["GET"], ReadAsync) { Cors = access.AllowListedOrigins };
    }

    private async ValueTask ReadAsync(Exchange exchange)
    {
        if (access.Check(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return;
        }

        CircuitGraph graph;
        try
        {
            // The engine answers between two steps; the caller's thread answers others meanwhile.
            graph = await Task.Run(pipeline.Graph);
        }
        catch (EngineException e)
        {
            new Refusal(503, e.Code, e.Message).Write(exchange);
            return;
        }

        var buffer = new ArrayBufferWriter<byte>(64 << 10);
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("step", graph.Step);
            json.WriteNumber("readAtMs", Math.Round(Stopwatch.GetElapsedTime(_startedAt).TotalMilliseconds, 3));
            json.WriteStartArray("nodes");
            foreach (var node in graph.Nodes) Write(json, node);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        exchange.AnswerJson(200, buffer.WrittenSpan);
    }

    private void Write(Utf8JsonWriter json, GraphNode node)
    {
        json.WriteStartObject();
        json.WriteNumber("id", node.Id);
        json.WriteString("kind", KindOf(node));
        json.WriteString("name", node.Name);
        json.WriteString("title", node.Title);
        json.WriteStartArray("inputs");
        foreach (var input in node.Inputs) json.WriteNumberValue(input);
        json.WriteEndArray();
        json.WriteNumber("rowsIn", node.Figures.RowsIn);
        json.WriteNumber("rowsOut", node.Figures.RowsOut);
        json.WriteNumber("busyMs", Math.Round(node.Figures.BusyTicks * 1000.0 / Stopwatch.Frequency, 3));
        json.WriteNumber("stateRows", node.Figures.StateRows);
        json.WriteNumber("stateBytes", node.Figures.StateBytes);
        if (node.LateRows > 0) json.WriteNumber("lateRows", node.LateRows);
        if (node.ErrorRows > 0) json.WriteNumber("errorRows", node.ErrorRows);
        if (node.WatermarkMicros is { } watermark) json.WriteString("watermark", TimeOf(watermark));
        if (node.DueMicros is { } due) json.WriteString("nextAt", TimeOf(due));
        if (node.Why is { } why) json.WriteString("why", why);
        if (node.Sql is { } sql) json.WriteString("sql", sql);
        if (node.Notes.Count > 0)
        {
            json.WriteStartArray("notes");
            foreach (var note in node.Notes) json.WriteStringValue(note);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>What a view is declared as; "kept" for those that the program keeps of itself.</summary>
    private string KindOf(GraphNode node) => node.Kind switch
    {
        GraphNodeKind.View when node.Name.Contains('$', StringComparison.Ordinal) || node.Sql is null or "" => "kept",
        GraphNodeKind.View => kinds.GetValueOrDefault(node.Name, "view"),
        var kind => kind.ToString().ToLowerInvariant(),
    };

    private static DateTimeOffset TimeOf(long micros) => DateTimeOffset.UnixEpoch.AddMicroseconds(Math.Min(micros, 253_402_300_799_000_000));
}
