using System.Globalization;
using System.Numerics;
using System.Text;
using Freshet.Columns.Formats;

namespace Freshet.Columns.Tests.Formats;

public unsafe class NumberAndTimeTextTests
{
    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(0.001, "0.001")]
    [InlineData(0.00099, "9.9E-4")]
    [InlineData(123456.789, "123456.789")]
    [InlineData(9999999.0, "9999999.0")]
    [InlineData(10000000.0, "1.0E7")]
    [InlineData(-123456789.98765433, "-1.2345678998765433E8")]
    [InlineData(1e300, "1.0E300")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public void Doubles_are_written_as_Java_writes_them(double value, string expected)
    {
        var buffer = new Utf8Buffer();
        FloatingText.Write(value, buffer);
        Assert.Equal(expected, Encoding.UTF8.GetString(buffer.Written));
    }

    [Fact]
    public void Doubles_and_floats_are_read_back_as_they_were()
    {
        const int seed = 31;
        var random = new Random(seed);
        var buffer = new Utf8Buffer();
        for (var round = 0; round < 50_000; round++)
        {
            var number = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (round % 2 == 0) number = random.Next(1_000_000) / 100.0;
            if (!double.IsFinite(number)) continue;
            buffer.Clear();
            FloatingText.Write(number, buffer);
            fixed (byte* text = buffer.Written)
            {
                Assert.Equal(TextResult.Ok, NumberText.TryDouble(text, buffer.Length, out var back));
                Assert.True(BitConverter.DoubleToInt64Bits(number) == BitConverter.DoubleToInt64Bits(back), $"seed {seed}: {Encoding.UTF8.GetString(buffer.Written)}");
            }

            var single = BitConverter.Int32BitsToSingle(random.Next());
            if (!float.IsFinite(single)) continue;
            buffer.Clear();
            FloatingText.Write(single, buffer);
            fixed (byte* text = buffer.Written)
            {
                Assert.Equal(TextResult.Ok, NumberText.TryFloat(text, buffer.Length, out var back));
                Assert.Equal(single, back);
            }
        }
    }

    [Fact]
    public void Decimals_and_integers_are_those_of_big_integers()
    {
        const int seed = 32;
        var random = new Random(seed);
        for (var round = 0; round < 50_000; round++)
        {
            var whole = Digits(random, random.Next(0, 42));
            var fraction = Digits(random, random.Next(0, 45));
            if (whole.Length + fraction.Length == 0) whole = "0";
            var exponent = random.Next(3) == 0 ? random.Next(-45, 45) : 0;
            var sign = random.Next(2) == 0 ? "-" : "";
            var written = sign + whole + (fraction.Length > 0 ? "." + fraction : "") + (exponent != 0 ? "e" + exponent : "");
            var precision = random.Next(1, 39);
            var scale = random.Next(0, precision + 1);

            // value * 10^scale, half away from zero
            var digits = BigInteger.Parse("0" + whole + fraction, CultureInfo.InvariantCulture);
            var shift = exponent - fraction.Length + scale;
            BigInteger magnitude;
            if (shift >= 0) magnitude = digits * BigInteger.Pow(10, shift);
            else
            {
                var divisor = BigInteger.Pow(10, -shift);
                magnitude = BigInteger.DivRem(digits, divisor, out var rest) + (rest * 2 >= divisor ? 1 : 0);
            }

            var bytes = Encoding.UTF8.GetBytes(written);
            fixed (byte* text = bytes)
            {
                var result = NumberText.TryDecimal(text, bytes.Length, precision, scale, out var unscaled);
                var fits = magnitude < BigInteger.Pow(10, precision);
                Assert.True((result == TextResult.Ok) == fits, $"seed {seed}: {written} as DECIMAL({precision}, {scale}): {result}");
                if (fits) Assert.True((BigInteger)unscaled == (sign == "-" ? -magnitude : magnitude), $"seed {seed}: {written} as DECIMAL({precision}, {scale}) is {unscaled}");

                var power = exponent - fraction.Length;
                var truncated = power >= 0 ? digits * BigInteger.Pow(10, power) : digits / BigInteger.Pow(10, -power);
                if (sign == "-") truncated = -truncated;
                result = NumberText.TryInt64(text, bytes.Length, out var integer);
                var isLong = truncated >= long.MinValue && truncated <= long.MaxValue;
                Assert.True((result == TextResult.Ok) == isLong, $"seed {seed}: {written} as BIGINT: {result}");
                if (isLong) Assert.True(integer == truncated, $"seed {seed}: {written} as BIGINT is {integer}");
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1x")]
    [InlineData("1.2.3")]
    [InlineData("0x1")]
    [InlineData("1 2")]
    public void Texts_that_are_no_numbers_are_refused(string written)
    {
        var bytes = Encoding.UTF8.GetBytes(written + " ");
        fixed (byte* text = bytes)
        {
            Assert.Equal(TextResult.Malformed, NumberText.TryInt64(text, written.Length, out _));
            Assert.Equal(TextResult.Malformed, NumberText.TryDouble(text, written.Length, out _));
            Assert.Equal(TextResult.Malformed, NumberText.TryDecimal(text, written.Length, 10, 2, out _));
        }
    }

    [Theory]
    [InlineData("2024-02-29T12:34:56.789Z", "2024-02-29 12:34:56.789", true)]
    [InlineData("2024-02-29 12:34:56", "2024-02-29 12:34:56", false)]
    [InlineData("2024-02-29T12:34:56.123456789", "2024-02-29 12:34:56.123456", false)]
    [InlineData("2024-02-29T12:34:56+05:30", "2024-02-29 07:04:56", true)]
    [InlineData("2024-02-29T00:34:56-0100", "2024-02-29 01:34:56", true)]
    [InlineData("2024-1-2", "2024-01-02 00:00:00", false)]
    [InlineData("2024-01-02 3:4", "2024-01-02 03:04:00", false)]
    [InlineData("0001-01-01 00:00:00", "0001-01-01 00:00:00", false)]
    [InlineData("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999", false)]
    [InlineData("2023-02-29", null, false)]
    [InlineData("2024-01-01 24:00:00", null, false)]
    [InlineData("2024-01-01T10:00:00X", null, false)]
    [InlineData("2024-01-01T10:00:00.", null, false)]
    [InlineData("x", null, false)]
    [InlineData("", null, false)]
    public void Timestamps_are_read(string written, string? expected, bool zoned)
    {
        var bytes = Encoding.UTF8.GetBytes(written + " ");
        var shown = stackalloc byte[48];
        fixed (byte* text = bytes)
        {
            var result = TimeText.TryTimestamp(text, written.Length, out var micros, out var hasZone);
            Assert.Equal(expected is not null, result == TextResult.Ok);
            if (expected is null) return;
            Assert.Equal(zoned, hasZone);
            Assert.Equal(expected, Encoding.UTF8.GetString(shown, TimeText.WriteTimestamp(micros, (byte)' ', -1, shown)));
        }
    }

    [Fact]
    public void Dates_are_those_of_the_calendar()
    {
        var shown = stackalloc byte[16];
        for (var day = new DateOnly(1, 1, 1); day.Year < 9999; day = day.AddDays(97))
        {
            var days = TimeText.DaysOf(day.Year, day.Month, day.Day);
            Assert.Equal(day.DayNumber - new DateOnly(1970, 1, 1).DayNumber, days);
            Assert.Equal(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Encoding.UTF8.GetString(shown, TimeText.WriteDate(days, shown)));
        }
    }

    [Fact]
    public void Local_times_become_utc_by_the_rules_of_the_zone()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        Assert.Equal("2024-03-31 00:30:00", Utc("2024-03-31 01:30:00", berlin));
        Assert.Equal("2024-03-31 01:30:00", Utc("2024-03-31 02:30:00", berlin));
        Assert.Equal("2024-10-27 00:30:00", Utc("2024-10-27 02:30:00", berlin));
        Assert.Equal("2024-07-01 10:00:00", Utc("2024-07-01 12:00:00", berlin));
    }

    private static string Utc(string local, TimeZoneInfo zone)
    {
        var bytes = Encoding.UTF8.GetBytes(local);
        var shown = stackalloc byte[48];
        fixed (byte* text = bytes)
        {
            Assert.Equal(TextResult.Ok, TimeText.TryTimestamp(text, bytes.Length, out var micros, out _));
            return Encoding.UTF8.GetString(shown, TimeText.WriteTimestamp(TimeText.ToUtc(micros, zone), (byte)' ', -1, shown));
        }
    }

    private static string Digits(Random random, int count)
    {
        var digits = new char[count];
        var zeros = random.Next(3) == 0 ? random.Next(count + 1) : 0;
        for (var i = 0; i < count; i++) digits[i] = i < zeros ? '0' : (char)('0' + (random.Next(4) == 0 ? 9 : random.Next(10)));
        return new string(digits);
    }
}
