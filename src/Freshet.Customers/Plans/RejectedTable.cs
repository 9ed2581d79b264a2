using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Plan.Catalog;
using Freshet.Syntax.Text;

namespace Freshet.Customers.Plans;

/// <summary>
/// <c>events$rejected</c>: a row for each event that broke the tracking plan, and one for each that was taken later. A topic of the log
/// whose records are JSON objects with the columns as members.
/// </summary>
public static class RejectedTable
{
    public const string Name = "events$rejected";

    /// <summary>The topic: a folder of the data directory.</summary>
    public const string Topic = "events_rejected";

    public static TableDefinition Definition { get; } = new(
        Name,
        new Schema(
        [
            new("message_id", SqlType.String), new("event", SqlType.String), new("type", SqlType.String), new("user_id", SqlType.String), new("anonymous_id", SqlType.String),
            new("source", SqlType.String), new("action", SqlType.String), new("reason", SqlType.String), new("reasons", SqlType.Array(SqlType.String)), new("event_time", SqlType.TimestampLtz(3)),
            new("received_at", SqlType.TimestampLtz(3)), new("rejected_at", SqlType.TimestampLtz(3)), new("payload", SqlType.Variant),
        ]),
        [],
        -1,
        null,
        [],
        ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, "log").Add("topic", Topic).Add("format", "json"),
        new SourceText(Name, ""),
        default);
}
