using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Freshet.Customers;
using Freshet.Engine;
using Freshet.Server;
using Freshet.Server.Configuration;
using Freshet.Server.Plans;
using Freshet.Testing.Scripts;

namespace Freshet.Commands.Test;

/// <summary>
/// freshet test: runs the SQL test scripts of a folder, each in every mode. In a project's folder those below tests/, each on top of the
/// project's own SQL, with its tracking plan and its customers.
/// </summary>
internal static class TestCommand
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Build()
    {
        var folder = new Argument<string>("folder") { Description = "A project's folder, a folder with *.test files, or one such file." };
        var json = new Option<bool>("--json") { Description = "Print each script as a JSON object on a line, and the sum on the last." };
        var command = new Command("test", "Run test scripts: given these rows or events, expect these views, traits and segments; in one batch, row by row, over several workers, with restarts.") { folder, json };
        command.SetAction(parsed => Run(parsed.GetValue(folder)!, parsed.GetValue(json)));
        ExamplesHelp.Attach(command, ["freshet test myproject", "freshet test myproject --json", "freshet test myproject/tests", "freshet test tests/orders.test"]);
        return command;
    }

    /// <summary>The program and the arguments that run a project's tests for another program.</summary>
    public static IReadOnlyList<string> LineOf(string folder)
    {
        var program = Environment.ProcessPath!;
        var isHost = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        return [program, .. isHost ? [Path.GetFullPath(Environment.GetCommandLineArgs()[0])] : Array.Empty<string>(), "test", folder, "--json"];
    }

    private static int Run(string path, bool json)
    {
        var setup = File.Exists(Path.Combine(path, ProjectFile.Name)) ? SetupOf(path) : null;
        if (setup is not null) path = Path.Combine(path, "tests");
        var files = Directory.Exists(path) ? ScriptRunner.FilesOf(path)
            : File.Exists(path) ? [path]
            : throw new UserException("folder_not_found", $"There is no folder or file {path}. Name the folder with the *.test files, or a project with such a folder.");
        if (files.Count == 0) throw new UserException("no_tests", $"{path} holds no *.test files. docs/guide/testing.md shows how one is written.");
        var failed = 0;
        foreach (var file in files)
        {
            var started = Stopwatch.GetTimestamp();
            IReadOnlyList<string> messages;
            try
            {
                messages = [.. ScriptRunner.RunFile(file, setup).Select(f => f.ToString())];
            }
            catch (TestScriptException e)
            {
                messages = [e.Message];
            }

            if (messages.Count > 0) failed++;
            var ms = (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            if (json)
            {
                Console.WriteLine(JsonSerializer.Serialize(new { file, passed = messages.Count == 0, ms, messages }, Relaxed));
                continue;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(messages.Count == 0 ? "ok    " : "FAILED")}  {file}  {ms} ms"));
            foreach (var message in messages) Console.WriteLine(message);
        }

        if (json) Console.WriteLine(JsonSerializer.Serialize(new { scripts = files.Count, passed = files.Count - failed, failed }, Relaxed));
        else Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files.Count - failed} of {files.Count} scripts passed, each in {Enum.GetValues<ScriptMode>().Length} modes"));
        return failed == 0 ? 0 : UserException.Failed;
    }

    /// <summary>The project as scripts begin with it; its SQL is checked first, so that its errors are not those of each script.</summary>
    private static ScriptSetup SetupOf(string folder)
    {
        var settings = Project.Load(folder, Environment.GetEnvironmentVariable);
        var files = ProjectSql.Load(settings, Environment.GetEnvironmentVariable);
        CustomerLayer Layer() => new((long)settings.WatermarkDelay.TotalMilliseconds) { AnonymousTtl = settings.AnonymousTtl };
        var binder = Pipeline.Bind(files, new PipelineOptions { EventsWatermarkDelayMs = (long)settings.WatermarkDelay.TotalMilliseconds, Folder = settings.Folder, Layer = Layer });
        var gate = PlanGate.Of(((CustomerLayer)binder.Layer!).Plan.Events, settings.UnplannedEvents);
        return new ScriptSetup(files, Layer, events => gate is null ? new string?[events.Count] : [.. gate.Judge(events).Select(v => v is { Blocks: true } ? v.Sentence : null)]);
    }
}
