using System.CommandLine;
using Freshet.Commands.Remote;
using Freshet.Server;

namespace Freshet.Commands.Query;

/// <summary>freshet sql: a statement to a running server, the answer as a table, CSV or JSON; without one, a shell.</summary>
internal static class SqlCommand
{
    private static readonly string[] Formats = ["table", "csv", "json"];

    public static Command Build()
    {
        var sql = new Argument<string?>("statement") { Description = "A SELECT, EXPLAIN, SHOW or DESCRIBE, or a SUBSCRIBE, which runs until Ctrl-C; - reads it from standard input. Without it, a shell.", Arity = ArgumentArity.ZeroOrOne };
        var server = new ServerOptions();
        var format = new Option<string?>("--format") { Description = "table, csv or json (one object a line); table for a person and for a plan, else csv.", HelpName = "F" };
        format.OnlyAmong(Formats);
        var json = new Option<bool>("--json") { Description = "The same as --format json." };
        var command = new Command("sql", "Ask a running server.") { sql, format, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = server.Connect(parsed);
            var statement = parsed.GetValue(sql);
            if (statement is null && !parsed.GetValue(json) && !Console.IsInputRedirected && !Console.IsOutputRedirected) return await new SqlShell(connection).RunAsync(cancellation);
            if (statement is null or "-") statement = await Console.In.ReadToEndAsync(cancellation);
            return await RunAsync(connection, statement, (parsed.GetValue(json) ? "json" : parsed.GetValue(format)) ?? (Console.IsOutputRedirected && !IsPlan(statement) ? "csv" : "table"), cancellation);
        });
        ExamplesHelp.Attach(command, ["freshet sql", "freshet sql \"SELECT * FROM revenue_per_minute ORDER BY minute_start DESC LIMIT 10\"", "freshet sql \"SHOW VIEWS\" --json", "freshet sql \"EXPLAIN revenue_per_minute\"", "freshet sql \"EXPLAIN WATERMARK FOR sessions\"", "freshet sql \"SUBSCRIBE orders_per_user\"", "freshet sql - --format csv < report.sql"]);
        return command;
    }

    private static bool IsPlan(string statement) =>
        statement.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries) is [var first, var second, ..] && first.Equals("EXPLAIN", StringComparison.OrdinalIgnoreCase) && !second.Equals("WATERMARK", StringComparison.OrdinalIgnoreCase);

    private static Task<int> RunAsync(ServerConnection server, string sql, string format, CancellationToken cancellation) => server.SqlAsync(sql, format == "csv" ? "text/csv" : null, async (content, body) =>
    {
        if (content.Headers.ContentType?.MediaType == "application/x-ndjson") return await SubscriptionPrinter.PrintAsync(body, format == "json", Console.Out, cancellation) ? 0 : UserException.Failed;
        if (format == "csv")
        {
            await using var output = Console.OpenStandardOutput();
            await body.CopyToAsync(output, cancellation);
            return 0;
        }

        using var answer = await System.Text.Json.JsonDocument.ParseAsync(body, default, cancellation);
        if (format == "json") AnswerPrinter.WriteJson(answer.RootElement);
        else AnswerPrinter.WriteTable(answer.RootElement);
        return 0;
    }, cancellation);
}
