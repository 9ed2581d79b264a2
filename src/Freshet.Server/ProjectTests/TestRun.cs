using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Freshet.Server.ProjectTests;

/// <summary>One script of the project: how it ended, and what differed.</summary>
internal sealed record ScriptResult(string File, bool Passed, long Ms, IReadOnlyList<string> Messages);

/// <summary>
/// The project's own tests, run when somebody asks: `freshet test` in a process of its own, of low priority, so that whatever a script does the server goes on
/// serving. One run at a time; it ends by itself, after <see cref="TimeMax"/>, or when it is cancelled, and what it found stays until the next one. Any thread.
/// </summary>
internal sealed class TestRun(string folder, IReadOnlyList<string> command, TimeProvider clock) : IAsyncDisposable
{
    public static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(5);
    private const int ScriptsMax = 1000;
    private const int MessagesMax = 20;
    private const int MessageCharsMax = 4000;

    private readonly Lock _gate = new();
    private readonly List<ScriptResult> _scripts = [];
    private CancellationTokenSource? _stop;
    private Task _work = Task.CompletedTask;
    private DateTimeOffset? _startedAt;
    private DateTimeOffset? _endedAt;
    private string? _problem;

    /// <summary>How a run stands: its scripts so far, and why it ended early.</summary>
    public sealed record State(bool IsRunning, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, IReadOnlyList<ScriptResult> Scripts, string? Problem);

    public State Now
    {
        get
        {
            lock (_gate) return new State(_stop is not null, _startedAt, _endedAt, [.. _scripts], _problem);
        }
    }

    /// <summary>The project's scripts, relative to its folder.</summary>
    public IReadOnlyList<string> Files
    {
        get
        {
            var tests = Path.Combine(folder, "tests");
            if (!Directory.Exists(tests)) return [];
            return [.. Directory.EnumerateFiles(tests, "*.test", SearchOption.AllDirectories).Take(ScriptsMax).Select(Relative).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Begins a run; false where one is on.</summary>
    public bool Start()
    {
        lock (_gate)
        {
            if (_stop is not null) return false;
            _scripts.Clear();
            (_startedAt, _endedAt, _problem) = (clock.GetUtcNow(), null, null);
            var stop = _stop = new CancellationTokenSource(TimeMax);
            _work = Task.Run(() => RunAsync(stop));
            return true;
        }
    }

    /// <summary>Ends the run, where one is on, and waits until it has ended.</summary>
    public async Task CancelAsync()
    {
        Task work;
        lock (_gate)
        {
            _problem ??= _stop is null ? null : "Cancelled.";
            _stop?.Cancel();
            work = _work;
        }

        await work;
    }

    public async ValueTask DisposeAsync() => await CancelAsync();

    private async Task RunAsync(CancellationTokenSource stop)
    {
        string? problem = null;
        try
        {
            problem = await RunProcessAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            problem = $"The tests have not ended within {TimeMax.TotalMinutes:0} minutes.";
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException)
        {
            problem = $"The tests could not be run: {e.Message}";
        }

        lock (_gate)
        {
            // A cancellation has said so already.
            _problem ??= problem;
            _endedAt = clock.GetUtcNow();
            _stop = null;
        }

        stop.Dispose();
    }

    private async Task<string?> RunProcessAsync(CancellationToken stop)
    {
        var info = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = folder };
        using var process = Process.Start(info)!;
        try
        {
            process.StandardInput.Close();
            if (!process.HasExited) process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or IOException)
        {
            // It has ended already.
        }

        try
        {
            var errors = process.StandardError.ReadToEndAsync(stop);
            while (await process.StandardOutput.ReadLineAsync(stop) is { } line) Take(line);
            await process.WaitForExitAsync(stop);
            var said = (await errors).Trim();
            // 1 says that scripts have failed, which they say themselves.
            return process.ExitCode == 0 || (process.ExitCode == 1 && said.Length == 0) ? null : Cut(said.Length > 0 ? said : $"The tests ended with {process.ExitCode}.");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private void Take(string line)
    {
        try
        {
            using var parsed = JsonDocument.Parse(line);
            var root = parsed.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("file", out var file)) return;
            var messages = root.GetProperty("messages").EnumerateArray().Take(MessagesMax).Select(m => Cut(m.GetString() ?? ""));
            var script = new ScriptResult(Relative(file.GetString()!), root.GetProperty("passed").GetBoolean(), root.GetProperty("ms").GetInt64(), [.. messages]);
            lock (_gate)
            {
                if (_scripts.Count < ScriptsMax) _scripts.Add(script);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // What is no result is for people.
        }
    }

    private string Relative(string file) => Path.GetRelativePath(folder, Path.Combine(folder, file));

    private static string Cut(string text) => text.Length <= MessageCharsMax ? text : text[..MessageCharsMax] + "…";
}
