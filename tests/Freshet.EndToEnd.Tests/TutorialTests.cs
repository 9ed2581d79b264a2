using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Freshet.EndToEnd.Tests;

/// <summary>
/// The tutorial as a person follows it: its files are written and its commands run by a shell, one after another in one folder,
/// and what the page shows of their output must come. A line "..." stands for any lines, "..." in a line for any text.
/// </summary>
public sealed class TutorialTests(ITestOutputHelper output)
{
    private const string Mark = "--command-ended--";

    [Fact]
    public async Task Every_snippet_of_the_tutorial_runs_and_shows_what_the_page_shows()
    {
        using var scratch = new ScratchFolder();
        var port = FreePort();
        using var shell = Shell(scratch.Path, port);
        try
        {
            foreach (var (info, lines) in Blocks(await File.ReadAllLinesAsync(Path.Combine(FreshetProcess.Root, "docs", "guide", "tutorial.md"), TestContext.Current.CancellationToken)))
            {
                if (info.Split(' ') is [_, var file]) await File.WriteAllLinesAsync(Path.Combine(scratch.Path, file), lines, TestContext.Current.CancellationToken);
                else if (info == "console") await FollowAsync(shell, lines, port);
            }
        }
        finally
        {
            // Ends the servers that the page started too.
            shell.StandardInput.WriteLine("kill $(jobs -p) 2>/dev/null; wait; exit");
            shell.StandardInput.Close();
            await shell.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        }
    }

    private async Task FollowAsync(Process shell, List<string> lines, int port)
    {
        for (var i = 0; i < lines.Count;)
        {
            var command = lines[i++][2..].Replace(":7070", $":{port}", StringComparison.Ordinal);
            var shown = new List<string>();
            while (i < lines.Count && !lines[i].StartsWith("$ ", StringComparison.Ordinal)) shown.Add(lines[i++].Replace(":7070", $":{port}", StringComparison.Ordinal));
            output.WriteLine($"$ {command}");
            // What runs on writes into a file, and is waited for by the last line that the page shows of it.
            var text = command.EndsWith('&')
                ? await RunAsync(shell, $": > server.log; {command.TrimEnd('&')} >> server.log 2>&1 & for i in $(seq 600); do grep -q '^{shown[^1]}' server.log && break; sleep 0.1; done; cat server.log")
                : await RunAsync(shell, command);
            output.WriteLine(text);
            Assert.Matches(Pattern(shown), text);
        }
    }

    private static Regex Pattern(List<string> shown)
    {
        var pattern = new StringBuilder();
        foreach (var line in shown)
            pattern.Append(line == "..." ? @"(.*\n)*?" : Regex.Escape(line).Replace(@"\.\.\.", ".*", StringComparison.Ordinal) + @"\s*\n");
        return new Regex((shown.Count == 0 ? "" : @"(^|\n)") + pattern, RegexOptions.None, TimeSpan.FromSeconds(5));
    }

    /// <summary>Runs one command, which must succeed, and gives what it wrote.</summary>
    private static async Task<string> RunAsync(Process shell, string command)
    {
        shell.StandardInput.WriteLine($"{{ {command}\n}} 2>&1; echo \"{Mark}$?\"");
        var text = new StringBuilder();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (await shell.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            var end = line.IndexOf(Mark, StringComparison.Ordinal);
            if (end < 0)
            {
                text.AppendLine(line);
                continue;
            }

            if (end > 0) text.AppendLine(line[..end]);
            Assert.True(line[(end + Mark.Length)..] == "0", $"{command} ended with {line[(end + Mark.Length)..]}:\n{text}");
            return text.ToString();
        }

        throw new InvalidOperationException($"The shell ended in {command}:\n{text}");
    }

    private static Process Shell(string folder, int port)
    {
        var info = new ProcessStartInfo("bash", ["--norc", "-m"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = folder };
        info.Environment["PATH"] = Path.GetDirectoryName(FreshetProcess.Program) + ":" + info.Environment["PATH"];
        info.Environment["FRESHET_PORT"] = port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        info.Environment["FRESHET_URL"] = $"http://127.0.0.1:{port}";
        return Process.Start(info)!;
    }

    private static IEnumerable<(string Info, List<string> Lines)> Blocks(string[] page)
    {
        for (var i = 0; i < page.Length; i++)
        {
            if (!page[i].StartsWith("```", StringComparison.Ordinal)) continue;
            var info = page[i][3..];
            var lines = new List<string>();
            while (page[++i] != "```") lines.Add(page[i]);
            yield return (info, lines);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
