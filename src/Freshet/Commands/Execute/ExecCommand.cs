using System.CommandLine;
using Freshet.Columns;
using Freshet.Engine;
using Freshet.Engine.Queries;
using Freshet.Log;
using Freshet.Server;
using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Storage;
using Freshet.Storage.Posix;
using Freshet.Syntax.Text;

namespace Freshet.Commands.Execute;

/// <summary>freshet exec: runs a script over input that ends, prints the rows of its SELECTs, and exits.</summary>
internal static class ExecCommand
{
    /// <summary>The file that stands for standard input.</summary>
    private const string StandardInput = "-";

    public static Command Build()
    {
        var file = new Argument<string>("file") { Description = "A Flink SQL script; - for standard input." };
        var data = new Option<string?>("--data") { Description = "A data directory whose topics the script may read and write." };
        var set = new Option<string[]>("--set") { Description = "name=value: an option as SET 'name' = 'value' would set it, and a variable ${name} of the script." };
        var format = new Option<string>("--format") { Description = "table, csv or json (one object a line).", DefaultValueFactory = _ => "table" };
        format.OnlyAmong("table", "csv", "json");
        var json = new Option<bool>("--json") { Description = "The same as --format json." };
        var onError = new Option<string>("--on-error") { Description = "fail (default) or skip: what a value that cannot be computed does.", DefaultValueFactory = _ => "fail" };
        onError.OnlyAmong("fail", "skip");
        var workers = new Option<int>("--workers") { Description = "Threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var memory = MemoryOption.Build();
        var command = new Command("exec", "Run a SQL script over bounded input to its end and print its results.") { file, data, set, format, json, onError, workers, memory };
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = Settings(parsed.GetValue(set) ?? []);
            var budget = MemoryOption.Read(parsed, memory);
            var path = parsed.GetValue(file)!;
            var source = ProjectSql.Of(await ReadAsync(path, cancellation), name => settings.TryGetValue(name, out var value) ? value : Environment.GetEnvironmentVariable(name));
            var options = new PipelineOptions
            {
                Workers = parsed.GetValue(workers),
                StateBytesMax = budget,
                Folder = path == StandardInput ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(path))!,
                Output = Console.Out,
                Layer = () => new Customers.CustomerLayer(new PipelineOptions().EventsWatermarkDelayMs),
                SkipsErrors = parsed.GetValue(onError) == "skip",
            };
            using var log = OpenLog(parsed.GetValue(data));
            try
            {
                var (run, binder) = Script.Start([source], options, log, settings);
                using (run)
                {
                    foreach (var note in binder.Notes) await Console.Error.WriteLineAsync($"freshet: {note}");
                    return await PrintAsync(run, binder.Selects.Count, parsed.GetValue(json) ? ResultFormat.Json : ResultPrinter.Parse(parsed.GetValue(format)!), cancellation);
                }
            }
            catch (EngineException e)
            {
                throw new UserException(e.Code, $"{e.Place ?? source.Name}: {e.Message}{(e.Code == "bad_value" ? " Go on without such rows with --on-error skip." : "")}", UserException.Failed);
            }
        });
        ExamplesHelp.Attach(command, ["freshet exec samples/retail/report.sql", "freshet exec report.sql --json --set RETAIL_CSV=/data/retail.csv.gz", "freshet exec script.sql --on-error skip --memory-budget 1GiB", "echo 'SELECT 1 + 1;' | freshet exec -"]);
        return command;
    }

    private static async Task<SourceText> ReadAsync(string path, CancellationToken cancellation)
    {
        if (path == StandardInput) return new SourceText("stdin", await Console.In.ReadToEndAsync(cancellation));
        if (!File.Exists(path)) throw new UserException("file_not_found", $"There is no file {path}.");
        return new SourceText(path, await File.ReadAllTextAsync(path, cancellation));
    }

    private static async Task<int> PrintAsync(BoundedRun run, int selects, ResultFormat format, CancellationToken cancellation)
    {
        await using var output = Console.OpenStandardOutput();
        for (var i = 0; i < selects; i++)
            await ResultPrinter.PrintAsync(new RunRows(run, i), format, output, cancellation);
        run.Complete();
        if (run.ErrorsSkipped > 0) await Console.Error.WriteLineAsync(run.ErrorsSkipped == 1 ? "freshet: One value could not be read or computed; its row was left out." : $"freshet: {run.ErrorsSkipped} values could not be read or computed; their rows were left out.");
        return 0;
    }

    private static Dictionary<string, string> Settings(string[] pairs)
    {
        var settings = new Dictionary<string, string>();
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new UserException("option_invalid", $"--set {pair}: write --set name=value.");
            settings[pair[..equals]] = pair[(equals + 1)..];
        }

        return settings;
    }

    private static LogStore? OpenLog(string? data)
    {
        if (data is null) return null;
        if (!Directory.Exists(data)) Console.Error.WriteLine($"freshet: The data directory {data} was not there and is made: its topics are empty.");
        try
        {
            return LogStore.Open(new PosixDisk(), Path.GetFullPath(data));
        }
        catch (StorageException e)
        {
            throw new UserException("data_unavailable", e.Message);
        }
    }

    /// <summary>The rows of one SELECT of a run.</summary>
    private sealed class RunRows(BoundedRun run, int query) : IRows
    {
        public Schema Schema => run.SchemaOf(query);

        public long Step => 0;

        public ValueTask<Batch?> NextAsync(CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            return new ValueTask<Batch?>(run.Next(query));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
