using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Freshet.Commands.Remote;
using Freshet.Server;

namespace Freshet.Commands.Preview;

/// <summary>freshet preview: what a segment would hold, before it is published; a running server is asked.</summary>
internal static class PreviewCommand
{
    public static Command Build()
    {
        var file = new Argument<string>("file") { Description = "CREATE TRAIT and CREATE SEGMENT statements, or a SELECT that gives profile_id; - reads standard input." };
        var server = new ServerOptions();
        var sample = new Option<int>("--sample") { Description = "Members to show, at most 20.", DefaultValueFactory = _ => 5, HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "The server's answer as it is." };
        var command = new Command("preview", "Size, sample and overlap of a segment over the whole history, before it is published.") { file, sample, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = server.Connect(parsed);
            return await RunAsync(connection, parsed.GetValue(file)!, parsed.GetValue(sample), parsed.GetValue(json), cancellation);
        });
        ExamplesHelp.Attach(command, ["freshet preview winback.sql", "echo \"SELECT profile_id FROM orders WHERE \\`value\\` > 3\" | freshet preview -"]);
        return command;
    }

    private static async Task<int> RunAsync(ServerConnection server, string file, int sample, bool isJson, CancellationToken cancellation)
    {
        if (file != "-" && !File.Exists(file)) throw new UserException("file_missing", $"There is no file {file}.");
        var sql = file == "-" ? await Console.In.ReadToEndAsync(cancellation) : await File.ReadAllTextAsync(file, cancellation);
        using var answer = await server.PostAsync($"/api/segments/preview?sample={sample.ToString(CultureInfo.InvariantCulture)}", sql, file, cancellation);
        if (isJson) Console.WriteLine(answer.RootElement.GetRawText());
        else Write(answer.RootElement);
        return 0;
    }

    private static void Write(JsonElement answer)
    {
        var profiles = answer.GetProperty("profiles").GetInt64();
        foreach (var trait in answer.GetProperty("traits").EnumerateArray())
        {
            Console.WriteLine($"trait {trait.GetProperty("name").GetString()}: {Share(trait.GetProperty("profiles").GetInt64(), profiles)} profiles have it");
            foreach (var one in trait.GetProperty("sample").EnumerateArray()) Console.WriteLine($"  profile_id:{one.GetProperty("profile_id")}  {one.GetProperty("value")}");
        }

        foreach (var segment in answer.GetProperty("segments").EnumerateArray())
        {
            var size = segment.GetProperty("size").GetInt64();
            Console.WriteLine($"{(segment.GetProperty("name").GetString() is { } name ? "segment " + name : "the query")}: {Share(size, profiles)} profiles");
            foreach (var overlap in segment.GetProperty("overlap").EnumerateArray())
                Console.WriteLine($"  {Share(overlap.GetProperty("both").GetInt64(), size)} are in {overlap.GetProperty("segment").GetString()}, which has {Count(overlap.GetProperty("size").GetInt64())}");
            foreach (var member in segment.GetProperty("sample").EnumerateArray())
                Console.WriteLine($"  profile_id:{member.GetProperty("profile_id")}  {string.Join(", ", member.GetProperty("identifiers").EnumerateArray().Select(i => $"{i.GetProperty("type").GetString()}:{i.GetProperty("value").GetString()}"))}");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{answer.GetProperty("events").GetInt64():N0} rows read in {answer.GetProperty("seconds").GetDouble():0.00} s, as of step {answer.GetProperty("step")}"));
    }

    /// <summary>A number and, in percent, its share of another.</summary>
    private static string Share(long part, long whole) =>
        whole == 0 ? Count(part) : string.Create(CultureInfo.InvariantCulture, $"{part:N0} of {whole:N0} ({100.0 * part / whole:0.0} %)");

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
