using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Freshet.Server.Tests.Subscriptions;

/// <summary>Subscriptions over HTTP: what a reader adds up is the view as of the step of its last message, however it reads.</summary>
public sealed class SubscriptionTests
{
    [Fact]
    public async Task A_snapshot_and_the_changes_after_it_add_up_to_the_view_at_every_step()
    {
        var random = new Random(Seeds.Next());
        await using var server = await SubscriptionServer.StartAsync();
        var readers = new List<Subscriber>();
        try
        {
            for (var round = 0; round < 25; round++)
            {
                if (round % 5 == 0) readers.Add(round % 2 == 0 ? await server.SubscribeAsync("SUBSCRIBE totals") : await server.FollowAsync("totals"));
                await server.SendAsync([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => ($"u{random.Next(8)}", $"e{random.Next(3)}", random.Next(100)))]);
                var (step, rows) = await server.ReadAsync("totals");
                foreach (var reader in readers)
                {
                    await reader.ReachAsync(step);
                    Assert.Equal(rows, reader.Rows);
                }
            }
        }
        finally
        {
            readers.ForEach(r => r.Dispose());
        }
    }

    [Theory]
    [InlineData("SELECT user_id, s FROM totals WHERE s > 120")]
    [InlineData("SELECT n, COUNT(*) AS users, MAX(s) AS most FROM totals GROUP BY n")]
    [InlineData("SELECT t.user_id, x.event, x.n FROM totals t JOIN names x ON t.n = x.n")]
    [InlineData("SELECT user_id, s FROM totals ORDER BY s DESC, user_id LIMIT 3")]
    [InlineData("SELECT COUNT(*) AS users, SUM(s) AS s FROM totals")]
    public async Task A_query_over_views_is_kept_up_from_their_changes(string query)
    {
        var random = new Random(Seeds.Next());
        await using var server = await SubscriptionServer.StartAsync();
        await server.SendAsync(("u1", "e1", 50));
        using var reader = await server.SubscribeAsync($"SUBSCRIBE ({query})");
        for (var round = 0; round < 12; round++)
        {
            await server.SendAsync([.. Enumerable.Range(0, random.Next(1, 10)).Select(_ => ($"u{random.Next(6)}", $"e{random.Next(3)}", random.Next(100)))]);
            var expected = await server.QueryAsync(query);
            while (!reader.Rows.SequenceEqual(expected)) Assert.True(await reader.NextAsync(), reader.Last?.ToJsonString());
        }
    }

    [Fact]
    public async Task A_reader_that_comes_back_goes_on_from_its_step()
    {
        await using var server = await SubscriptionServer.StartAsync();
        await server.SendAsync(("a", "e", 1));
        var (step, _) = await server.ReadAsync("totals");
        using var first = await server.FollowAsync("totals");
        await first.ReachAsync(step);
        Assert.Equal(["start", "snapshot"], first.Types);
        first.Dispose();

        await server.SendAsync(("a", "e", 2), ("b", "e", 3));
        using var second = await server.FollowAsync("totals", first.LastEventId!.Value);
        second.GoOnFrom(first);
        await second.NextAsync();
        await second.NextAsync();
        Assert.Equal(["start", "changes"], second.Types);
        Assert.Equal((await server.ReadAsync("totals")).Rows, second.Rows);
    }

    [Fact]
    public async Task A_step_of_another_run_is_no_longer_known_and_a_snapshot_follows()
    {
        var folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;
        long last;
        await using (var server = await SubscriptionServer.StartAsync(folder))
        {
            await server.SendAsync(("a", "e", 1));
            using var reader = await server.FollowAsync("totals");
            await reader.ReachAsync((await server.ReadAsync("totals")).Step);
            last = reader.LastEventId!.Value;
            await server.StopAsync();
            await reader.ReachEndAsync();
            Assert.Equal("server_stopping", reader.Last!["code"]!.GetValue<string>());
        }

        await using (var server = await SubscriptionServer.StartAsync(folder))
        {
            using var reader = await server.FollowAsync("totals", last);
            var (step, rows) = await server.ReadAsync("totals");
            await reader.ReachAsync(step);
            Assert.Equal(["start", "reset", "snapshot"], reader.Types);
            Assert.Equal(rows, reader.Rows);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_reader_that_takes_too_slowly_is_cut_off_with_a_message_and_holds_nobody_up()
    {
        await using var server = await SubscriptionServer.StartAsync();
        using var slow = await server.FollowAsync("kept");
        await slow.NextAsync();
        var text = new string('x', 28_000);
        for (var i = 0; i < 60; i++) await server.SendAsync(Enumerable.Range(0, 15).Select(n => ($"u{n}", "e", (JsonNode)new JsonObject { ["text"] = text + i.ToString(CultureInfo.InvariantCulture) })));
        Assert.Equal(900, (await server.ReadAsync("kept")).Rows.Count);
        await slow.ReachEndAsync();
        Assert.Equal("end", slow.Types[^1]);
        Assert.Equal("slow_reader", slow.Last!["code"]!.GetValue<string>());
        Assert.Equal(1, await server.MetricAsync("freshet_subscription_cut_off_total"));
        Assert.InRange(await server.MetricAsync("freshet_subscription_buffered_bytes"), 1, 8 << 20);
    }

    [Fact]
    public async Task Many_readers_share_what_is_kept_and_are_counted_out_when_they_go()
    {
        await using var server = await SubscriptionServer.StartAsync();
        var readers = new List<Subscriber>();
        for (var i = 0; i < 100; i++) readers.Add(await server.FollowAsync("totals", query: i % 2 == 0 ? "" : "?snapshot=false"));
        foreach (var reader in readers) await reader.NextAsync();
        await server.SendAsync(("a", "e", 1), ("b", "e", 2));
        var (step, rows) = await server.ReadAsync("totals");
        foreach (var reader in readers)
        {
            await reader.ReachAsync(step);
            Assert.Equal(rows, reader.Rows);
        }

        Assert.Equal(100, await server.MetricAsync("freshet_subscription_readers"));
        Assert.Equal(1, await server.MetricAsync("freshet_subscription_feeds"));
        readers.ForEach(r => r.Dispose());
        while (await server.MetricAsync("freshet_subscription_readers") > 0) await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_web_socket_carries_the_same_messages()
    {
        await using var server = await SubscriptionServer.StartAsync();
        await server.SendAsync(("a", "e", 1));
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(server.Url) { Scheme = "ws", Path = "/api/views/totals/changes" }.Uri, TestContext.Current.CancellationToken);
        using var reader = Subscriber.Over(() => ReceiveAsync(socket));
        for (var i = 0; i < 5; i++)
        {
            await server.SendAsync(("a", "e", i), ($"b{i}", "e", 1));
            var (step, rows) = await server.ReadAsync("totals");
            await reader.ReachAsync(step);
            Assert.Equal(rows, reader.Rows);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        while (await server.MetricAsync("freshet_subscription_readers") > 0) await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("SUBSCRIBE total", "sql_invalid", "totals")]
    [InlineData("SUBSCRIBE (SELECT user_id FROM events)", "sql_invalid", "events is a table")]
    [InlineData("SUBSCRIBE (SELECT user_id FROM totals ORDER BY user_id)", "sql_invalid", "")]
    [InlineData("SUBSCRIBE (SELECT s / 0 AS x FROM totals)", "bad_value", "zero")]
    [InlineData("SUBSCRIBE (SELECT nothing FROM totals)", "sql_invalid", "nothing")]
    public async Task What_cannot_be_followed_is_refused_with_a_sentence(string sql, string code, string says)
    {
        await using var server = await SubscriptionServer.StartAsync();
        await server.SendAsync(("a", "e", 1));
        await server.ReadAsync("totals");
        using var answer = await server.Http.PostAsJsonAsync(new Uri(server.Url, "/api/sql"), new { sql }, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(code, JsonNode.Parse(text)!["code"]!.GetValue<string>());
        Assert.Contains(says, text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_page_of_another_site_may_not_subscribe()
    {
        await using var server = await SubscriptionServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/api/views/totals/changes"));
        request.Headers.Add("Origin", "https://example.org");
        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "https://example.org");
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new UriBuilder(server.Url) { Scheme = "ws", Path = "/api/views/totals/changes" }.Uri, default));
    }

    private static async Task<string?> ReceiveAsync(ClientWebSocket socket)
    {
        var frame = new byte[1 << 16];
        var text = new StringBuilder();
        while (true)
        {
            var received = await socket.ReceiveAsync(frame, CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close) return null;
            text.Append(Encoding.UTF8.GetString(frame, 0, received.Count));
            if (received.EndOfMessage) return text.ToString();
        }
    }
}
