using System.Net.Http.Headers;
using System.Text;
using Freshet.Configuration;
using Freshet.Hosting;

namespace Freshet.Tests.Hosting;

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

    private async Task<FreshetServer> StartAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "freshet.json"), """{"keys":["wk1"]}""");
        var settings = Project.Load(_folder, _ => null, new Dictionary<string, string> { ["port"] = "0" });
        return await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None));
    }

    private static async Task<int> PostAsync(FreshetServer server, string json)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("wk1:"u8));
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(server.Url + "/v1/track"), content);
        return (int)answer.StatusCode;
    }
}
