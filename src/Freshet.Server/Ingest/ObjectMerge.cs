using System.Text.Json;

namespace Freshet.Server.Ingest;

/// <summary>
/// Joins the context or the integrations of a batch with those of one of its events: the members of both, the event's own
/// where both name one. Not deeper: a member is taken whole. Off the common way, since few clients send either per batch.
/// </summary>
internal static class ObjectMerge
{
    /// <summary>Appends the joined object to <paramref name="stage"/>. Both are JSON objects that have been checked.</summary>
    public static void Append(ReadOnlySpan<byte> ofBatch, ReadOnlySpan<byte> ofEvent, StagedEvents stage)
    {
        var own = new HashSet<string>(StringComparer.Ordinal);
        var names = new Utf8JsonReader(ofEvent, new JsonReaderOptions { MaxDepth = int.MaxValue });
        names.Read();
        while (names.Read() && names.TokenType == JsonTokenType.PropertyName)
        {
            own.Add(names.GetString()!);
            names.Read();
            names.Skip();
        }

        stage.Append("{"u8);
        var separator = false;
        var reader = new Utf8JsonReader(ofBatch, new JsonReaderOptions { MaxDepth = int.MaxValue });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isOwn = own.Contains(reader.GetString()!);
            reader.Read();
            reader.Skip();
            if (isOwn) continue;
            if (separator) stage.Append(","u8);
            stage.Append(ofBatch[start..(int)reader.BytesConsumed]);
            separator = true;
        }

        if (own.Count > 0 && separator) stage.Append(","u8);
        stage.Append(ofEvent[1..]);
    }
}
