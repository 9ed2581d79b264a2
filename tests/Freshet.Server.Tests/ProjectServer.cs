using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;

namespace Freshet.Server.Tests;

/// <summary>A whole server over a project's SQL in a folder of its own: events in, answers out.</summary>
internal sealed class ProjectServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;
    private FreshetServer _server = null!;

    public HttpClient Http { get; private set; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    public Freshet.Server.Ingest.IngestService Ingest => _server.Ingest;

    public static async Task<ProjectServer> StartAsync(string sql, string json = """{"keys":["wk1"]}""")
    {
        var server = new ProjectServer();
        Directory.CreateDirectory(Path.Combine(server._folder, "sql"));
        await File.WriteAllTextAsync(Path.Combine(server._folder, "sql", "project.sql"), sql);
        await File.WriteAllTextAsync(Path.Combine(server._folder, "freshet.json"), json);
        await server.ServeAsync();
        return server;
    }

    /// <summary>Stops, and starts again over the same data.</summary>
    public async Task RestartAsync(string? sql = null)
    {
        Http.Dispose();
        await _server.DisposeAsync();
        if (sql is not null) await File.WriteAllTextAsync(Path.Combine(_folder, "sql", "project.sql"), sql);
        Http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        await ServeAsync();
    }

    private async Task ServeAsync()
    {
        var settings = Project.Load(_folder, _ => null, new Dictionary<string, string> { ["port"] = "0" });
        _server = await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None));
        Http.BaseAddress = new Uri(_server.Url);
    }

    /// <summary>Sends calls as one batch, each the JSON of one.</summary>
    public async Task SendAsync(params string[] calls)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batch") { Content = new StringContent($$"""{"batch":[{{string.Join(",", calls)}}]}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = ServerFixture.Basic("wk1");
        using var answer = await Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async Task<(int Status, JsonNode Body)> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    public async Task<(int Status, JsonNode Body)> PostAsync(string path, JsonNode? body)
    {
        using var answer = await Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    /// <summary>Files of the data directory in which one of these texts stands.</summary>
    public IEnumerable<string> FilesWith(params string[] texts) =>
        Directory.EnumerateFiles(Path.Combine(_folder, "data"), "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock" && texts.Any(t => Encoding.Latin1.GetString(File.ReadAllBytes(f)).Contains(t, StringComparison.Ordinal)));

    /// <summary>The rows of a statement, each as the texts of its cells.</summary>
    public async Task<List<string?[]>> QueryAsync(string sql)
    {
        var (status, body) = await PostAsync("/api/sql", new JsonObject { ["sql"] = sql });
        Assert.True(status == 200, body.ToJsonString());
        return [.. body["rows"]!.AsArray().Select(r => r!.AsArray().Select(c => c?.ToString()).ToArray())];
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
