using System.Globalization;
using System.Text;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.Profiles;

/// <summary>Which events of somebody are asked for, and in which order. Times are µs since 1970, from the one up to the other.</summary>
internal sealed record EventFilter(string[]? Include, string[]? Exclude, long? Start, long? End, bool IsAscending)
{
    /// <summary>The latest of all kinds.</summary>
    public bool IsPlain => Include is null && Exclude is null && Start is null && End is null && !IsAscending;

    /// <summary>That of a request; null where a time cannot be read.</summary>
    public static EventFilter? Of(Exchange exchange)
    {
        var (start, end) = (Time("start", out var startIsRight), Time("end", out var endIsRight));
        return startIsRight && endIsRight ? new EventFilter(exchange.Query("include")?.Split(','), exchange.Query("exclude")?.Split(','), start, end, exchange.Query("sort") == "asc") : null;

        long? Time(string name, out bool isRight)
        {
            isRight = true;
            if (exchange.Query(name) is not { Length: > 0 } text) return null;
            isRight = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time);
            return isRight ? time.ToUnixTimeMilliseconds() : null;
        }
    }

    /// <summary>As conditions behind others.</summary>
    public string Sql
    {
        get
        {
            var sql = new StringBuilder();
            if (Include is not null) sql.Append(CultureInfo.InvariantCulture, $" AND event IN ({Texts(Include)})");
            if (Exclude is not null) sql.Append(CultureInfo.InvariantCulture, $" AND (event IS NULL OR event NOT IN ({Texts(Exclude)}))");
            if (Start is { } start) sql.Append(CultureInfo.InvariantCulture, $" AND event_time >= TO_TIMESTAMP_LTZ({start}, 3)");
            if (End is { } end) sql.Append(CultureInfo.InvariantCulture, $" AND event_time < TO_TIMESTAMP_LTZ({end}, 3)");
            return sql.ToString();
        }
    }

    public static string Text(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    private static string Texts(string[] texts) => string.Join(", ", texts.Select(Text));
}

/// <summary>
/// Events of somebody from the whole history, page by page. A page costs a pass over the log: the latest few, which are kept, are read
/// without it.
/// </summary>
internal sealed class EventHistory(IViewReader views, IEventLog log, TimeSpan timeMax)
{
    /// <param name="table">events, or the identity's, which have the number of their identifier.</param>
    /// <param name="whose">The condition that picks the events.</param>
    /// <returns>The page, and whether there is more.</returns>
    /// <exception cref="RefusedException">It takes longer than limits.queryTime.</exception>
    public async Task<(List<JsonElement> Events, bool HasMore)> ReadAsync(string table, string whose, EventFilter filter, int from, int limit, CancellationToken cancellation)
    {
        var order = filter.IsAscending ? "ASC" : "DESC";
        var sql = string.Create(CultureInfo.InvariantCulture, $"SELECT sequence FROM {table} WHERE {whose}{filter.Sql} ORDER BY event_time {order}, sequence {order} LIMIT {limit + 1} OFFSET {from}");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(timeMax);
        var places = new List<long>();
        try
        {
            await using var rows = await views.QueryAsync(sql, timeout.Token);
            while (await rows.NextAsync(timeout.Token) is { } batch)
            {
                for (var i = 0; i < batch.Count; i++) places.Add(long.Parse(CellText.Text(rows.Schema[0], batch.Columns[0], batch.RowAt(i))!, CultureInfo.InvariantCulture));
                batch.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RefusedException(new Refusal(503, "query_time", $"The history took longer than {timeMax.TotalSeconds:0.#} s (limits.queryTime).") { RetryAfterSeconds = 1 });
        }

        return ([.. places.Take(limit).Select(Read).OfType<JsonElement>()], places.Count > limit);
    }

    private JsonElement? Read(long place)
    {
        if (log.Read(place) is not { } record) return null;
        using var parsed = JsonDocument.Parse(record, new JsonDocumentOptions { MaxDepth = 1024 });
        return parsed.RootElement.Clone();
    }
}
