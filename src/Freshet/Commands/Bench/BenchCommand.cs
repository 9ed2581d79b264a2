using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Freshet.Server;

namespace Freshet.Commands.Bench;

/// <summary>freshet bench: measures a part of the program on this machine.</summary>
internal static class BenchCommand
{
    public static IReadOnlyList<IBenchmark> All { get; } = [new KernelBenchmark(), new IngestBenchmark(), new LogBenchmark(), new DecodeBenchmark(), new EngineBenchmark(), new GeneratorBenchmark(), new ReplayBenchmark(), new EndToEndBenchmark(), new CustomersBenchmark()];

    public static Command Build()
    {
        var name = new Argument<string>("benchmark") { Description = string.Join("; ", All.Select(b => $"{b.Name}: {b.About}")) };
        name.OnlyAmong([.. All.Select(b => b.Name)]);
        var seconds = new Option<double>("--seconds") { Description = "Duration of each part.", DefaultValueFactory = _ => 5, HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "Print the figures as one JSON object on the last line." };
        var profiles = new Option<int>("--profiles") { Description = "Profiles that customers loads; each takes about 8 KB of memory.", DefaultValueFactory = _ => 100_000, HelpName = "N" };
        var operators = new Option<bool>("--operators") { Description = "Also print what each operator of customers has done and holds." };
        var data = new Option<string>("--data") { Description = "A directory on the disk to be measured; a folder in it is made and removed.", DefaultValueFactory = _ => Path.GetTempPath(), HelpName = "DIR" };
        var command = new Command("bench", "Measure a part of the program on this machine.") { name, seconds, json, profiles, operators, data, Nexmark.NexmarkCommand.Build() };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(seconds) is <= 0 or > 3600) throw new UserException("usage", "--seconds must be above 0 and at most 3600.");
            if (parsed.GetValue(profiles) is < 100 or > 90_000_000) throw new UserException("usage", "--profiles must be 100 to 90,000,000.");
            if (!Directory.Exists(parsed.GetValue(data))) throw new UserException("usage", $"There is no directory {parsed.GetValue(data)} for --data.");
            var benchmark = All.First(b => b.Name == parsed.GetValue(name));
            var figures = await RunAsync(benchmark, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(data)!, parsed.GetValue(profiles), parsed.GetValue(operators), cancellation);
            foreach (var figure in figures) Console.WriteLine(FormattableString.Invariant($"{figure.Name,-28} {figure.Value,16:#,0.###} {figure.Unit}"));
            if (parsed.GetValue(json)) Console.WriteLine(Json(figures));
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet bench ingest --seconds 10 --json", "freshet bench log --data /var/lib"]);
        return command;
    }

    /// <summary>Runs one in a directory of its own.</summary>
    public static async Task<IReadOnlyList<Figure>> RunAsync(IBenchmark benchmark, TimeSpan duration, string parent, int profiles, bool showsOperators, CancellationToken cancellation)
    {
        var directory = Directory.CreateDirectory(Path.Combine(parent, $"freshet-bench-{Guid.CreateVersion7():n}")).FullName;
        try
        {
            return await benchmark.RunAsync(new BenchOptions(duration, directory, profiles, showsOperators), cancellation);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string Json(IReadOnlyList<Figure> figures)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer)) Figure.WriteJson(figures, json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
