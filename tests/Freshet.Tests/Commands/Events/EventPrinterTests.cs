using System.Text.Json;
using Freshet.Commands.Events;

namespace Freshet.Tests.Commands.Events;

public sealed class EventPrinterTests
{
    [Fact]
    public async Task Taken_and_rejected_events_come_in_one_order()
    {
        var output = new StringWriter();
        using var turn = JsonDocument.Parse("""
            {"came":2,"looked":2,"fitted":2,"rejected":1,
             "events":[{"sequence":1,"at":"2026-01-01T00:00:01Z","event":{"type":"page"}},{"sequence":2,"at":"2026-01-01T00:00:03Z","event":{"type":"track"}}],
             "rejections":[{"number":1,"at":"2026-01-01T00:00:02Z","action":"invalid","reason":"no type"}]}
            """);
        await new EventPrinter(output, asJson: true).WriteAsync(turn.RootElement);
        var lines = output.ToString().TrimEnd().Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(["page", "no type", "track"], lines.Select(l => l.TryGetProperty("reason", out var reason) ? reason.GetString() : l.GetProperty("event").GetProperty("type").GetString()));
    }
}
