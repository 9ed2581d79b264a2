using System.Text.Json;
using Freshet.Server.Visitors;

namespace Freshet.Server.Ingest;

/// <summary>The envelope's share in every event of a request.</summary>
internal ref struct RequestFacts
{
    public ReadOnlySpan<byte> Body;

    /// <summary>Milliseconds since 1970, the server's clock.</summary>
    public long ReceivedAt;

    /// <summary>The batch's sentAt, for events without their own.</summary>
    public long? SentAt;

    /// <summary>The batch's objects, merged into each event; empty where it has none.</summary>
    /// <summary>Of whom a visitor's token of the request speaks; null for none.</summary>
    public Visitor? Visitor;

    public ReadOnlySpan<byte> Context;
    public ReadOnlySpan<byte> Integrations;
}

/// <summary>
/// Makes the record that the topic <c>events</c> keeps: a JSON object with first what the server decides, in this order,
/// <code>
/// {"messageId":"..","type":"..","source":"..","receivedAt":"..","timestamp":"..","originalTimestamp":"..","sentAt":"..", ...
/// </code>
/// (the last two where the client gave them, then <c>"mayJoin":false</c> where what the event tells joins nobody; times as ISO-8601 with milliseconds and Z; timestamp is the event time), then the
/// client's other members as sent, in runs of unbroken bytes. The record key is userId, or else anonymousId.
/// Event time is the original time corrected by the client's clock error, receivedAt - (sentAt - original), and never later
/// than receivedAt: no client can move time forward for others.
/// </summary>
internal static class EventComposer
{
    /// <summary>Most bytes that one request may become: a large context of a batch is copied into each event.</summary>
    private const int StagedBytesMax = 8 << 20;

    /// <summary>Stages one event; null, or why it is refused and nothing staged.</summary>
    public static string? Compose(in RequestFacts request, in EventReader read, ReadOnlySpan<Member> members, int index, int itemBytes, int eventBytesMax, WriteKey key, SeededHash hash, StagedEvents stage)
    {
        if (itemBytes + request.Context.Length + request.Integrations.Length > eventBytesMax)
            return $"The event has more than {eventBytesMax} bytes with the context of its batch.";
        if (stage.Length + itemBytes > StagedBytesMax)
            return "The batch is too large with its context copied into each event; send fewer events.";

        var body = request.Body;
        var start = stage.Length;
        ref var staged = ref stage.Add();
        staged.Index = index;
        staged.ValueStart = start;
        stage.Append("{\"messageId\":"u8);
        staged.MessageIdStart = stage.Length;
        if (read.MessageId >= 0) stage.Append(body[members[read.MessageId].ValueStart..members[read.MessageId].ValueEnd]);
        else AppendNewId(stage);
        staged.MessageIdLength = stage.Length - staged.MessageIdStart;
        stage.Append(",\"type\":\""u8);
        stage.Append(EventTypes.Text(read.Type));
        stage.Append("\",\"source\":"u8);
        stage.Append(key.SourceJson);

        var sentAt = read.SentAt ?? request.SentAt;
        stage.Append(",\"receivedAt\":\""u8);
        AppendTime(stage, request.ReceivedAt);
        stage.Append("\",\"timestamp\":\""u8);
        AppendTime(stage, EventTimeOf(read.OriginalTimestamp, sentAt, request.ReceivedAt, out staged.IsClamped));
        if (read.OriginalTimestamp is { } original)
        {
            stage.Append("\",\"originalTimestamp\":\""u8);
            AppendTime(stage, original);
        }

        if (sentAt is { } sent)
        {
            stage.Append("\",\"sentAt\":\""u8);
            AppendTime(stage, sent);
        }

        stage.Append("\""u8);
        if (!key.MayJoin && !IsOfVisitor(request, read, members)) stage.Append(",\"mayJoin\":false"u8);
        AppendMembers(request, read, members, stage);
        stage.Append("}"u8);
        staged.ValueLength = stage.Length - start;

        staged.KeyStart = stage.Length;
        AppendText(body, members[read.UserId >= 0 ? read.UserId : read.AnonymousId], stage);
        staged.KeyLength = stage.Length - staged.KeyStart;
        staged.IsOfUser = read.UserId >= 0;
        staged.Fingerprint = Fingerprint(stage.MessageId(staged), key.SourceSalt, hash);
        return null;
    }

    /// <summary>Stages a record that was composed before, as it is.</summary>
    public static void Stage(ReadOnlySpan<byte> value, SeededHash hash, StagedEvents stage)
    {
        var start = stage.Length;
        stage.Append(value);
        using var parsed = JsonDocument.Parse(value.ToArray(), new JsonDocumentOptions { MaxDepth = 1024 });
        byte[] Text(string member) => parsed.RootElement.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String ? System.Text.Encoding.UTF8.GetBytes(text.GetString()!) : [];
        var key = Text("userId") is { Length: > 0 } user ? user : Text("anonymousId");
        ref var staged = ref stage.Add();
        staged.Index = stage.Count - 1;
        staged.ValueStart = start;
        staged.ValueLength = value.Length;
        staged.KeyStart = stage.Length;
        staged.KeyLength = key.Length;
        staged.IsOfUser = Text("userId").Length > 0;
        stage.Append(key);
        staged.Fingerprint = hash.Hash128(Text("messageId"), WriteKey.SaltOf(Text("source")));
    }

