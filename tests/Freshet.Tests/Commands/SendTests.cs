using Freshet.Server.Tests;
using System.IO.Compression;
using System.Text;
using Freshet.Commands.Send;
using Freshet.Server;

namespace Freshet.Tests.Commands;

public sealed class SendTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_event_arrives_once_and_each_person_in_order()
    {
        await using var server = await ServerFixture.StartAsync();
        var lines = Enumerable.Range(0, 3000).Select(i => $$"""{"type":"track","event":"E{{i}}","messageId":"m{{i}}","anonymousId":"a{{i % 40}}"{{(i > 1500 ? $",\"userId\":\"u{i % 20}\"" : "")}}}""");
        var tally = await SendAsync(server, lines, connections: 7, batch: 13);
        Assert.Equal((3000, 0, 0), (tally.Sent, tally.Rejected, tally.Failed));
        Assert.Equal(3000, server.Log.Records.Count);
        // Two devices belong to each user, known from the middle on.
        var order = server.Log.Records.Select(r => System.Text.Json.JsonDocument.Parse(r.Value).RootElement)
            .Select(e => (Number: int.Parse(e.GetProperty("event").GetString()![1..], System.Globalization.CultureInfo.InvariantCulture), Device: e.GetProperty("anonymousId").GetString(), User: e.TryGetProperty("userId", out var u) ? u.GetString() : null)).ToList();
        foreach (var device in order.GroupBy(e => e.Device)) Assert.Equal(device.Select(e => e.Number).Order(), device.Select(e => e.Number));
        foreach (var user in order.Where(e => e.User is not null).GroupBy(e => e.User)) Assert.Equal(user.Select(e => e.Number).Order(), user.Select(e => e.Number));
    }

    [Fact]
    public async Task Malformed_lines_are_counted_and_spoil_nothing()
    {
        await using var server = await ServerFixture.StartAsync();
        var tally = await SendAsync(server, ["""{"type":"track","event":"E","userId":"u"}""", """{"type":"track","ev""", "7", """{"type":"track","event":"E","userId":"u"}""", """{"type":"fly","userId":"u"}"""], 1, 100);
        Assert.Equal((2, 3), (tally.Sent, tally.Rejected));
        Assert.StartsWith("line 2:", tally.FirstProblem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_overloaded_gets_the_events_later_and_a_wrong_key_ends_the_run()
    {
        await using var server = await ServerFixture.StartAsync();
        server.Log.FailWith = new Freshet.Server.Ingest.LogUnavailableException("Wait.");
        var tally = await SendAsync(server, ["""{"type":"track","event":"E","userId":"u"}"""], 1, 1);
        Assert.Equal((1, 1), (tally.Sent, tally.Retries));
        var e = await Assert.ThrowsAsync<UserException>(() => SendAsync(server, ["""{"type":"track","event":"E","userId":"u"}"""], 2, 1, "nope"));
        Assert.Contains("write key", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_was_never_there_is_named_soon()
    {
        await using var server = await ServerFixture.StartAsync();
        var e = await Assert.ThrowsAsync<UserException>(() => SendAsync(server, ["""{"type":"track","event":"E","userId":"u"}"""], 1, 1, address: new Uri("http://127.0.0.1:1/")));
        Assert.Contains("Is it running?", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gzip_files_are_read_by_their_content()
    {
        var path = Path.Combine(_folder, "events.jsonl");
        await using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest)) await gzip.WriteAsync(Encoding.UTF8.GetBytes("{\"userId\":\"u\",\"timestamp\":\"1970-01-01T00:00:01Z\"}\n\n{}\n"));
        await using var file = EventFile.Open(path);
        await using var stream = EventFile.Unpacked(file);
        var lines = new List<EventLine>();
        await foreach (var line in EventFile.ReadAsync(stream, CancellationToken.None)) lines.Add(line);
        Assert.Equal([new EventLine(1, "{\"userId\":\"u\",\"timestamp\":\"1970-01-01T00:00:01Z\"}", true, "u", null, 1000), new EventLine(3, "{}", true, null, null, null)], lines);
    }

    private async Task<SendTally> SendAsync(ServerFixture server, IEnumerable<string> lines, int connections, int batch, string key = ServerFixture.Key, Uri? address = null)
    {
        var path = Path.Combine(_folder, "send.jsonl");
        await File.WriteAllLinesAsync(path, lines);
        await using var file = EventFile.Open(path);
        var tally = new SendTally();
        await Sender.RunAsync(new SendPlan(path, address ?? server.Client.BaseAddress!, key) { Connections = connections, BatchEvents = batch }, EventFile.ReadAsync(file, CancellationToken.None), tally, CancellationToken.None);
        return tally;
    }
}
