using System.Text.Json;
using Freshet.Server.Api;

namespace Freshet.Server.Plans;

/// <summary>
/// How many events each name has in the topic of rejected events, by action: counted from the topic at the start, and on from there.
/// Names come from strangers, so beyond the first thousand pairs of a name and an action they are counted together.
/// </summary>
internal sealed class PlanCounters
{
    private const int PairsMax = 1000;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Event, string Action), long> _counts = [];

    public void Add(string name, string action)
    {
        lock (_gate)
        {
            if (_counts.Count >= PairsMax && !_counts.ContainsKey((name, action))) name = "(others)";
            _counts[(name, action)] = _counts.GetValueOrDefault((name, action)) + 1;
        }
    }

    /// <summary>Counts a record of the topic.</summary>
    public void Add(ReadOnlySpan<byte> record)
    {
        using var parsed = JsonDocument.Parse(record.ToArray(), new JsonDocumentOptions { MaxDepth = 1024 });
        var root = parsed.RootElement;
        Add(root.TryGetProperty("event", out var name) ? name.GetString() ?? "" : "", root.GetProperty("action").GetString()!);
    }

    public IReadOnlyList<(string Event, string Action, long Count)> Read()
    {
        lock (_gate) return [.. _counts.Select(c => (c.Key.Event, c.Key.Action, c.Value))];
    }
}

/// <summary>The tracking plan in /api/status and /metrics.</summary>
internal sealed class PlanStatus(PlanGate gate) : IStatusSection
{
    public string Name => "plan";

    public void WriteStatus(Utf8JsonWriter json)
    {
        json.WriteStartArray("violations");
        foreach (var (name, action, count) in gate.Counters.Read())
        {
            json.WriteStartObject();
            json.WriteString("event", name);
            json.WriteString("action", action);
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public void WriteMetrics(MetricsText metrics)
    {
        var isFirst = true;
        foreach (var (name, action, count) in gate.Counters.Read())
        {
            var labels = MetricsText.Label("event", name) + "," + MetricsText.Label("action", action);
            if (isFirst) metrics.Counter("freshet_plan_violations_total", "Events that broke the tracking plan: blocked, taken with a warning, or taken later.", count, labels);
            else metrics.Sample("freshet_plan_violations_total", count, labels);
            isFirst = false;
        }
    }
}
