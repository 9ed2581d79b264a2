using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Freshet.Columns.Types;
using Freshet.Plan.Catalog;

namespace Freshet.Testing.Scripts;

/// <summary>An event of a test script: JSON as it is sent, with what the server would add.</summary>
internal sealed class TestEvent
{
    private readonly JsonObject _members;

    private TestEvent(JsonObject members) => _members = members;

    public string MessageId => _members["messageId"]!.GetValue<string>();

    /// <summary>The record that the topic events would have.</summary>
    public byte[] Record => Encoding.UTF8.GetBytes(_members.ToJsonString());

    /// <param name="time">When the server takes it.</param>
    /// <param name="number">Its place among the events of the script, from 1: its message id where it has none.</param>
    /// <exception cref="TestScriptException">The line is no event.</exception>
    public static TestEvent Parse(TestLine line, DateTimeOffset time, int number)
    {
        JsonObject sent;
        try
        {
            sent = JsonNode.Parse(line.Text) as JsonObject ?? throw new JsonException("it is no object.");
        }
        catch (JsonException e)
        {
            throw new TestScriptException($"line {line.Number} is no event in JSON: {e.Message}");
        }

        if (sent["type"] is not JsonValue) throw new TestScriptException($"line {line.Number}: the event needs a \"type\": track, identify, page, screen, group or alias.");
        if (sent["userId"] is null && sent["anonymousId"] is null) throw new TestScriptException($"line {line.Number}: the event has neither userId nor anonymousId.");
        if (sent.Remove("timestamp", out var timestamp) && timestamp is not null) sent["originalTimestamp"] = timestamp.DeepClone();
        sent["messageId"] ??= string.Create(CultureInfo.InvariantCulture, $"m{number}");
        sent["source"] ??= "test";
        sent["receivedAt"] = Text(time);
        sent["timestamp"] = timestamp is null ? Text(time) : Text(TimeOf(timestamp, line));
        return new TestEvent(sent);
    }

    /// <summary>The row of the table events, as SQL.</summary>
    public string Row(long sequence) => string.Join(", ", EventsTable.Columns.Select(c => c.Member.Length == 0 ? sequence.ToString(CultureInfo.InvariantCulture) : Cell(_members[c.Member], c.Type)));

    private static string Cell(JsonNode? value, SqlType type)
    {
        if (value is null) return $"CAST(NULL AS {type})";
        if (type.Kind == TypeKind.Variant) return $"PARSE_JSON({Quoted(value.ToJsonString())})";
        var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
        if (type.IsCharacter) return Quoted(text);
        if (type.Kind == TypeKind.Boolean) return text;
        var time = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        return string.Create(CultureInfo.InvariantCulture, $"TO_TIMESTAMP_LTZ({time.ToUnixTimeMilliseconds()}, 3)");
    }

    private static DateTimeOffset TimeOf(JsonNode value, TestLine line) =>
        DateTimeOffset.TryParse(value.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw new TestScriptException($"line {line.Number}: the timestamp is no time.");

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
