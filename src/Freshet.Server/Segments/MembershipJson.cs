using System.Text.Json;
using Freshet.Customers.Segments;
using Freshet.Syntax.Printing;

namespace Freshet.Server.Segments;

/// <summary>A <see cref="Membership"/> as JSON.</summary>
internal static class MembershipJson
{
    public static void Write(Utf8JsonWriter json, Membership membership)
    {
        json.WriteStartObject();
        json.WriteNumber("profile_id", membership.Profile);
        json.WriteString("segment", membership.Segment.Name);
        json.WriteBoolean("member", membership.IsMember);
        json.WriteNumber("step", membership.Step);
        json.WriteString("at", Time(membership.ClockMicros));
        if (membership.ChangesAtMicros is { } at)
        {
            json.WriteStartObject("changes");
            json.WriteString("at", Time(at));
            json.WriteString("to", membership.IsMember ? "exited" : "entered");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("changes");
        }

        WriteLevel(json, membership.Segment);
        json.WriteStartArray("traits");
        foreach (var (name, value) in membership.Traits)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WritePropertyName("value");
            json.WriteRawValue(value ?? "null", skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("events");
        foreach (var one in membership.Events)
        {
            json.WriteStartObject();
            json.WriteString("message_id", one.MessageId);
            json.WriteString("event_time", one.Time);
            json.WriteString("event", one.Event);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notes");
        foreach (var note in membership.Notes) json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A moment as in the answers of the API.</summary>
    public static string Time(long micros) => DateTimeOffset.UnixEpoch.AddMicroseconds(micros).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static void WriteLevel(Utf8JsonWriter json, SegmentLevel level)
    {
        json.WriteNumber("rows", level.Rows);
        if (level.Combines is { } combines) json.WriteString("combines", combines.ToString().ToLowerInvariant());
        json.WriteStartArray("conditions");
        foreach (var condition in new[] { level.Where, level.Having })
            if (condition is not null) WriteCondition(json, condition);
        json.WriteEndArray();
        json.WriteStartArray("sources");
        foreach (var source in level.Sources) WriteSource(json, source);
        json.WriteEndArray();
    }

    private static void WriteSource(Utf8JsonWriter json, SegmentLevel source)
    {
        json.WriteStartObject();
        json.WriteString("name", source.Name);
        json.WriteString("kind", source.Kind);
        json.WriteBoolean("holds", source.Holds);
        WriteLevel(json, source);
        json.WriteEndObject();
    }

    private static void WriteCondition(Utf8JsonWriter json, Condition condition)
    {
        json.WriteStartObject();
        json.WriteString("kind", condition.Kind switch { ConditionKind.All => "all", ConditionKind.Any => "any", ConditionKind.Not => "not", _ => "condition" });
        json.WriteString("text", condition.Text);
        json.WriteString("clause", condition.Clause);
        if (condition.Holds is { } holds) json.WriteBoolean("holds", holds);
        else json.WriteNull("holds");
        json.WriteNumber("rows", condition.RowsHolding);
        if (condition.Kind == ConditionKind.Single)
        {
            json.WriteStartArray("values");
            for (var i = 0; i < condition.Values.Count; i++)
            {
                json.WriteStartObject();
                json.WriteString("of", Condition.Shown(SqlPrinter.Print(condition.Operands[i])));
                json.WritePropertyName("value");
                json.WriteRawValue(condition.Values[i], skipInputValidation: true);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteStartArray("conditions");
            foreach (var part in condition.Parts) WriteCondition(json, part);
            json.WriteEndArray();
        }

        if (condition.Query is { } query)
        {
            json.WritePropertyName("query");
            WriteSource(json, query);
        }

        json.WriteEndObject();
    }
}
