using System.Buffers;
using System.Globalization;
using System.Text;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;

namespace Freshet.Server.Subscriptions;

/// <summary>
/// Subscriptions over HTTP, without an end: SUBSCRIBE to POST /api/sql as lines of JSON; GET /api/views/{name}/changes as Server-Sent
/// Events, or as a WebSocket where the client asks for one. Access has been checked by the route. A reader that takes nothing for a
/// while is cut; one that takes too slowly is told so.
/// </summary>
internal sealed class SubscribeRoutes(SubscriptionHub hub)
{
    /// <summary>Longest that one message may wait for the client to read.</summary>
    public static readonly TimeSpan WriteTimeMax = TimeSpan.FromSeconds(30);

    private const string Suffix = "/changes";

    /// <summary>Whether a text is a SUBSCRIBE; false where it cannot be parsed.</summary>
    public static bool IsSubscription(string sql)
    {
        if (!sql.Contains("SUBSCRIBE", StringComparison.OrdinalIgnoreCase)) return false;
        try
        {
            return SqlParser.ParseOne(new SourceText("query", sql)) is Syntax.Tree.Subscribe;
        }
        catch (SqlException)
        {
            return false;
        }
    }

    /// <summary>The view whose changes a path asks for, or null where it asks for rows.</summary>
    public static ViewInfo? ViewOf(Exchange exchange, IViewReader reader)
    {
        var target = exchange.Request.RawTarget.Split('?')[0];
        if (!target.EndsWith(Suffix, StringComparison.Ordinal)) return null;
        var name = Uri.UnescapeDataString(target["/api/views/".Length..^Suffix.Length]);
        var view = reader.Views.FirstOrDefault(v => v.Name == name);
        // The row whose key is "changes" is read with ?format=rows.
        return view is not null && exchange.Query("format") != "rows" ? view : null;
    }

    /// <summary>Answers a SUBSCRIBE statement with lines of JSON.</summary>
    public async ValueTask AnswerSqlAsync(Exchange exchange, string sql)
    {
        if (!TryStart(exchange, out var start, out var refusal) || !TryOpen(() => hub.OpenSql(sql, start!), out var subscription, out refusal))
        {
            refusal!.Write(exchange);
            return;
        }

        using (subscription)
        {
            await exchange.BeginAnswerAsync(200, "application/x-ndjson");
            await WriteAsync(exchange, subscription!, static (message, writer) =>
            {
                writer.Write(message.Json.Span);
                writer.Write("\n"u8);
            });
        }
    }

    /// <summary>Answers with the changes of a view, as events or over a WebSocket.</summary>
    public async ValueTask AnswerViewAsync(Exchange exchange, ViewInfo view)
    {
        if (!TryStart(exchange, out var start, out var refusal) || !TryOpen(() => hub.OpenView(view.Name, start!), out var subscription, out refusal))
        {
            refusal!.Write(exchange);
            return;
        }

        using (subscription)
        {
            if (exchange.CanUpgrade && exchange.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase))
            {
                await WebSocketAnswer.WriteAsync(exchange, subscription!);
                return;
            }

            exchange.Response.Headers.CacheControl = "no-store";
            exchange.Response.Headers["X-Accel-Buffering"] = "no";
            await exchange.BeginAnswerAsync(200, "text/event-stream; charset=utf-8");
            await WriteAsync(exchange, subscription!, static (message, writer) =>
            {
                writer.Write(Encoding.ASCII.GetBytes($"event: {MessageJson.TypeOf(message.Kind)}\n"));
                if (message.Step >= 0) writer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {message.Step}\n")));
                writer.Write("data: "u8);
                writer.Write(message.Json.Span);
                writer.Write("\n\n"u8);
            });
        }
    }

    private static async ValueTask WriteAsync(Exchange exchange, Subscription subscription, Action<ChangeMessage, IBufferWriter<byte>> format)
    {
        try
        {
            await foreach (var message in subscription.ReadAsync(exchange.Aborted))
            {
                format(message, exchange.Writer);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(exchange.Aborted);
                patience.CancelAfter(WriteTimeMax);
                var flushed = await exchange.Writer.FlushAsync(patience.Token);
                if (flushed.IsCompleted) return;
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or has read nothing for too long.
            exchange.Abort();
        }
    }

    private static bool TryOpen(Func<Subscription> open, out Subscription? subscription, out Refusal? refusal)
    {
        subscription = null;
        refusal = null;
        try
        {
            subscription = open();
            return true;
        }
        catch (QueryException e)
        {
            refusal = new Refusal(e.Code is "too_many_subscriptions" or "server_stopping" ? 503 : 400, e.Code, e.Message) { Line = e.Line, Column = e.Column };
            return false;
        }
    }

    /// <summary>Where the reader begins: ?snapshot=false, and Last-Event-ID or ?after= with a step.</summary>
    private static bool TryStart(Exchange exchange, out SubscriptionStart? start, out Refusal? refusal)
    {
        start = null;
        refusal = null;
        var snapshot = exchange.Query("snapshot");
        if (snapshot is not (null or "true" or "false"))
        {
            refusal = new Refusal(400, "invalid_snapshot", "snapshot must be true or false.");
            return false;
        }

        var after = exchange.Headers["Last-Event-ID"].ToString() is { Length: > 0 } id ? id : exchange.Query("after");
        if (after is null)
        {
            start = new SubscriptionStart(snapshot != "false");
            return true;
        }

        if (long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var step))
        {
            start = new SubscriptionStart(true, step);
            return true;
        }

        refusal = new Refusal(400, "invalid_step", "Last-Event-ID, or after, must be the step of a message.");
        return false;
    }
}
