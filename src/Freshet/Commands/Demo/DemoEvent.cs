using System.Buffers;
using System.Globalization;
using System.Text;
using Freshet.Commands.Send;
using Freshet.Server.Ingest;

namespace Freshet.Commands.Demo;

/// <summary>
/// A line of the sample's file, ready to be sent again and again: every time with its times moved to now and another
/// ending of its message id. The distance between timestamp and sentAt stays, so late events stay late.
/// </summary>
internal sealed class DemoEvent
{
    private readonly byte[] _json;
    private readonly List<(MemberName Name, int Start, int End, long Time)> _holes = [];

    public DemoEvent(EventLine line)
    {
        Line = line;
        _json = Encoding.UTF8.GetBytes(line.Json);
        var scanned = new ScannedBody();
        Path = "/v1/track";
        if (!new EventScanner(int.MaxValue, 1000, int.MaxValue).TryScan(_json, isBatch: false, scanned, out _)) return;
        foreach (ref readonly var member in scanned.MembersOf(scanned.Item(0)))
        {
            if (member.Kind != System.Text.Json.JsonTokenType.String) continue;
            var text = _json.AsSpan(member.ValueStart + 1, member.ValueEnd - member.ValueStart - 2);
            if (member.Name == MemberName.MessageId) _holes.Add((member.Name, member.ValueEnd - 1, member.ValueEnd - 1, 0));
            else if (member.Name == MemberName.Type) Path = EventTypes.Of(text) is var type and not EventType.None ? $"/v1/{(char)EventTypes.Text(type)[0]}" : "/v1/batch";
            else if (member.Name is MemberName.Timestamp or MemberName.SentAt or MemberName.OriginalTimestamp && EventTime.TryParse(text, out var time))
            {
                _holes.Add((member.Name, member.ValueStart + 1, member.ValueEnd - 1, time));
                if (member.Name == MemberName.SentAt) SentAt = time;
            }
        }
    }

    public EventLine Line { get; }

    /// <summary>The route a client would take: the first letter of the type, or a batch of one where the type is no type.</summary>
    public string Path { get; }

    public long? SentAt { get; }

    /// <summary>Writes the request's bytes.</summary>
    /// <param name="idEnding">Appended to the message id.</param>
    /// <param name="shiftMs">Added to its times.</param>
    public void WriteRequest(string host, string authorization, ReadOnlySpan<byte> idEnding, long shiftMs, ArrayBufferWriter<byte> request)
    {
        var isBatch = Path == "/v1/batch";
        var length = _json.Length + (isBatch ? 12 : 0);
        foreach (var (name, start, end, _) in _holes) length += (name == MemberName.MessageId ? idEnding.Length : EventTime.WrittenBytes) - (end - start);
        request.ResetWrittenCount();
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"POST {Path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"), request);
        if (isBatch) request.Write("{\"batch\":["u8);
        var from = 0;
        foreach (var (name, start, end, time) in _holes)
        {
            request.Write(_json.AsSpan(from, start - from));
            from = end;
            if (name == MemberName.MessageId)
            {
                request.Write(idEnding);
                continue;
            }

            EventTime.Write(time + shiftMs, request.GetSpan(EventTime.WrittenBytes));
            request.Advance(EventTime.WrittenBytes);
        }

        request.Write(_json.AsSpan(from));
        if (isBatch) request.Write("]}"u8);
    }
}
