using System.Net.Http.Headers;
using System.Text;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;

namespace Freshet.Server.Tests.Hosting;

public sealed class FreshetServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Events_and_the_memory_of_their_ids_survive_a_restart()
    {
        await using (var server = await StartAsync())
        {
            Assert.Equal(200, await PostAsync(server, """{"userId":"u","event":"E","messageId":"m1"}"""));
            Assert.Equal(200, await PostAsync(server, """{"userId":"u","event":"E","messageId":"m2"}"""));
        }

        await using (var server = await StartAsync())
        {
            Assert.Equal(200, await PostAsync(server, """{"userId":"u","event":"E","messageId":"m1"}"""));
            Assert.Equal(200, await PostAsync(server, """{"userId":"u","event":"E","messageId":"m3"}"""));
            Assert.Equal((1, 1), (server.Ingest.Counters.Accepted, server.Ingest.Counters.Duplicates));
            Assert.Equal(2, server.Backend.Log.LastDurable);
        }
    }

    [Fact]
    public async Task A_data_directory_has_one_owner()
    {
        await using var server = await StartAsync();
        var e = await Assert.ThrowsAsync<UserException>(StartAsync);
        Assert.Contains("in use", e.Message, StringComparison.Ordinal);
        Assert.Equal(200, await PostAsync(server, """{"userId":"u","event":"E"}"""));
    }

    [Fact]
    public async Task A_server_that_is_asked_to_end_ends_with_0()
    {
        using var stop = new CancellationTokenSource();
        await using var server = await StartAsync();
        var running = server.RunAsync(stop.Token);
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task Relaxed_events_are_named_in_every_reply_in_status_and_metrics()
    {
        await using var server = await StartAsync("""{"keys":["wk1"],"events":{"durability":"relaxed"}}""");
        using var answer = await SendAsync(server, """{"userId":"u","event":"E"}""");
        Assert.Equal("relaxed", answer.Headers.GetValues("Freshet-Durability").Single());
        using var client = new HttpClient();
        Assert.Contains("\"durability\": \"relaxed\"", await client.GetStringAsync(new Uri(server.Url + "/api/status")), StringComparison.Ordinal);
        Assert.Contains("topic=\"events\",durability=\"relaxed\"", await client.GetStringAsync(new Uri(server.Url + "/metrics")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retention_is_refused_where_a_view_reads_the_topic_and_taken_where_none_does()
    {
        const string Settings = """{"keys":["wk1"],"events":{"retention":"7d"}}""";
        await using (await StartAsync(Settings))
        {
        }

        Directory.CreateDirectory(Path.Combine(_folder, "sql"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "sql", "a.sql"), "CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM events;");
        var e = await Assert.ThrowsAsync<UserException>(() => StartAsync(Settings));
        Assert.Contains("The topic events has a retention and is read by the project", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_its_remedy()
    {
        await using var server = await StartAsync();
        var other = Directory.CreateTempSubdirectory("freshet-test-").FullName;
        try
        {
            var settings = Project.Load(_folder, _ => null, new Dictionary<string, string> { ["port"] = new Uri(server.Url).Port.ToString(System.Globalization.CultureInfo.InvariantCulture), ["data"] = other });
            var e = await Assert.ThrowsAsync<UserException>(async () => await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None)));
            Assert.Contains("--port", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    [Theory]
    [InlineData("freshet.json/data", "Choose another data directory")]
    [InlineData("/proc/freshet", "Choose another data directory")]
    public async Task A_data_directory_that_cannot_be_is_named_with_its_remedy(string data, string remedy)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "freshet.json"), "{}");
        var settings = Project.Load(_folder, _ => null, new Dictionary<string, string> { ["port"] = "0", ["data"] = data });
        var e = await Assert.ThrowsAsync<UserException>(async () => await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None));
        Assert.Contains(remedy, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_is_broken_off_while_it_replays_and_leaves_the_directory_free()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "sql"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "sql", "a.sql"), "CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM events;");
        await using (var server = await StartAsync())
        {
            Assert.Equal(200, await PostAsync(server, """{"userId":"u","event":"E"}"""));
            await server.Backend.Views!.WhenVisibleAsync(0, TestContext.Current.CancellationToken);
        }

        var settings = Project.Load(_folder, _ => null, new Dictionary<string, string> { ["port"] = "0" });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await PipelineBackend.OpenAsync(settings, TextWriter.Null, new CancellationToken(true)));
        await using var again = await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None);
        Assert.Equal(0, again.Log.LastDurable);
    }

    [Fact]
    public async Task A_project_without_SQL_says_so_and_takes_events()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "freshet.json"), "{}");
        using var output = new StringWriter();
        await using var backend = await PipelineBackend.OpenAsync(Project.Load(_folder, _ => null), output, CancellationToken.None);
        Assert.Contains("holds no .sql files: events are taken and kept, but there are no views. Put a file with CREATE MATERIALIZED VIEW", output.ToString(), StringComparison.Ordinal);
    }

    private Task<FreshetServer> StartAsync() => StartAsync("""{"keys":["wk1"]}""");

    private async Task<FreshetServer> StartAsync(string json)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "freshet.json"), json);
        var settings = Project.Load(_folder, _ => null, new Dictionary<string, string> { ["port"] = "0" });
        return await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None));
    }

    private static async Task<int> PostAsync(FreshetServer server, string json)
    {
        using var answer = await SendAsync(server, json);
        return (int)answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(FreshetServer server, string json)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("wk1:"u8));
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await client.PostAsync(new Uri(server.Url + "/v1/track"), content);
    }
}
