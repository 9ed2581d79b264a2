using System.Globalization;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Server.Api;

namespace Freshet.Server.Tests.Api;

public sealed unsafe class CellTextTests
{
    [Theory]
    [InlineData("0", 38, 0, "0")]
    [InlineData("5", 10, 2, "0.05")]
    [InlineData("-5", 10, 2, "-0.05")]
    [InlineData("100", 10, 2, "1.00")]
    [InlineData("-99999999999999999999999999999999999999", 38, 38, "-0.99999999999999999999999999999999999999")]
    [InlineData("99999999999999999999999999999999999999", 38, 5, "999999999999999999999999999999999.99999")]
    public void Decimals_keep_their_scale(string unscaled, int precision, int scale, string expected)
    {
        var type = SqlType.Decimal(precision, scale);
        var value = Int128.Parse(unscaled, CultureInfo.InvariantCulture);
        Assert.Equal(expected, type.Physical == PhysicalKind.Int64 ? Text(type, (long)value) : Text(type, value));
    }

    [Fact]
    public void Times_have_the_digits_of_their_precision()
    {
        const long micros = 1_795_341_951_496_123;
        Assert.Equal("2026-11-22T10:05:51", Text(SqlType.Timestamp(0), micros));
        Assert.Equal("2026-11-22T10:05:51.496123", Text(SqlType.Timestamp(6), micros));
        Assert.Equal("2026-11-22T10:05:51.496Z", Text(SqlType.TimestampLtz(3), micros));
        Assert.Equal("1969-12-31T23:59:59.999999Z", Text(SqlType.TimestampLtz(6), -1L));
        Assert.Equal("1969-12-31", Text(SqlType.Date, -1));
        Assert.Equal("10:05:51.4", Text(SqlType.Time(1), 36_351_496));
    }

    [Fact]
    public void Numbers_are_the_shortest_that_read_back()
    {
        Assert.Equal("0.1", Text(SqlType.Double, 0.1));
        Assert.Equal("NaN", Text(SqlType.Double, double.NaN));
        Assert.Equal("-9223372036854775808", Text(SqlType.BigInt, long.MinValue));
        Assert.Equal("-128", Text(SqlType.TinyInt, sbyte.MinValue));
        Assert.Equal("true", Text(SqlType.Boolean, (byte)1));
    }

    private static string? Text<T>(SqlType type, T value)
        where T : unmanaged
    {
        var memory = BatchMemory.Create();
        try
        {
            return CellText.Text(type, Column.Constant(type.Physical, value, memory), 0);
        }
        finally
        {
            memory.Release();
        }
    }
}
