using System.Text.Json;
using Freshet.Server.Configuration;
using Freshet.Syntax;

namespace Freshet.Server.Tests.Plans;

/// <summary>What the door answers, takes and keeps of events that have a plan.</summary>
public sealed class TrackingPlanTests
{
    private const string Orders = """
        CREATE EVENT 'Order Completed' (
          revenue DECIMAL(12, 2) NOT NULL CHECK (revenue >= 0), currency STRING, paid BOOLEAN, at TIMESTAMP(3), count_ INT,
          products ARRAY<ROW<id STRING NOT NULL, price DOUBLE>>, extra MAP<STRING, INT>,
          CONSTRAINT euro CHECK (currency = 'EUR' OR revenue < 100));
        CREATE EVENT 'Note Left' (text STRING NOT NULL) WITH ('on.violation' = 'warn');
        CREATE EVENT 'Priced' (price INT NOT NULL) WITH ('version' = '1');
        CREATE EVENT 'Priced' (price STRING NOT NULL) WITH ('version' = '2');
        """;

    private static string Track(string name, string properties, string more = "") => $$"""{"userId":"u1","event":"{{name}}","properties":{{properties}}{{more}}}""";

    [Theory]
    [InlineData("""{"revenue":12.5}""", null)]
    [InlineData("""{"revenue":0,"currency":null,"products":[],"extra":{},"more":1}""", null)]
    [InlineData("""{"revenue":99,"products":[{"id":"a","price":1},{"id":"b","price":null,"more":[]}],"extra":{"a":1},"paid":true,"at":"2026-01-01T00:00:00Z","count_":3.0}""", null)]
    [InlineData("""{"revenue":100,"currency":"EUR"}""", null)]
    [InlineData("""{"revenue":100}""", null)] // the rule is unknown, not false
    [InlineData("""{}""", "revenue is missing")]
    [InlineData("""{"revenue":null}""", "revenue is null")]
    [InlineData("""{"revenue":"12.5"}""", "revenue is not DECIMAL(12, 2): \"12.5\"")]
    [InlineData("""{"revenue":12345678901.5}""", "revenue is not DECIMAL(12, 2): 12345678901.5")]
    [InlineData("""{"revenue":-1}""", "CHECK (revenue >= 0) does not hold")]
    [InlineData("""{"revenue":100,"currency":"USD"}""", "CHECK (currency = 'EUR' OR revenue < 100) does not hold")]
    [InlineData("""{"revenue":1,"currency":5}""", "currency is not STRING: 5")]
    [InlineData("""{"revenue":1,"paid":"yes"}""", "paid is not BOOLEAN")]
    [InlineData("""{"revenue":1,"at":"yesterday"}""", "at is not TIMESTAMP(3): \"yesterday\"")]
    [InlineData("""{"revenue":1,"count_":1.5}""", "count_ is not INT: 1.5")]
    [InlineData("""{"revenue":1,"products":{}}""", "products is not ARRAY")]
    [InlineData("""{"revenue":1,"products":[{"price":1}]}""", "products[0].id is missing")]
    [InlineData("""{"revenue":1,"products":[{"id":"a","price":"x"}]}""", "products[0].price is not DOUBLE")]
    [InlineData("""{"revenue":1,"extra":{"a":"b"}}""", "extra.a is not INT")]
    public async Task An_event_that_breaks_its_plan_is_refused_with_the_reason(string properties, string? reason)
    {
        await using var server = await ServerFixture.StartAsync(plan: Orders);
        var (status, body) = await server.PostAsync("/v1/track", Track("Order Completed", properties));
        if (reason is null)
        {
            Assert.Equal((200, """{"success":true}"""), (status, body));
            Assert.Empty(server.Log.Rejected);
            Assert.Single(server.Log.Records);
            return;
        }

        Assert.Equal(400, status);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.Equal("plan_violation", answer.GetProperty("code").GetString());
        Assert.Contains(reason, answer.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(server.Log.Records);
        var kept = JsonDocument.Parse(Assert.Single(server.Log.Rejected)).RootElement;
        Assert.Equal("block", kept.GetProperty("action").GetString());
        Assert.Contains(reason, kept.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(properties, kept.GetProperty("payload").GetProperty("properties").GetRawText());
    }

    [Fact]
    public async Task The_other_events_of_a_batch_are_taken()
    {
        await using var server = await ServerFixture.StartAsync(plan: Orders);
        var (status, body) = await server.PostAsync("/v1/batch", """
            {"batch":[
              {"type":"track","userId":"u","messageId":"m0","event":"Order Completed","properties":{"revenue":-1}},
              {"type":"track","userId":"u","messageId":"m1","event":"Order Completed","properties":{"revenue":1}},
              {"type":"track","userId":"u","messageId":"m2","event":"Note Left"},
              {"type":"track","messageId":"m3","event":"Order Completed"},
              {"type":"identify","userId":"u","messageId":"m4","event":"Order Completed"},
              {"type":"track","userId":"u","messageId":"m5","event":"Order Completed"},
              {"type":"track","userId":"u","messageId":"m6","event":"Something Else"}]}
            """);
        Assert.Equal(200, status);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.Equal(["m0", "m3", "m5"], answer.GetProperty("rejected").EnumerateArray().Select(r => r.GetProperty("messageId").GetString()));
        Assert.Equal([2], answer.GetProperty("warnings").EnumerateArray().Select(r => r.GetProperty("index").GetInt32()));
        Assert.Equal(["m1", "m2", "m4", "m6"], server.Log.Records.Select(r => JsonDocument.Parse(r.Value).RootElement.GetProperty("messageId").GetString()));
        Assert.Equal(["block m0", "warn m2", "block m5"], server.Log.Rejected.Select(r => JsonDocument.Parse(r).RootElement).Select(r => $"{r.GetProperty("action")} {r.GetProperty("message_id")}"));
    }

    [Fact]
    public async Task A_batch_of_nothing_but_violations_is_kept_and_refused()
    {
        await using var server = await ServerFixture.StartAsync(plan: Orders);
        var (status, body) = await server.PostAsync("/v1/batch", """{"batch":[{"type":"track","userId":"u","event":"Order Completed"}]}""");
        Assert.Equal(400, status);
        Assert.Contains("\"code\":\"rejected\"", body, StringComparison.Ordinal);
        Assert.Single(server.Log.Rejected);
    }

    [Fact]
    public async Task A_warning_is_answered_with_success()
    {
        await using var server = await ServerFixture.StartAsync(plan: Orders);
        var (status, body) = await server.PostAsync("/v1/track", Track("Note Left", "{}"));
        Assert.Equal(200, status);
        Assert.StartsWith("""{"success":true,"warnings":[{"index":0,"messageId":null,"reason":"Note Left breaks its plan: text is missing."}]""", body, StringComparison.Ordinal);
        Assert.Single(server.Log.Records);
    }

    [Theory]
    [InlineData("", "1", true)]
    [InlineData("", "\"a\"", false)]
    [InlineData(",\"context\":{\"protocols\":{\"event_version\":1}}", "\"a\"", false)]
    [InlineData(",\"context\":{\"protocols\":{\"event_version\":2}}", "\"a\"", true)]
    [InlineData(",\"context\":{\"protocols\":{\"event_version\":\"2\"}}", "1", false)]
    [InlineData(",\"context\":{\"a\":{\"event_version\":2},\"protocols\":{\"x\":[{}],\"event_version\":2}}", "\"a\"", true)]
    public async Task The_version_of_the_event_says_which_plan_holds_and_the_oldest_without(string context, string price, bool isTaken)
    {
        await using var server = await ServerFixture.StartAsync(plan: Orders);
        var (status, _) = await server.PostAsync("/v1/track", Track("Priced", $$"""{"price":{{price}}}""", context));
        Assert.Equal(isTaken ? 200 : 400, status);
    }

    [Theory]
    [InlineData("allow", 200, 1, 0)]
    [InlineData("warn", 200, 1, 1)]
    [InlineData("block", 400, 0, 1)]
    public async Task Unplanned_events_are_allowed_warned_of_or_blocked(string unplanned, int status, int taken, int kept)
    {
        await using var server = await ServerFixture.StartAsync("{\"keys\":[\"wk1\"],\"events\":{\"unplanned\":\"" + unplanned + "\"}}", plan: Orders);
        Assert.Equal(status, (await server.PostAsync("/v1/track", Track("Nobody Knows", "{}"))).Status);
        Assert.Equal((taken, kept), (server.Log.Records.Count, server.Log.Rejected.Count));
        Assert.Equal(200, (await server.PostAsync("/v1/identify", """{"userId":"u"}""")).Status);
        Assert.Equal(status, (await server.PostAsync("/v1/track", Track("Priced", """{"price":1}""", ",\"context\":{\"protocols\":{\"event_version\":9}}"))).Status);
    }

    [Fact]
    public async Task A_blocked_event_that_is_sent_again_is_kept_once()
    {
        await using var server = await ServerFixture.StartAsync(plan: Orders);
        for (var i = 0; i < 3; i++) Assert.Equal(400, (await server.PostAsync("/v1/track", Track("Order Completed", "{}", ",\"messageId\":\"m1\""))).Status);
        Assert.Single(server.Log.Rejected);
    }

    [Fact]
    public async Task After_the_plan_is_mended_the_blocked_events_are_taken_once()
    {
        await using var server = await ServerFixture.StartAsync(plan: Orders);
        await server.PostAsync("/v1/track", Track("Order Completed", """{"revenue":-1}""", ",\"messageId\":\"m1\",\"timestamp\":\"2020-01-01T00:00:00Z\""));
        await server.PostAsync("/v1/track", Track("Order Completed", """{"revenue":"x"}""", ",\"messageId\":\"m2\""));
        await using var mended = await ServerFixture.StartAsync(plan: "CREATE EVENT 'Order Completed' (revenue DECIMAL(12, 2) NOT NULL);");
        mended.Log.Rejected.AddRange(server.Log.Rejected);
        Assert.Equal((200, """{"success":true,"dryRun":true,"replayed":1,"stillRejected":1}"""), await mended.PostAsync("/api/replay-rejected?dryRun=true", ""));
        Assert.Empty(mended.Log.Records);
        Assert.Equal((200, """{"success":true,"dryRun":false,"replayed":1,"stillRejected":1}"""), await mended.PostAsync("/api/replay-rejected", ""));
        Assert.Equal((200, """{"success":true,"dryRun":false,"replayed":0,"stillRejected":1}"""), await mended.PostAsync("/api/replay-rejected", ""));
        var taken = mended.Single();
        Assert.Equal(("m1", "2020-01-01T00:00:00.000Z"), (taken.GetProperty("messageId").GetString(), taken.GetProperty("timestamp").GetString()));
        Assert.Equal((200, """{"success":true}"""), await mended.PostAsync("/v1/track", Track("Order Completed", """{"revenue":-1}""", ",\"messageId\":\"m1\"")));
        Assert.Single(mended.Log.Records);
    }

    [Theory]
    [InlineData("CREATE EVENT 'a' (b INT) WITH ('on.violaton' = 'warn')", "Did you mean on.violation?")]
    [InlineData("CREATE EVENT 'a' (b INT) WITH ('on.violation' = 'drop')", "'block'")]
    [InlineData("CREATE EVENT 'a' (b INT CHECK (c > 0))", "There is no column c.")]
    [InlineData("CREATE EVENT 'a' (b INT CHECK (b + 1))", "A rule must be BOOLEAN")]
    [InlineData("CREATE EVENT 'a' (b TIMESTAMP_LTZ(3) CHECK (b < NOW()))", "A rule cannot read the clock.")]
    [InlineData("CREATE EVENT 'a' (user_id STRING)", "every event has a column of that name")]
    [InlineData("CREATE EVENT 'a' (b INT); CREATE EVENT 'a' (b INT)", "There is already an event a.")]
    [InlineData("CREATE EVENT 'a' (b INT) WITH ('version' = '2'); CREATE EVENT 'a' (b INT) WITH ('version' = '1')", "from the oldest on")]
    [InlineData("CREATE EVENT 'events' (b INT)", "There is already a table or view events")]
    [InlineData("CREATE EVENT '!' (b INT)", "'table'")]
    [InlineData("CREATE EVENT 'ab' (b INT); DROP EVENT 'ac'", "Did you mean ab?")]
    public void A_plan_that_cannot_be_is_refused_with_its_place(string sql, string sentence)
    {
        var error = Assert.Throws<SqlException>(() => ServerFixture.GateOf(sql, UnplannedEvents.Allow));
        Assert.Contains(sentence, error.Sentence, StringComparison.Ordinal);
        Assert.True(error.Column > 1);
    }
}
