using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Freshet.Engine;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Server.Subscriptions;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Server.Tests.Subscriptions;

/// <summary>Subscriptions without a network: the reader takes its messages when the test says so.</summary>
public sealed class SubscriptionHubTests
{
    private const string Sql = "CREATE MATERIALIZED VIEW kept AS SELECT user_id, JSON_VALUE(properties, '$.text') AS text FROM events;";

    [Fact]
    public async Task The_snapshot_of_a_query_is_as_of_its_first_step_though_the_changes_after_it_are_gone()
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions());
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", Sql)], new PipelineOptions { Workers = 1 });
        await AppendAsync(log, pipeline, "first");
        var hub = new SubscriptionHub(pipeline);
        using var subscription = hub.OpenSql("SUBSCRIBE (SELECT user_id FROM kept WHERE text <> '')", new SubscriptionStart());
        using var texts = hub.OpenSql("SUBSCRIBE (SELECT text FROM kept WHERE text <> '')", new SubscriptionStart());
        var first = pipeline.Step;
        for (var n = 0; n < 90; n++) await AppendAsync(log, pipeline, new string('x', 28_000));
        while (Figure(hub, "waitingRows") > 0) await Task.Delay(5, TestContext.Current.CancellationToken);

        var messages = new List<ChangeMessage>();
        await foreach (var message in texts.ReadAsync(TestContext.Current.CancellationToken))
        {
            messages.Add(message);
            if (messages.Count == 3) break;
        }

        Assert.Equal([MessageKind.Start, MessageKind.Snapshot, MessageKind.End], messages.Select(m => m.Kind));
        Assert.Equal(first, messages[1].Step);
        Assert.Equal("""[["first"]]""", Json(messages[1])["rows"]!.ToJsonString());
        Assert.Equal("slow_reader", Json(messages[2])["code"]!.GetValue<string>());

        // What is short enough is all there.
        var users = 0;
        await foreach (var message in subscription.ReadAsync(TestContext.Current.CancellationToken))
        {
            users += Json(message)["rows"]?.AsArray().Count ?? 0;
            if (users == 91) break;
        }
    }

    [Fact]
    public async Task Who_comes_after_a_feed_has_failed_gets_another_one()
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions());
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", Sql)], new PipelineOptions { Workers = 1 });
        await AppendAsync(log, pipeline, "first");
        var hub = new SubscriptionHub(pipeline);
        var failed = hub.OpenView("kept", new SubscriptionStart());
        failed.Feed.Buffer.End(MessageJson.End("internal", "The server failed."));
        Assert.Equal([MessageKind.Start, MessageKind.Snapshot, MessageKind.End], await KindsAsync(failed, 3));
        using (var next = hub.OpenView("kept", new SubscriptionStart()))
        {
            failed.Dispose();
            await AppendAsync(log, pipeline, "second");
            Assert.Equal([MessageKind.Start, MessageKind.Snapshot], await KindsAsync(next, 2));
            await AppendAsync(log, pipeline, "third");
            using var third = hub.OpenView("kept", new SubscriptionStart());
            Assert.Same(next.Feed, third.Feed);
        }

        Assert.Equal(0, Figure(hub, "readers"));
    }

    [Fact]
    public async Task A_query_without_a_snapshot_tells_only_what_changes()
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions());
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", Sql)], new PipelineOptions { Workers = 1 });
        await AppendAsync(log, pipeline, "first");
        var hub = new SubscriptionHub(pipeline);
        using var subscription = hub.OpenSql("SUBSCRIBE (SELECT text FROM kept WHERE text <> '')", new SubscriptionStart(WithSnapshot: false));
        var messages = new List<ChangeMessage>();
        await foreach (var message in subscription.ReadAsync(TestContext.Current.CancellationToken))
        {
            // How far it has come is told while the machine is slow, too.
            if (message.Kind == MessageKind.Progress) continue;
            messages.Add(message);
            // What it follows begins with the step that its first message tells.
            if (message.Kind == MessageKind.Start) await AppendAsync(log, pipeline, "second");
            if (messages.Count == 2) break;
        }

        Assert.Equal([MessageKind.Start, MessageKind.Changes], messages.Select(m => m.Kind));
        Assert.Equal("""[["second"]]""", Json(messages[1])["rows"]!.ToJsonString());
    }

    private static async Task<List<MessageKind>> KindsAsync(Subscription subscription, int count)
    {
        var kinds = new List<MessageKind>();
        await foreach (var message in subscription.ReadAsync(TestContext.Current.CancellationToken))
        {
            kinds.Add(message.Kind);
            if (kinds.Count == count) break;
        }

        return kinds;
    }

    private static JsonNode Json(ChangeMessage message) => JsonNode.Parse(message.Json.Span)!;

    private static long Figure(SubscriptionHub hub, string name)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            hub.WriteStatus(json);
            json.WriteEndObject();
        }

        return JsonNode.Parse(buffer.WrittenSpan)![name]!.GetValue<long>();
    }

    private static async Task AppendAsync(LogStore log, Pipeline pipeline, string text)
    {
        var records = RecordSet.Rent();
        records.Add(1_000, default, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$$"""{"messageId":"m","userId":"u","type":"track","properties":{"text":"{{{text}}}"}}""")));
        var offset = await log.AppendAsync(log.OpenPartition("events"), records);
        await pipeline.WhenVisibleAsync("events", offset.Value);
    }
}
