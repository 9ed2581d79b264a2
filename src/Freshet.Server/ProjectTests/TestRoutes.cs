using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;

namespace Freshet.Server.ProjectTests;

/// <summary>/api/tests: GET tells the project's scripts and how the last run ended or stands, POST begins a run, DELETE cancels it.</summary>
internal sealed class TestRoutes(TestRun run, AccessRules access)
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/tests", ["GET", "POST", "DELETE"], HandleAsync) { Cors = access.AllowListedOrigins };
    }

    private async ValueTask HandleAsync(Exchange exchange)
    {
        var refusal = access.Check(exchange);
        if (refusal is null && exchange.Method == "POST")
        {
            if (run.Files.Count == 0) refusal = new Refusal(404, "no_tests", "The project has no tests: write tests/*.test, as docs/guide/testing.md shows.");
            else if (!run.Start()) refusal = new Refusal(409, "tests_run_already", "The tests are running already.");
        }

        if (refusal is not null)
        {
            refusal.Write(exchange);
            return;
        }

        if (exchange.Method == "DELETE") await run.CancelAsync();
        Tell(exchange);
    }

    private void Tell(Exchange exchange)
    {
        var state = run.Now;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartObject();
            json.WriteBoolean("running", state.IsRunning);
            if (state.StartedAt is { } started) json.WriteString("startedAt", started.UtcDateTime);
            if (state.EndedAt is { } ended) json.WriteString("endedAt", ended.UtcDateTime);
            if (state.Problem is not null) json.WriteString("problem", state.Problem);
            json.WriteStartArray("files");
            foreach (var file in run.Files) json.WriteStringValue(file);
            json.WriteEndArray();
            json.WriteStartArray("scripts");
            foreach (var script in state.Scripts)
            {
                json.WriteStartObject();
                json.WriteString("file", script.File);
                json.WriteBoolean("passed", script.Passed);
                json.WriteNumber("ms", script.Ms);
                json.WriteStartArray("messages");
                foreach (var message in script.Messages) json.WriteStringValue(message);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        exchange.AnswerJson(200, buffer.WrittenSpan);
    }
}
