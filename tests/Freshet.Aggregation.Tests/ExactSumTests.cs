using System.Numerics;

namespace Freshet.Aggregation.Tests;

public sealed unsafe class ExactSumTests
{
    [Fact]
    public void Sums_are_those_of_exact_arithmetic_rounded_once()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 3000; turn++)
        {
            var spread = random.Next(1, 2000);
            var values = new double[random.Next(1, 12)];
            for (var i = 0; i < values.Length; i++) values[i] = RandomDouble(random, spread);
            if (random.Next(3) == 0) values[^1] = -values[0];
            var exact = BigInteger.Zero;
            foreach (var value in values) exact += Scaled(value);
            var expected = Rounded(exact);
            var wide = default(WideSum);
            foreach (var value in values) wide.Add(value, 1);
            Assert.True(expected.Equals(wide.ToDouble()), $"wide, random seed {seed}, turn {turn}: {expected:R} {wide.ToDouble():R}");
            Assert.True(RoundedSingle(exact).Equals(wide.ToSingle()), $"wide single, random seed {seed}, turn {turn}: {wide.ToSingle():R}");
            var sum = default(ExactSum);
            if (!values.All(v => sum.TryAdd(v))) continue;
            Assert.True(expected.Equals(sum.ToDouble()), $"random seed {seed}, turn {turn}: {expected:R} {sum.ToDouble():R}");
            Assert.True(RoundedSingle(exact).Equals(sum.ToSingle()), $"single, random seed {seed}, turn {turn}");
        }
    }

    [Fact]
    public void Taking_all_values_back_in_any_order_leaves_all_bits_zero()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 500; turn++)
        {
            var values = Enumerable.Range(0, 50).Select(_ => Math.Round(random.NextDouble() * 1000, 2)).ToArray();
            var sum = default(ExactSum);
            var wide = default(WideSum);
            foreach (var value in values)
            {
                Assert.True(sum.TryAdd(value));
                wide.Add(value, 3);
            }

            random.Shuffle(values);
            foreach (var value in values)
            {
                Assert.True(sum.TryAdd(-value));
                wide.Add(value, -3);
            }

            Assert.Equal(0, sum.Count);
            Assert.True(new ReadOnlySpan<byte>(&wide, sizeof(WideSum)).IndexOfAnyExcept((byte)0) < 0, $"random seed {seed}");
        }
    }

    [Fact]
    public void Values_that_no_expansion_of_three_parts_holds_are_refused_and_move_on()
    {
        var sum = default(ExactSum);
        Assert.False(sum.TryAdd(double.NaN));
        Assert.False(sum.TryAdd(double.PositiveInfinity));
        Assert.False(sum.TryAdd(1e300));
        Assert.True(sum.TryAdd(1e200) && sum.TryAdd(1.0) && sum.TryAdd(1e-200));
        Assert.False(sum.TryAdd(1e100));
        var wide = default(WideSum);
        sum.MoveTo(&wide);
        wide.Add(1e100, 1);
        wide.Add(1e200, -1);
        wide.Add(1e100, -1);
        Assert.Equal(1.0, wide.ToDouble());
        wide.Add(1.0, -1);
        Assert.Equal(1e-200, wide.ToDouble());
    }

    [Fact]
    public void Sums_beyond_the_range_come_back_and_what_is_not_finite_is_counted_apart()
    {
        var wide = default(WideSum);
        wide.Add(double.MaxValue, 5);
        Assert.Equal(double.PositiveInfinity, wide.ToDouble());
        wide.Add(double.MaxValue, -4);
        Assert.Equal(double.MaxValue, wide.ToDouble());
        wide.Add(double.NegativeInfinity, 1);
        Assert.Equal(double.NegativeInfinity, wide.ToDouble());
        wide.Add(double.PositiveInfinity, 1);
        Assert.True(double.IsNaN(wide.ToDouble()));
        wide.Add(double.NegativeInfinity, -1);
        wide.Add(double.PositiveInfinity, -1);
        wide.Add(double.NaN, 1);
        wide.Add(double.NaN, -1);
        Assert.Equal(double.MaxValue, wide.ToDouble());
    }

    private static double RandomDouble(Random random, int spread)
    {
        var exponent = (ulong)Math.Clamp(1023 + random.Next(-spread, spread), 0, 2046);
        var mantissa = (ulong)random.NextInt64(1L << 52);
        if (random.Next(2) == 0) mantissa &= ~0UL << random.Next(52);
        return BitConverter.UInt64BitsToDouble((ulong)random.Next(2) << 63 | exponent << 52 | mantissa);
    }

    private static BigInteger Scaled(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var exponent = (int)(bits >> 52 & 0x7FF);
        BigInteger mantissa = bits & (1UL << 52) - 1;
        if (exponent == 0) exponent = 1;
        else mantissa |= 1UL << 52;
        return (value < 0 ? -mantissa : mantissa) << exponent - 1;
    }

    private static double Rounded(BigInteger exact) => Round(exact, 53, 0) is { } r && BigInteger.Abs(r) >= BigInteger.One << 1074 + 1024 ? (r.Sign > 0 ? double.PositiveInfinity : double.NegativeInfinity) : ToDouble(Round(exact, 53, 0));

    private static float RoundedSingle(BigInteger exact)
    {
        var rounded = Round(exact, 24, 1074 - 149);
        if (BigInteger.Abs(rounded) >= BigInteger.One << 1074 + 128) return rounded.Sign > 0 ? float.PositiveInfinity : float.NegativeInfinity;
        return (float)ToDouble(rounded);
    }

    /// <summary>Rounds to a number of bits, not below bit <paramref name="lowest"/>, ties to even.</summary>
    private static BigInteger Round(BigInteger exact, int bits, int lowest)
    {
        var size = BigInteger.Abs(exact);
        var cut = (int)Math.Max((long)size.GetBitLength() - bits, lowest);
        if (cut <= 0) return exact;
        var kept = size >> cut;
        var rest = size - (kept << cut);
        var half = BigInteger.One << cut - 1;
        if (rest > half || (rest == half && !kept.IsEven)) kept += 1;
        return exact.Sign * (kept << cut);
    }

    /// <summary>A number of at most 53 significant bits, in units of 2^-1074.</summary>
    private static double ToDouble(BigInteger rounded)
    {
        var size = BigInteger.Abs(rounded);
        var cut = (int)Math.Max((long)size.GetBitLength() - 53, 0);
        var value = (double)(ulong)(size >> cut);
        // Two steps, since 2^-1074 alone is subnormal and 2^1023 the largest factor.
        value = cut > 1000 ? Math.ScaleB(Math.ScaleB(value, cut - 1074), 0) : cut == 0 ? (ulong)size * double.Epsilon : Math.ScaleB(value, cut - 1074);
        return rounded.Sign < 0 ? -value : value;
    }
}
