using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Server.Http;
using Freshet.Server.Segments;
using Freshet.Server.Subscriptions;
using Freshet.Syntax.Tree;

namespace Freshet.Server.Api;

/// <summary>
/// POST /api/sql: one statement that reads, as {"sql":".."} or as text; the whole result streams as
/// <c>{"columns":[{"name","type"}],"rows":[[..]]}</c> or, by Accept: text/csv, as CSV. A limit that is met before the first
/// bytes are sent is a plain error; later the connection is cut, so that a shorter answer is never taken for the whole.
/// </summary>
/// <param name="memberships">Null where the project has no profiles.</param>
internal sealed class SqlRoute(IViewReader reader, AccessRules access, TimeSpan timeMax, SubscribeRoutes? subscriptions, MembershipAnswers? memberships)
{
    private const int StatementBytesMax = 256 << 10;
    private const int FlushBytes = 32 << 10;

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/sql", ["POST"], HandleAsync) { Cors = access.AllowListedOrigins };
    }

    private async ValueTask HandleAsync(Exchange exchange)
    {
        if ((access.Check(exchange) ?? ViewRoutes.NotReady(reader)) is { } forbidden)
        {
            forbidden.Write(exchange);
            return;
        }

        if (await ReadAsync(exchange) is not { } sql) return;

        if (subscriptions is not null && SubscribeRoutes.IsSubscription(sql))
        {
            await subscriptions.AnswerSqlAsync(exchange, sql);
            return;
        }

        if (memberships is not null && MembershipAnswers.Asked(sql) is { } asked)
        {
            await ExplainAsync(exchange, asked);
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(exchange.Aborted);
        timeout.CancelAfter(timeMax);
        try
        {
            await using var rows = await reader.QueryAsync(sql, timeout.Token);
            await AnswerAsync(exchange, rows, timeout.Token);
        }
        catch (QueryException e) when (!exchange.HasStarted)
        {
            new Refusal(400, e.Code, e.Message) { Line = e.Line, Column = e.Column }.Write(exchange);
        }
        catch (OperationCanceledException) when (!exchange.Aborted.IsCancellationRequested && !exchange.HasStarted)
        {
            new Refusal(503, "query_time", $"The query took longer than {timeMax.TotalSeconds:0.#} s (limits.queryTime); narrow it, or make it a materialized view.") { RetryAfterSeconds = 1 }.Write(exchange);
        }
    }

    private static async ValueTask AnswerAsync(Exchange exchange, IRows rows, CancellationToken cancellation)
    {
        var batch = await rows.NextAsync(cancellation);
        if (exchange.Headers.Accept.ToString().Contains("text/csv", StringComparison.OrdinalIgnoreCase)) await WriteCsvAsync(exchange, rows, batch, cancellation);
        else await WriteJsonAsync(exchange, rows, batch, cancellation);
    }

    private async ValueTask ExplainAsync(Exchange exchange, ExplainMembership asked)
    {
        var (membership, refusal) = await memberships!.ExplainAsync(asked, exchange.Aborted);
        if (membership is null)
        {
            refusal!.Write(exchange);
            return;
        }

        await using var rows = new TextRows(MembershipRows.Columns, MembershipRows.Of(membership), membership.Step);
        await AnswerAsync(exchange, rows, exchange.Aborted);
    }

    /// <summary>The SQL of a request; null where it holds none, which has been answered.</summary>
    public static async ValueTask<string?> ReadAsync(Exchange exchange)
    {
        var body = await exchange.ReadBodyAsync(StatementBytesMax);
        if (body == BodyResult.Complete && Statement(exchange) is { } sql) return sql;
        new Refusal(body == BodyResult.TooLarge ? 413 : 400, "invalid_body", "Send the statement as {\"sql\":\"SELECT ...\"} or as text/plain, at most 256 KiB.").Write(exchange);
        return null;
    }

    /// <summary>The statement, or null where the body holds none.</summary>
    private static string? Statement(Exchange exchange)
    {
        var body = exchange.Body.Span;
        var isJson = exchange.Headers.ContentType.ToString().StartsWith("application/json", StringComparison.OrdinalIgnoreCase) || body.TrimStart(" \t\r\n"u8).StartsWith("{"u8);
        if (!System.Text.Unicode.Utf8.IsValid(body)) return null;
        if (!isJson) return body.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(body);
        try
        {
            using var json = JsonDocument.Parse(exchange.Body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("sql", out var sql) && sql.ValueKind == JsonValueKind.String ? sql.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async ValueTask WriteJsonAsync(Exchange exchange, IRows rows, Batch? batch, CancellationToken cancellation)
    {
        await exchange.BeginAnswerAsync(200, "application/json");
        await using var json = new Utf8JsonWriter(exchange.Writer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        RowJson.WriteColumns(json, rows.Schema);
        json.WriteStartArray("rows");
        for (; batch is not null; batch = await rows.NextAsync(cancellation))
        {
            for (var i = 0; i < batch.Count; i++)
            {
                RowJson.WriteArray(json, rows.Schema, batch, batch.RowAt(i));
                if (json.BytesPending + exchange.Writer.UnflushedBytes < FlushBytes) continue;
                json.Flush();
                await exchange.Writer.FlushAsync(cancellation);
            }

            batch.Release();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async ValueTask WriteCsvAsync(Exchange exchange, IRows rows, Batch? batch, CancellationToken cancellation)
    {
        await exchange.BeginAnswerAsync(200, "text/csv; charset=utf-8");
        var writer = exchange.Writer;
        CsvWriter.WriteHeader(writer, rows.Schema);
        for (; batch is not null; batch = await rows.NextAsync(cancellation))
        {
            for (var i = 0; i < batch.Count; i++)
            {
                CsvWriter.WriteRow(writer, rows.Schema, batch, batch.RowAt(i));
                if (writer.UnflushedBytes > FlushBytes) await writer.FlushAsync(cancellation);
            }

            batch.Release();
        }
    }
}
