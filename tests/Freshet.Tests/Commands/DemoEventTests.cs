using System.Buffers;
using System.Text;
using Freshet.Commands.Demo;
using Freshet.Commands.Send;

namespace Freshet.Tests.Commands;

public sealed class DemoEventTests
{
    [Fact]
    public void Times_move_together_and_the_message_id_gets_another_ending()
    {
        var request = Write("""{"type":"page","messageId":"m1","anonymousId":"a","timestamp":"2026-03-02T09:00:00.000Z","sentAt":"2026-03-02T09:00:01Z","properties":{"timestamp":"stays"}}""");
        Assert.StartsWith("POST /v1/p HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith("""{"type":"page","messageId":"m1-7","anonymousId":"a","timestamp":"2026-03-02T09:00:05.000Z","sentAt":"2026-03-02T09:00:06.000Z","properties":{"timestamp":"stays"}}""", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"track","ev""", "POST /v1/track ")]
    [InlineData("""{"type":"trakc","anonymousId":"a"}""", "POST /v1/batch ")]
    public void Malformed_events_are_sent_as_they_are(string line, string start)
    {
        var request = Write(line);
        Assert.StartsWith(start, request, StringComparison.Ordinal);
        Assert.Contains(line, request, StringComparison.Ordinal);
    }

    private static string Write(string line)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new DemoEvent(EventFile.Parse(1, line)).WriteRequest("127.0.0.1", "Basic x", "-7"u8, 5000, buffer);
        var request = Encoding.UTF8.GetString(buffer.WrittenSpan);
        var body = request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(request[body..])}\r\n", request, StringComparison.Ordinal);
        return request;
    }
}
