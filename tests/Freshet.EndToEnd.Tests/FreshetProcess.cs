using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Freshet.EndToEnd.Tests;

/// <summary>The program as users start it: a process of its own, addressed over HTTP alone.</summary>
internal sealed class FreshetProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private FreshetProcess(Process process) => _process = process;

    public Uri Url { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Everything the process has printed.</summary>
    public string Output => string.Join('\n', _output);

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The built program.</summary>
    public static string Program { get; } = Path.Combine(
        Root, "artifacts", "bin", "Freshet", AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).EndsWith("debug", StringComparison.Ordinal) ? "debug" : "release", "freshet");

    /// <summary>Starts <c>freshet run</c> on a free port and waits until it serves.</summary>
    public static Task<FreshetProcess> RunAsync(string project, string data, params string[] more) =>
        ReadyAsync(Start(["run", project, "--port", "0", "--data", data, .. more]));

    /// <summary>Starts <c>freshet demo</c>, on a free port where none is given, and waits until it serves.</summary>
    public static Task<FreshetProcess> DemoAsync(string data, int port = 0) =>
        ReadyAsync(Start(["demo", "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture), "--data", data, "--rate", "200"]));

    private static async Task<FreshetProcess> ReadyAsync(FreshetProcess started)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            var ready = started._output.FirstOrDefault(line => line.StartsWith("ready ", StringComparison.Ordinal));
            if (ready is not null)
            {
                started.Url = new Uri(ready["ready ".Length..].Trim());
                started.Http = new HttpClient { BaseAddress = started.Url, Timeout = Patience };
                return started;
            }

            if (started.HasExited || deadline.Elapsed > Patience)
            {
                var text = started.Output;
                await started.DisposeAsync();
                throw new InvalidOperationException("freshet run did not become ready:\n" + text);
            }

            await Task.Delay(10);
        }
    }

    /// <summary>Runs a command to its end and gives its exit code and what it printed.</summary>
    public static async Task<(int Code, string Output)> ExecuteAsync(params string[] arguments)
    {
        await using var started = Start(arguments);
        using var patience = new CancellationTokenSource(Patience * 3);
        await started._process.WaitForExitAsync(patience.Token);
        return (started._process.ExitCode, started.Output);
    }

    public async Task<JsonNode> QueryAsync(string sql)
    {
        using var answer = await Http.PostAsJsonAsync("/api/sql", new { sql });
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{(int)answer.StatusCode}: {text}\n{sql}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>The one value of a query's one row.</summary>
    public async Task<long> CountAsync(string sql) => (await QueryAsync(sql))["rows"]![0]![0]!.GetValue<long>();

    /// <summary>Ends the process as a power switch would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        Http?.Dispose();
        _process.Dispose();
    }

    private static FreshetProcess Start(string[] arguments)
    {
        var info = new ProcessStartInfo(Program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Root };
        foreach (var argument in arguments) info.ArgumentList.Add(argument);
        var process = new Process { StartInfo = info };
        var started = new FreshetProcess(process);
        process.OutputDataReceived += (_, line) => started.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => started.Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return started;
    }

    private void Keep(string? line)
    {
        if (line is not null) _output.Enqueue(line);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
