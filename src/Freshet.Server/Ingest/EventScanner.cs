using System.Text.Json;
using System.Text.Unicode;

namespace Freshet.Server.Ingest;

/// <summary>
/// One pass over the body of a request: finds the members of the event, or of each event of a batch, as spans, and checks
/// all that lies below them. Malformed JSON or UTF-8 refuses the body; what only one event breaks (size, depth, number of
/// names, a name twice, half a surrogate pair) is that event's problem and leaves its neighbours alone.
/// Says nothing about what members mean: that is <see cref="EventReader"/>'s. Keeps no reference to the body.
/// One scanner for each connection; not for two threads at once.
/// </summary>
internal sealed class EventScanner(int eventBytesMax, int depthMax, int namesMax)
{
    private readonly MemberNameSet _names = new();
    private readonly byte[] _unescaped = new byte[256];

    /// <summary>Fills <paramref name="result"/>; otherwise says what is wrong with the body as a whole.</summary>
    /// <param name="isBatch">The events are the elements of the member "batch"; else the body is the event.</param>
    public bool TryScan(ReadOnlySpan<byte> body, bool isBatch, ScannedBody result, out string problem)
    {
        result.Clear();
        problem = "";
        if (!Utf8.IsValid(body))
        {
            problem = "The body is not valid UTF-8.";
            return false;
        }

        // Depth is this type's to judge, event by event; the reader's own limit would refuse the neighbours too.
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                problem = "The body must be a JSON object.";
                return false;
            }

            if (isBatch)
            {
                ScanEnvelope(ref reader, result);
            }
            else
            {
                ref var item = ref result.AddItem((int)reader.TokenStartIndex);
                ScanItem(ref reader, result, ref item);
            }

            if (reader.Read()) problem = "The body must be one JSON object and nothing after it.";
            if (isBatch && !result.HasBatch) problem = "The body has no array \"batch\" of events.";
            return problem.Length == 0;
        }
        catch (JsonException)
        {
            problem = body.IsEmpty ? "The body is empty; send a JSON object." : $"The body is not valid JSON near byte {reader.BytesConsumed}.";
            return false;
        }
    }

    private void ScanEnvelope(ref Utf8JsonReader reader, ScannedBody result)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = NameOf(ref reader, out _);
            var nameStart = (int)reader.TokenStartIndex;
            var nameEnd = nameStart + reader.ValueSpan.Length + 2;
            reader.Read();
            if (name == MemberName.Batch && reader.TokenType == JsonTokenType.StartArray && !result.HasBatch)
            {
                result.HasBatch = true;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    ref var item = ref result.AddItem((int)reader.TokenStartIndex);
                    if (reader.TokenType == JsonTokenType.StartObject)
                    {
                        ScanItem(ref reader, result, ref item);
                    }
                    else
                    {
                        reader.Skip();
                        item.End = (int)reader.BytesConsumed;
                        item.Problem = "The event is not a JSON object.";
                    }
                }

                continue;
            }

            var kind = reader.TokenType;
            var escaped = kind == JsonTokenType.String && reader.ValueIsEscaped;
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            result.Envelope.Add(new Member(name, kind, escaped, nameStart, nameEnd, start, (int)reader.BytesConsumed));
        }
    }

    /// <summary>The reader stands on the event's opening brace; afterwards on the closing one.</summary>
    private void ScanItem(ref Utf8JsonReader reader, ScannedBody result, ref ScannedItem item)
    {
        var first = result.MemberCount;
        string? problem = null;
        var outer = reader.CurrentDepth; // of the brace's surroundings
        var names = 0;
        var name = MemberName.Other;
        int nameStart = 0, nameEnd = 0, valueStart = 0;
        var valueKind = JsonTokenType.None;
        _names.Clear();
        _names.Open();
        while (reader.Read())
        {
            var depth = reader.CurrentDepth - outer;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    if (++names > namesMax) problem ??= $"The event has more than {namesMax} names; send fewer properties.";
                    if (problem is not null && depth > 1) break;
                    var known = NameOf(ref reader, out var text);
                    if (problem is null && !_names.Add(text)) problem = "A name occurs twice in one object of the event.";
                    if (depth != 1) break;
                    name = known;
                    nameStart = (int)reader.TokenStartIndex;
                    nameEnd = nameStart + reader.ValueSpan.Length + 2;
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (depth + 1 > depthMax) problem ??= $"The event is nested deeper than {depthMax} levels.";
                    if (problem is null && reader.TokenType == JsonTokenType.StartObject) _names.Open();
                    if (depth != 1) break;
                    valueStart = (int)reader.TokenStartIndex;
                    valueKind = reader.TokenType;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    if (problem is null && reader.TokenType == JsonTokenType.EndObject && !_names.Close()) problem = "A name occurs twice in one object of the event.";
                    if (depth == 1)
                    {
                        result.Add(new Member(name, valueKind, false, nameStart, nameEnd, valueStart, (int)reader.BytesConsumed));
                    }
                    else if (depth == 0)
                    {
                        item.End = (int)reader.BytesConsumed;
                        item.MemberCount = result.MemberCount - first;
                        if (item.End - item.Start > eventBytesMax) problem ??= $"The event has more than {eventBytesMax} bytes.";
                        item.Problem = problem;
                        return;
                    }

                    break;
                default:
                    if (reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped && problem is null && !HasWholeSurrogates(reader.ValueSpan))
                        problem = "A text of the event holds half of a surrogate pair (\\uD800 to \\uDFFF).";
                    if (depth == 1)
                        result.Add(new Member(name, reader.TokenType, reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped, nameStart, nameEnd, (int)reader.TokenStartIndex, (int)reader.BytesConsumed));
                    break;
            }
        }
    }

    private MemberName NameOf(ref Utf8JsonReader reader, out ReadOnlySpan<byte> text)
    {
        text = reader.ValueSpan;
        if (reader.ValueIsEscaped && text.Length <= _unescaped.Length && HasWholeSurrogates(text))
            text = _unescaped.AsSpan(0, reader.CopyString(_unescaped));
        return MemberNames.Of(text);
    }

    /// <summary>Every escaped high surrogate is followed by an escaped low one, and there is no other low one.</summary>
    internal static bool HasWholeSurrogates(ReadOnlySpan<byte> escaped)
    {
        while (true)
        {
            var at = escaped.IndexOf((byte)'\\');
            if (at < 0) return true;
            if (escaped[at + 1] != 'u')
            {
                escaped = escaped[(at + 2)..];
                continue;
            }

            var unit = Hex(escaped[(at + 2)..]);
            escaped = escaped[(at + 6)..];
            if (unit is < 0xD800 or > 0xDFFF) continue;
            if (unit >= 0xDC00 || escaped.Length < 6 || escaped[0] != '\\' || escaped[1] != 'u' || Hex(escaped[2..]) is < 0xDC00 or > 0xDFFF) return false;
            escaped = escaped[6..];
        }
    }

    private static int Hex(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        for (var i = 0; i < 4; i++)
            value = value << 4 | (digits[i] <= '9' ? digits[i] - '0' : (digits[i] | 0x20) - 'a' + 10);
        return value;
    }
}
