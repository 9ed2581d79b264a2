using System.Globalization;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// Options of the connector <c>nexmark</c>: those of the public suite, and what makes a run repeatable (seed, base-time, file).
/// Shapes of the rate and proportions other than the suite's defaults are not made.
/// </summary>
internal sealed record NexmarkOptions(long Events, long Rate, long Seed, long BaseTimeMs, string? File, bool IsPreloaded, bool MakesAllFields)
{
    public static readonly string[] Known =
    [
        "connector", "events.num", "first-event.rate", "next-event.rate", "seed", "base-time", "file", "preload", "all-fields", "rate.shape", "rate.period", "rate.limited",
        "person.avg-size", "auction.avg-size", "bid.avg-size", "person.proportion", "auction.proportion", "bid.proportion",
        "bid.hot-ratio.auctions", "bid.hot-ratio.bidders", "auction.hot-ratio.sellers", "keep-alive", "stop-at", "max-emit-speed", "scan.watermark.emit.strategy",
    ];

    private static readonly Dictionary<string, string[]> Fixed = new()
    {
        ["person.avg-size"] = ["200b", "200"],
        ["auction.avg-size"] = ["500b", "500"],
        ["bid.avg-size"] = ["100b", "100"],
        ["person.proportion"] = ["1"],
        ["auction.proportion"] = ["3"],
        ["bid.proportion"] = ["46"],
        ["bid.hot-ratio.auctions"] = ["2"],
        ["bid.hot-ratio.bidders"] = ["4"],
        ["auction.hot-ratio.sellers"] = ["4"],
    };

    public static NexmarkOptions Of(TableDefinition table) => new(
        Number(table, "events.num", 0),
        Number(table, "first-event.rate", 10_000),
        Number(table, "seed", 42),
        Number(table, "base-time", 1_700_000_000_000),
        table.Options.GetValueOrDefault("file"),
        table.Option("preload", "false") == "true",
        table.Option("all-fields", "false") == "true");

    /// <summary>Holds a table against the connector: options, and the suite's columns by their places.</summary>
    public static void Check(TableDefinition table)
    {
        SqlException Error(string sentence) => new(table.Source, table.Place, sentence);
        var options = Of(table);
        if (options.Events < 0 || options.Rate <= 0) throw Error("'events.num' must not be negative, and 'first-event.rate' must be above 0.");
        if (options.Events == 0 && options.File is null) throw Error("The connector 'nexmark' needs 'events.num', the number of events, or 'file', a file of events as JSON lines.");
        foreach (var (key, values) in Fixed)
            if (table.Options.TryGetValue(key, out var value) && !values.Contains(value.Replace(" ", "", StringComparison.Ordinal))) throw Error($"'{key}' = '{value}' is not supported: events are those of the suite's default, '{values[0]}'.");
        var columns = Physical(table);
        NexmarkField[] firsts = [NexmarkField.PersonId, NexmarkField.AuctionId, NexmarkField.BidAuction, (NexmarkField)NexmarkColumns.Fields];
        if (columns.Count is 0 or > 4 || table.Schema[columns[0]].Physical != PhysicalKind.Int32)
            throw Error("A table of the connector 'nexmark' has the columns event_type INT, person ROW<...>, auction ROW<...>, bid ROW<...>, in this order.");
        for (var c = 1; c < columns.Count; c++)
        {
            var type = table.Schema[columns[c]];
            var fits = type.Kind == TypeKind.Row && type.Fields.Length == firsts[c] - firsts[c - 1]
                && !type.Fields.Where((f, i) => f.Type.Physical != NexmarkColumns.KindOf(firsts[c - 1] + i)).Any();
            if (!fits) throw Error($"The column {table.Schema.Fields[columns[c]].Name} is not the suite's ROW: its fields are taken by their places, with the types BIGINT, STRING and TIMESTAMP(3).");
        }
    }

    /// <summary>The value of an event that a column of a scan means.</summary>
    public static NexmarkField FieldOf(TableDefinition table, ScanColumn column)
    {
        var place = Physical(table).IndexOf(column.Column);
        if (place == 0) return NexmarkField.EventType;
        var first = place switch { 1 => NexmarkField.PersonId, 2 => NexmarkField.AuctionId, _ => NexmarkField.BidAuction };
        var fields = table.Schema[column.Column].Fields;
        for (var i = 0; i < fields.Length; i++)
            if (fields[i].Name == column.Path!.Steps[0].Key) return first + i;
        throw new InvalidOperationException($"The plan reads {column} of {table.Name}, which is no field.");
    }

    private static List<int> Physical(TableDefinition table) => [.. Enumerable.Range(0, table.Schema.Count).Where(c => !table.IsComputed(c))];

    private static long Number(TableDefinition table, string key, long otherwise)
    {
        if (!table.Options.TryGetValue(key, out var text)) return otherwise;
        return long.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new SqlException(table.Source, table.Place, $"'{key}' = '{text}' is no whole number.");
    }
}
