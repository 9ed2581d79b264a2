using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Freshet.EndToEnd.Tests;

/// <summary>Unchanged client libraries against the program. Needs Node.js and `npm ci` in tests/clients; the browser one needs Chromium.</summary>
public sealed class ClientTests
{
    private const string Views = """
        CREATE MATERIALIZED VIEW by_client AS
        SELECT JSON_VALUE(properties, '$.client') AS client, COUNT(*) AS events, SUM(CAST(properties['n'] AS BIGINT)) AS total
        FROM events WHERE type = 'track' GROUP BY JSON_VALUE(properties, '$.client');
        """;

    private static string Clients => Path.Combine(FreshetProcess.Root, "tests", "clients");

    [Theory]
    [InlineData("segment-node.mjs", "segment-node", 90)]
    [InlineData("rudder-node.mjs", "rudder-node", 100)]
    public async Task A_node_client_delivers_every_event(string script, string client, int tracked)
    {
        RequireClients();
        using var folder = new ScratchFolder();
        await using var freshet = await FreshetProcess.RunAsync(folder.Project(Views), folder.Data);
        var result = JsonNode.Parse(await NodeAsync(script, freshet.Url.ToString().TrimEnd('/'), "test-key", "100"))!;
        Assert.Equal(100, result["sent"]!.GetValue<int>());
        Assert.Equal(0, result["errors"]!.GetValue<int>());
        Assert.Equal(tracked, await freshet.CountAsync($"SELECT events FROM by_client WHERE client = '{client}'"));
        Assert.Equal(100, await freshet.CountAsync("SELECT COUNT(*) FROM events"));
    }

    [Fact]
    public async Task Unchanged_libraries_follow_a_view_and_go_on_from_a_step()
    {
        RequireClients();
        using var folder = new ScratchFolder();
        await using var freshet = await FreshetProcess.RunAsync(folder.Project(Views), folder.Data);
        var result = await NodeAsync("subscriptions.mjs", freshet.Url.ToString().TrimEnd('/'), "test-key", "40");
        Assert.Equal("""{"followed":true,"kinds":["start","changes"]}""", result.Trim());
    }

    [Fact]
    public async Task The_browser_client_delivers_every_event()
    {
        RequireClients();
        const string Chromium = "/usr/bin/chromium";
        if (!File.Exists(Chromium)) SkipOrFail("Chromium is not installed (Debian package chromium).");
        using var folder = new ScratchFolder();
        await using var freshet = await FreshetProcess.RunAsync(folder.Project(Views), folder.Data);
        using var page = Start("node", ["browser-page.mjs", freshet.Url.ToString().TrimEnd('/'), "test-key", "20"], input: true);
        var address = await page.StandardOutput.ReadLineAsync();
        using var browser = Start(Chromium, [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", $"--user-data-dir={Path.Combine(folder.Path, "chromium")}", address!]);
        var deadline = Stopwatch.StartNew();
        long seen;
        while ((seen = await freshet.CountAsync("SELECT COUNT(*) FROM events")) < 20 && deadline.Elapsed < TimeSpan.FromSeconds(60)) await Task.Delay(100);
        browser.Kill(entireProcessTree: true);
        page.StandardInput.Close();
        await browser.WaitForExitAsync();
        await page.WaitForExitAsync();
        Assert.Equal(20, seen);
        Assert.Equal(19, await freshet.CountAsync("SELECT events FROM by_client WHERE client = 'segment-browser'"));
    }

    private static void RequireClients()
    {
        if (!Directory.Exists(Path.Combine(Clients, "node_modules"))) SkipOrFail("The client libraries are not installed: run `npm ci` in tests/clients (needs Node.js).");
    }

    /// <summary>What a developer's machine may lack, CI must have.</summary>
    internal static void SkipOrFail(string reason)
    {
        if (Environment.GetEnvironmentVariable("FRESHET_CI") is not null) Assert.Fail(reason);
        Assert.Skip(reason);
    }

    private static async Task<string> NodeAsync(string script, params string[] arguments)
    {
        using var node = Start("node", [script, .. arguments]);
        var text = await node.StandardOutput.ReadToEndAsync();
        var errors = await node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, $"{script} ended with {node.ExitCode}:\n{text}\n{errors}");
        return text;
    }

    private static Process Start(string program, string[] arguments, bool input = false)
    {
        var info = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = input, UseShellExecute = false, WorkingDirectory = Clients };
        foreach (var argument in arguments) info.ArgumentList.Add(argument);
        return Process.Start(info)!;
    }
}