    /// <summary>The identity of an event for finding repeats: source and the text of the message id.</summary>
    /// <param name="messageId">JSON text with quotes.</param>
    public static (ulong High, ulong Low) Fingerprint(ReadOnlySpan<byte> messageId, ulong sourceSalt, SeededHash hash)
    {
        if (!messageId.Contains((byte)'\\')) return hash.Hash128(messageId[1..^1], sourceSalt);
        Span<byte> text = stackalloc byte[messageId.Length];
        var reader = new Utf8JsonReader(messageId);
        reader.Read();
        return hash.Hash128(text[..reader.CopyString(text)], sourceSalt);
    }

    /// <summary>Whether the event is of the one for whom the token was signed.</summary>
    private static bool IsOfVisitor(in RequestFacts request, in EventReader read, ReadOnlySpan<Member> members)
    {
        if (request.Visitor is not { } visitor) return false;
        var at = visitor.Type == "user_id" ? read.UserId : read.AnonymousId;
        return at >= 0 && JsonElement.Parse(request.Body[members[at].ValueStart..members[at].ValueEnd]).GetString() == visitor.Value;
    }

    private static long EventTimeOf(long? original, long? sentAt, long receivedAt, out bool clamped)
    {
        clamped = false;
        if (original is not { } time) return receivedAt;
        if (sentAt is { } sent) time = receivedAt - (sent - time);
        clamped = time > receivedAt;
        return Math.Clamp(time, EventTime.Min, receivedAt);
    }

    /// <summary>The members that stay as sent. A run ends where a member is left out or written anew.</summary>
    private static void AppendMembers(in RequestFacts request, in EventReader read, ReadOnlySpan<Member> members, StagedEvents stage)
    {
        var body = request.Body;
        int runStart = -1, runEnd = 0;
        for (var i = 0; i < members.Length; i++)
        {
            ref readonly var member = ref members[i];
            var text = MemberNames.Text(member.Name);
            var stays = member.Name == MemberName.Other || member.Name == MemberName.Batch || !text.IsEmpty;
            var merged = (i == read.Context && !request.Context.IsEmpty) || (i == read.Integrations && !request.Integrations.IsEmpty);
            var replaced = member.Kind == JsonTokenType.Null
                && ((member.Name == MemberName.Context && !request.Context.IsEmpty) || (member.Name == MemberName.Integrations && !request.Integrations.IsEmpty));
            var respelt = !text.IsEmpty && member.NameEnd - member.NameStart - 2 != text.Length;
            if (stays && !merged && !replaced && !respelt)
            {
                if (runStart < 0) runStart = member.NameStart;
                runEnd = member.ValueEnd;
                continue;
            }

            AppendRun(body, ref runStart, runEnd, stage);
            if (!stays || replaced) continue;
            stage.Append(",\""u8);
            stage.Append(text);
            stage.Append("\":"u8);
            var value = body[member.ValueStart..member.ValueEnd];
            if (merged) ObjectMerge.Append(member.Name == MemberName.Context ? request.Context : request.Integrations, value, stage);
            else stage.Append(value);
        }

        AppendRun(body, ref runStart, runEnd, stage);
        if (read.Context < 0 && !request.Context.IsEmpty)
        {
            stage.Append(",\"context\":"u8);
            stage.Append(request.Context);
        }

        if (read.Integrations < 0 && !request.Integrations.IsEmpty)
        {
            stage.Append(",\"integrations\":"u8);
            stage.Append(request.Integrations);
        }
    }

    private static void AppendRun(ReadOnlySpan<byte> body, ref int start, int end, StagedEvents stage)
    {
        if (start < 0) return;
        stage.Append(","u8);
        stage.Append(body[start..end]);
        start = -1;
    }

    private static void AppendTime(StagedEvents stage, long milliseconds)
    {
        EventTime.Write(milliseconds, stage.Reserve(EventTime.WrittenBytes));
        stage.Advance(EventTime.WrittenBytes);
    }

    /// <summary>The text of a string value, without quotes and escapes.</summary>
    private static void AppendText(ReadOnlySpan<byte> body, in Member member, StagedEvents stage)
    {
        var value = body[member.ValueStart..member.ValueEnd];
        if (!member.IsEscaped)
        {
            stage.Append(value[1..^1]);
            return;
        }

        var reader = new Utf8JsonReader(value);
        reader.Read();
        stage.Advance(reader.CopyString(stage.Reserve(value.Length)));
    }

    private static void AppendNewId(StagedEvents stage)
    {
        var to = stage.Reserve(38);
        to[0] = (byte)'"';
        Guid.CreateVersion7().TryFormat(to[1..], out var written);
        to[written + 1] = (byte)'"';
        stage.Advance(written + 2);
    }
}
