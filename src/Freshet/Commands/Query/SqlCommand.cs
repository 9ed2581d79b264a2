using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Commands.Execute;
using Freshet.Server;
using Spectre.Console;

namespace Freshet.Commands.Query;

/// <summary>freshet sql: a statement to a running server, the answer as a table, CSV or JSON.</summary>
internal static class SqlCommand
{
    private static readonly string[] Formats = ["table", "csv", "json"];

    public static Command Build()
    {
        var sql = new Argument<string>("statement") { Description = "A SELECT, EXPLAIN, SHOW or DESCRIBE, or a SUBSCRIBE, which runs until Ctrl-C; - reads it from standard input." };
        var url = new Option<string>("--url") { Description = "The server.", DefaultValueFactory = _ => "http://127.0.0.1:7070", HelpName = "URL" };
        var token = new Option<string?>("--token") { Description = "The API token; better in FRESHET_API_TOKEN, where other users do not see it.", HelpName = "TOKEN" };
        var format = new Option<string?>("--format") { Description = "table, csv or json (one object a line); table for a person and for a plan, else csv.", HelpName = "F" };
        format.OnlyAmong(Formats);
        var command = new Command("sql", "Ask a running server.") { sql, url, token, format };
        command.SetAction(async (parsed, cancellation) =>
        {
            var statement = parsed.GetValue(sql)!;
            if (statement == "-") statement = await Console.In.ReadToEndAsync(cancellation);
            return await RunAsync(parsed.GetValue(url)!, parsed.GetValue(token) ?? Environment.GetEnvironmentVariable("FRESHET_API_TOKEN"), statement, parsed.GetValue(format) ?? (Console.IsOutputRedirected && !IsPlan(statement) ? "csv" : "table"), cancellation);
        });
        ExamplesHelp.Attach(command, ["freshet sql \"SELECT * FROM revenue_per_minute ORDER BY minute_start DESC LIMIT 10\"", "freshet sql \"SHOW VIEWS\" --format json", "freshet sql \"EXPLAIN revenue_per_minute\"", "freshet sql \"EXPLAIN WATERMARK FOR sessions\"", "freshet sql \"SUBSCRIBE orders_per_user\"", "freshet sql - --format csv < report.sql"]);
        return command;
    }

    private static bool IsPlan(string statement) =>
        statement.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries) is [var first, var second, ..] && first.Equals("EXPLAIN", StringComparison.OrdinalIgnoreCase) && !second.Equals("WATERMARK", StringComparison.OrdinalIgnoreCase);

    private static async Task<int> RunAsync(string server, string? token, string sql, string format, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address)) throw new UserException("usage", $"--url is \"{server}\" but must be like http://127.0.0.1:7070.");
        using var client = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/sql") { Content = new StringContent(sql, Encoding.UTF8, "text/plain") };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (format == "csv") request.Headers.Accept.ParseAdd("text/csv");
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            if (!response.IsSuccessStatusCode) return await FailAsync((int)response.StatusCode, body, cancellation);
            if (response.Content.Headers.ContentType?.MediaType == "application/x-ndjson") return await SubscriptionPrinter.PrintAsync(body, format == "json", Console.Out, cancellation) ? 0 : UserException.Failed;
            if (format == "csv")
            {
                await using var output = Console.OpenStandardOutput();
                await body.CopyToAsync(output, cancellation);
                return 0;
            }

            using var answer = await JsonDocument.ParseAsync(body, default, cancellation);
            if (format == "json") WriteJson(answer.RootElement);
            else WriteTable(answer.RootElement);
            return 0;
        }
        catch (HttpRequestException e)
        {
            throw new UserException("server_unavailable", $"{server} does not answer ({HttpFailure.Reason(e)}); start it with `freshet run`, or give --url.", UserException.Failed);
        }
        catch (IOException e) when (e is HttpIOException or { InnerException: not null })
        {
            // What is cut off is no answer: a shorter one would be taken for the whole.
            throw new UserException("answer_cut", "The answer ended in the middle: the query met a limit of the server (limits.queryTime, limits.queryBytes), or the server went away.", UserException.Failed);
        }
        catch (JsonException)
        {
            throw new UserException("not_freshet", $"{server} gives an answer that is not Freshet's; check --url.", UserException.Failed);
        }
    }

    private static async Task<int> FailAsync(int status, Stream body, CancellationToken cancellation)
    {
        using var answer = await JsonDocument.ParseAsync(body, default, cancellation);
        var place = answer.RootElement.TryGetProperty("line", out var line) ? $"{line}:{answer.RootElement.GetProperty("column")}: " : "";
        var message = answer.RootElement.TryGetProperty("message", out var text) ? text.GetString() : $"The server answers {status}.";
        await Console.Error.WriteLineAsync($"freshet: {place}{message}");
        return UserException.Failed;
    }

    private static void WriteJson(JsonElement answer)
    {
        var names = answer.GetProperty("columns").EnumerateArray().Select(c => JsonEncodedText.Encode(c.GetProperty("name").GetString()!)).ToArray();
        foreach (var row in answer.GetProperty("rows").EnumerateArray())
            Console.WriteLine("{" + string.Join(",", names.Select((name, i) => $"\"{name}\":{row[i].GetRawText()}")) + "}");
    }

    private static void WriteTable(JsonElement answer)
    {
        if (answer.GetProperty("columns").EnumerateArray().All(c => c.GetProperty("name").GetString() == "plan"))
        {
            // A plan is a text, drawn already.
            foreach (var row in answer.GetProperty("rows").EnumerateArray()) Console.WriteLine(row[0].GetString());
            return;
        }

        var table = ResultPrinter.NewTable(answer.GetProperty("columns").EnumerateArray().Select(c => (c.GetProperty("name").GetString()!, IsNumber(c.GetProperty("type").GetString()!))));
        var count = 0;
        foreach (var row in answer.GetProperty("rows").EnumerateArray())
        {
            table.AddRow(row.EnumerateArray().Select(Cell).ToArray());
            count++;
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"{count:N0} row{(count == 1 ? "" : "s")}");
    }

    private static bool IsNumber(string type) =>
        type.Contains("INT", StringComparison.Ordinal) || type.StartsWith("DECIMAL", StringComparison.Ordinal) || type.StartsWith("DOUBLE", StringComparison.Ordinal) || type.StartsWith("FLOAT", StringComparison.Ordinal);

    private static string Cell(JsonElement value) => ResultPrinter.Cell(value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    });
}
