using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Server;

namespace Freshet.Commands.Preview;

/// <summary>freshet preview: what a segment would hold, before it is published; a running server is asked.</summary>
internal static class PreviewCommand
{
    public static Command Build()
    {
        var file = new Argument<string>("file") { Description = "CREATE TRAIT and CREATE SEGMENT statements, or a SELECT that gives profile_id; - reads standard input." };
        var url = new Option<string>("--url") { Description = "The server.", DefaultValueFactory = _ => "http://127.0.0.1:7070", HelpName = "URL" };
        var token = new Option<string?>("--token") { Description = "The API token; better in FRESHET_API_TOKEN, where other users do not see it.", HelpName = "TOKEN" };
        var sample = new Option<int>("--sample") { Description = "Members to show, at most 20.", DefaultValueFactory = _ => 5, HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "The server's answer as it is." };
        var command = new Command("preview", "Size, sample and overlap of a segment over the whole history, before it is published.") { file, url, token, sample, json };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(file)!, parsed.GetValue(url)!, parsed.GetValue(token) ?? Environment.GetEnvironmentVariable("FRESHET_API_TOKEN"), parsed.GetValue(sample), parsed.GetValue(json), cancellation));
        ExamplesHelp.Attach(command, ["freshet preview winback.sql", "echo \"SELECT profile_id FROM orders WHERE \\`value\\` > 3\" | freshet preview -"]);
        return command;
    }

    private static async Task<int> RunAsync(string file, string server, string? token, int sample, bool isJson, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address)) throw new UserException("usage", $"--url is \"{server}\" but must be like http://127.0.0.1:7070.");
        if (file != "-" && !File.Exists(file)) throw new UserException("file_missing", $"There is no file {file}.");
        var sql = file == "-" ? await Console.In.ReadToEndAsync(cancellation) : await File.ReadAllTextAsync(file, cancellation);
        using var client = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/segments/preview?sample={sample.ToString(CultureInfo.InvariantCulture)}") { Content = new StringContent(sql, Encoding.UTF8, "text/plain") };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await client.SendAsync(request, cancellation);
            var body = await response.Content.ReadAsStringAsync(cancellation);
            using var answer = JsonDocument.Parse(body);
            if (!response.IsSuccessStatusCode)
            {
                var place = answer.RootElement.TryGetProperty("line", out var line) ? $"{file}:{line}:{answer.RootElement.GetProperty("column")}: " : "";
                throw new UserException("preview_failed", place + answer.RootElement.GetProperty("message").GetString(), UserException.Failed);
            }

            if (isJson) Console.WriteLine(body);
            else Write(answer.RootElement);
            return 0;
        }
        catch (HttpRequestException e)
        {
            throw new UserException("server_unavailable", $"{server} does not answer ({HttpFailure.Reason(e)}); start it with `freshet run`, or give --url.", UserException.Failed);
        }
        catch (JsonException)
        {
            throw new UserException("not_freshet", $"{server} gives an answer that is not Freshet's; check --url.", UserException.Failed);
        }
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
