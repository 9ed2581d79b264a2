using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Times;
using Freshet.Syntax.Text;

namespace Freshet.Plan.Catalog;

/// <summary>The built-in table of all events that come in over the tracking API.</summary>
public static class EventsTable
{
    public const string Name = "events";

    /// <summary>The connector that stands for the built-in topic.</summary>
    public const string Connector = "events";

    /// <summary>Columns, and the member of the stored event that each is read from.</summary>
    public static ImmutableArray<(string Column, SqlType Type, string Member)> Columns { get; } =
    [
        ("message_id", SqlType.String, "messageId"),
        ("type", SqlType.String, "type"),
        ("event", SqlType.String, "event"),
        ("name", SqlType.String, "name"),
        ("category", SqlType.String, "category"),
        ("user_id", SqlType.String, "userId"),
        ("anonymous_id", SqlType.String, "anonymousId"),
        ("group_id", SqlType.String, "groupId"),
        ("previous_id", SqlType.String, "previousId"),
        ("properties", SqlType.Variant, "properties"),
        ("traits", SqlType.Variant, "traits"),
        ("context", SqlType.Variant, "context"),
        ("integrations", SqlType.Variant, "integrations"),
        ("event_time", SqlType.TimestampLtz(3), "timestamp"),
        ("received_at", SqlType.TimestampLtz(3), "receivedAt"),
        ("original_timestamp", SqlType.TimestampLtz(3), "originalTimestamp"),
        ("sent_at", SqlType.TimestampLtz(3), "sentAt"),
        ("source", SqlType.String, "source"),
        ("sequence", SqlType.BigInt.NotNull, ""),
        ("may_join", SqlType.Boolean, "mayJoin"),
        ("anonymised", SqlType.Boolean, "anonymised"),
    ];

    /// <summary>The table with a watermark that stays <paramref name="delayMs"/> behind the highest event time.</summary>
    public static TableDefinition Create(long delayMs)
    {
        var schema = new Schema([.. Columns.Select(c => new Field(c.Column, c.Type))]);
        var rowTime = schema.IndexOf("event_time");
        var delay = new BoundLiteral(SqlType.IntervalDayTime.NotNull, default, delayMs);
        var watermark = new BoundCall("-", TimeArithmetic.AddInterval(-1), [new BoundColumn(rowTime, schema[rowTime]), delay], schema[rowTime], default);
        return new TableDefinition(
            Name, schema, [], rowTime, watermark, [], ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, Connector), new SourceText(Name, ""), default);
    }
}
