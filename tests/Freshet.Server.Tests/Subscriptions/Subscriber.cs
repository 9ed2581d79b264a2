using System.Text.Json.Nodes;

namespace Freshet.Server.Tests.Subscriptions;

/// <summary>A reader of lines of JSON or of Server-Sent Events that adds up what it is told.</summary>
internal sealed class Subscriber : IDisposable
{
    private readonly Dictionary<string, long> _rows = [];
    private readonly HttpResponseMessage? _answer;
    private readonly Func<Task<string?>> _next;
    private readonly bool _isEvents;

    private Subscriber(HttpResponseMessage? answer, Func<Task<string?>> next, bool isEvents)
    {
        _answer = answer;
        _next = next;
        _isEvents = isEvents;
    }

    /// <summary>The step that the rows are as of; 0 before a snapshot is whole.</summary>
    public long Step { get; private set; }

    /// <summary>Types of the messages, without progress.</summary>
    public List<string> Types { get; } = [];

    /// <summary>The last id of an event.</summary>
    public long? LastEventId { get; private set; }

    /// <summary>The last message.</summary>
    public JsonNode? Last { get; private set; }

    public List<string> Rows => [.. _rows.SelectMany(r => Enumerable.Repeat(r.Key, (int)r.Value)).Order(StringComparer.Ordinal)];

    public static async Task<Subscriber> OpenAsync(HttpClient http, HttpRequestMessage request)
    {
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(answer.IsSuccessStatusCode, await ErrorAsync(answer));
        var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        return new Subscriber(answer, reader.ReadLineAsync, answer.Content.Headers.ContentType!.MediaType == "text/event-stream");
    }

    public static Subscriber Over(Func<Task<string?>> next) => new(null, next, false);

    /// <summary>Takes the next message; false at the end of the stream.</summary>
    public async Task<bool> NextAsync()
    {
        while (await _next() is { } line)
        {
            if (_isEvents && line.StartsWith("id: ", StringComparison.Ordinal)) LastEventId = long.Parse(line[4..], System.Globalization.CultureInfo.InvariantCulture);
            if (_isEvents && !line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            Take(JsonNode.Parse(_isEvents ? line[6..] : line)!);
            return true;
        }

        return false;
    }

    /// <summary>Reads until the rows are as of a step or a later one.</summary>
    public async Task ReachAsync(long step)
    {
        while (Step < step) Assert.True(await NextAsync(), $"the stream ended at step {Step} before {step}: {Last}");
    }

    public async Task ReachEndAsync()
    {
        while (await NextAsync())
        {
        }
    }

    /// <summary>Takes over what another reader has been told.</summary>
    public void GoOnFrom(Subscriber other)
    {
        foreach (var (row, weight) in other._rows) _rows.Add(row, weight);
    }

    public void Dispose() => _answer?.Dispose();

    private void Take(JsonNode message)
    {
        Last = message;
        var type = message["type"]!.GetValue<string>();
        if (type != "progress") Types.Add(type);
        if (type == "reset") _rows.Clear();
        if (message["rows"] is { } rows)
        {
            for (var i = 0; i < rows.AsArray().Count; i++)
            {
                var row = rows[i]!.ToJsonString();
                var sum = _rows.GetValueOrDefault(row) + message["weights"]![i]!.GetValue<long>();
                if (sum == 0) _rows.Remove(row);
                else _rows[row] = sum;
            }

            // One message is one step: nothing is taken back that is not there when it has been added up.
            Assert.All(_rows.Values, w => Assert.True(w > 0));
        }

        if (message["step"] is { } step && (type != "snapshot" || message["last"]!.GetValue<bool>()) && type != "start") Step = Math.Max(Step, step.GetValue<long>());
    }

    private static async Task<string> ErrorAsync(HttpResponseMessage answer) => answer.IsSuccessStatusCode ? "" : await answer.Content.ReadAsStringAsync();
}
