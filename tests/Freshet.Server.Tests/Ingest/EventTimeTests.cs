using System.Text;
using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

public sealed class EventTimeTests
{
    [Theory]
    [InlineData("2026-11-22T10:05:51.496Z", "2026-11-22T10:05:51.496Z")]
    [InlineData("2026-11-22T10:05:51Z", "2026-11-22T10:05:51.000Z")]
    [InlineData("2026-11-22T10:05:51.4969999+02:00", "2026-11-22T08:05:51.496Z")]
    [InlineData("2026-11-22 10:05:51.4-0530", "2026-11-22T15:35:51.400Z")]
    [InlineData("2026-11-22T10:05Z", "2026-11-22T10:05:00.000Z")]
    [InlineData("2024-02-29", "2024-02-29T00:00:00.000Z")]
    [InlineData("1969-12-31T23:59:59.999z", "1969-12-31T23:59:59.999Z")]
    [InlineData("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z")]
    [InlineData("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z")]
    public void Times_of_clients_are_read_and_written_in_one_form(string text, string written)
    {
        Assert.True(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var milliseconds));
        Span<byte> to = stackalloc byte[EventTime.WrittenBytes];
        EventTime.Write(milliseconds, to);
        Assert.Equal(written, Encoding.UTF8.GetString(to));
        Assert.Equal(written, EventTime.Text(milliseconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("2026-13-01")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-11-22T24:00:00Z")]
    [InlineData("2026-11-22T10:05:51.Z")]
    [InlineData("2026-11-22T10:05:51ZZ")]
    [InlineData("2026-11-22T10:05:51+99:00")]
    [InlineData("0000-01-01")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    public void What_is_no_time_is_refused(string text) => Assert.False(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out _));
}
