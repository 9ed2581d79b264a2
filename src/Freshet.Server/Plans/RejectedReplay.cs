using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.Plans;

/// <summary>
/// POST /api/replay-rejected: judges the blocked events anew, by the plan as it is now, and takes those that keep it, with their first
/// times. Each is taken once: the topic says which have been, and the memory of message ids which were sent again by themselves.
/// </summary>
internal sealed class RejectedReplay(IngestService service, PlanGate? gate, AccessRules access)
{
    private const int ChunkEvents = 500;
    private int _isRunning;

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/replay-rejected", ["POST"], HandleAsync) { Cors = access.AllowListedOrigins };
    }

    private async ValueTask HandleAsync(Exchange exchange)
    {
        if (access.Check(exchange) is { } forbidden)
        {
            forbidden.Write(exchange);
            return;
        }

        var isDryRun = exchange.Query("dryRun") is "true" or "1";
        if (Interlocked.Exchange(ref _isRunning, 1) == 1)
        {
            new Refusal(409, "replay_running", "Rejected events are being replayed already; come again when that has been answered.").Write(exchange);
            return;
        }

        try
        {
            var (taken, still) = await RunAsync(exchange.Query("event"), isDryRun);
            exchange.AnswerJson(200, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["success"] = true, ["dryRun"] = isDryRun, ["replayed"] = taken, ["stillRejected"] = still }));
        }
        catch (LogUnavailableException e)
        {
            new Refusal(503, "overloaded", e.Message) { RetryAfterSeconds = 1 }.Write(exchange);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    /// <param name="name">Only events of this name; null for all.</param>
    public async Task<(int Taken, int Still)> RunAsync(string? name, bool isDryRun)
    {
        int taken = 0, still = 0;
        foreach (var chunk in Open(name).Chunk(ChunkEvents))
        {
            var verdicts = gate?.Judge([.. chunk.Select(c => (ReadOnlyMemory<byte>)c)]) ?? new Verdict?[chunk.Length];
            var passed = chunk.Where((_, i) => verdicts[i] is not { Blocks: true }).ToList();
            still += chunk.Length - passed.Count;
            taken += passed.Count;
            if (passed.Count > 0 && !isDryRun) await service.RetakeAsync(passed);
        }

        return (taken, still);
    }

    /// <summary>The payloads that were blocked and not taken since, oldest first.</summary>
    private List<byte[]> Open(string? name)
    {
        var places = new Dictionary<(string? Source, string? Id), int>();
        var open = new List<byte[]?>();
        service.Log.ReadRejected((record, _) =>
        {
            using var parsed = JsonDocument.Parse(record.ToArray(), new JsonDocumentOptions { MaxDepth = 1024 });
            var root = parsed.RootElement;
            string? Text(string member) => root.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            var id = (Text("source"), Text("message_id"));
            switch (Text("action"))
            {
                case "block" when name is null || Text("event") == name:
                    if (places.TryAdd(id, open.Count)) open.Add(System.Text.Encoding.UTF8.GetBytes(root.GetProperty("payload").GetRawText()));
                    break;
                case RejectedRecord.Replayed when places.Remove(id, out var place):
                    open[place] = null;
                    break;
            }
        });
        return [.. open.OfType<byte[]>()];
    }
}
