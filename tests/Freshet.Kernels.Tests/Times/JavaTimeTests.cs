using System.Text;
using Freshet.Columns.Formats;
using Freshet.Kernels.Times;

namespace Freshet.Kernels.Tests.Times;

/// <summary>What Flink 2.3 gives for the same patterns and texts.</summary>
public sealed class JavaTimeTests
{
    [Theory]
    [InlineData("E EEEE MMM MMMM d D w W u", "Sun Sunday Jan January 5 5 2 2 2020")]
    [InlineData("yy y yyyyy Q QQQ q", "20 2020 02020 1 Q1 1")]
    [InlineData("SSS SSSSSS n A N", "678 678000 678000000 47045678 47045678000000")]
    [InlineData("G e c F K k L LLL", "AD 1 1 5 1 13 1 Jan")]
    [InlineData("'at' HH ''", "at 13 '")]
    public void Times_are_written_by_DateTimeFormatter(string pattern, string text) => Assert.Equal(text, Write(pattern, false, "2020-01-05 13:04:05.678"));

    [Theory]
    [InlineData("XXX")]
    [InlineData("b")]
    public void Letters_that_a_time_has_not_are_refused(string pattern) => Assert.Null(Write(pattern, false, "2020-01-05 13:04:05.678"));

    [Theory]
    [InlineData("yyyyMMddHHmmss", "20170915000000", "2017-09-15 00:00:00")]
    [InlineData("SSSSSSS", "1234567", "1970-01-01 00:00:00.1234567")]
    [InlineData("hh a yyyy-MM-dd", "10 PM 2020-01-01", "2020-01-01 22:00:00")]
    [InlineData("dd MMM yyyy", "01 Jan 2020", "2020-01-01 00:00:00")]
    [InlineData("yyyy-DDD", "2020-060", "2020-02-29 00:00:00")]
    [InlineData("yyyy-MM-dd HH:mm", "2020-02-30 10:11", "2020-02-29 10:11:00")]
    [InlineData("yyyy-MM-dd[ HH:mm]", "2020-02-28", "2020-02-28 00:00:00")]
    [InlineData("yyyy-MM-dd[ HH:mm]", "2020-02-28 01:02", "2020-02-28 01:02:00")]
    [InlineData("yyyy-MM-dd", "2020-2-3", null)]
    [InlineData("yyyy-MM-dd", "2020-13-01", null)]
    [InlineData("yyyy-MM-dd", "2020-01-01x", null)]
    [InlineData("yyyy-MM-dd HH:mm:ssXXX", "2020-01-01 10:11:12+02:00", "2020-01-01 10:11:12")]
    public void Texts_are_read_by_DateTimeFormatter(string pattern, string text, string? time) => Assert.Equal(time, Read(pattern, false, text));

    [Theory]
    [InlineData("yyyy-MM-dd HH:mm:ss", "2020-13-41 10:00:00", "2021-02-10 10:00:00")]
    [InlineData("yyyy-MM-dd", "2020-02-30 and more", "2020-03-01 00:00:00")]
    [InlineData("yyyyMM", "202001", "2020-01-01 00:00:00")]
    [InlineData("yyyy-MM-dd HH:mm:ss", "2020-01-01", null)]
    public void Texts_are_read_by_SimpleDateFormat(string pattern, string text, string? time) => Assert.Equal(time, Read(pattern, true, text));

    private static string? Write(string pattern, bool isSimple, string time)
    {
        Assert.True(TimestampText.TryRead(Encoding.UTF8.GetBytes(time), out var micros, out var nanos));
        var compiled = JavaTimePattern.Of(Encoding.UTF8.GetBytes(pattern), isSimple);
        var buffer = new Utf8Buffer();
        return compiled.Error is null && JavaTimeText.TryWrite(compiled, micros, nanos, null, buffer, out _) ? Encoding.UTF8.GetString(buffer.Written) : null;
    }

    private static unsafe string? Read(string pattern, bool isSimple, string text)
    {
        if (!JavaTimeReader.TryRead(JavaTimePattern.Of(Encoding.UTF8.GetBytes(pattern), isSimple), Encoding.UTF8.GetBytes(text), out var micros, out var nanos, out _)) return null;
        var room = stackalloc byte[64];
        return Encoding.UTF8.GetString(room, TimeText.WriteTimestamp(micros, (byte)' ', -1, room, nanos));
    }
}
