using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sources;

/// <summary>How a column comes out of a record: by a path into its value, or from the record itself.</summary>
/// <param name="Path">The path into the value; null where <paramref name="Part"/> is another.</param>
internal sealed record TopicColumn(SqlType Type, JsonPath? Path, bool FailsAsNull, RecordPart Part = RecordPart.Value)
{
    /// <summary>A column of the built-in events table.</summary>
    public static TopicColumn OfEvent(ScanColumn column)
    {
        var member = EventsTable.Columns[column.Column].Member;
        return member.Length == 0 ? new TopicColumn(column.Type, null, false, RecordPart.Offset) : Of(member, column, failsAsNull: true);
    }

    /// <summary>A column of a table over a topic.</summary>
    public static TopicColumn Of(TableDefinition table, ScanColumn column) =>
        table.Metadata.FirstOrDefault(m => m.Column == column.Column) is { } metadata
            ? new TopicColumn(column.Type, null, false, RecordMetadata.Known[metadata.Key].Part)
            : Of(table.Schema.Fields[column.Column].Name, column);

    /// <summary>A column of a table over JSON objects.</summary>
    public static TopicColumn Of(string member, ScanColumn column, bool failsAsNull = false)
    {
        var path = JsonPath.Of(member);
        return new TopicColumn(column.Type, column.Path is null ? path : JsonPath.Of(JsonPathMode.Lax, [.. path.Steps, .. column.Path.Steps]), failsAsNull || column.FailsAsNull);
    }
}
