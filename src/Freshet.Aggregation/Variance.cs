using System.Numerics;
using Freshet.Kernels.Expressions;

namespace Freshet.Aggregation;

/// <summary>
/// Variances and deviations from exact sums: (n * sum of squares - square of the sum) / (n * n), or / (n * (n - 1)) for a sample, in
/// whole numbers, rounded once. Never negative.
/// </summary>
internal static class Variance
{
    /// <summary>More bits than a double has, so that the quotient's rest decides the rounding only.</summary>
    private const int QuotientBits = 64;

    public static bool IsSample(AggregateKind function) => function is AggregateKind.VarSamp or AggregateKind.StddevSamp;

    public static bool IsDeviation(AggregateKind function) => function is AggregateKind.StddevPop or AggregateKind.StddevSamp;

    /// <summary>The variance as a quotient of whole numbers. Sums are in units; the quotient is in squares of them.</summary>
    public static (BigInteger Dividend, BigInteger Divisor) Quotient(BigInteger sum, BigInteger squares, long count, bool isSample) =>
        (count * squares - sum * sum, (BigInteger)count * (isSample ? count - 1 : count));

    /// <summary>dividend / divisor * 2^exponent, to the nearest double but for the last bit.</summary>
    public static double ToDouble(BigInteger dividend, BigInteger divisor, int exponent)
    {
        if (dividend.IsZero) return 0;
        var shift = (int)(QuotientBits + divisor.GetBitLength() - dividend.GetBitLength());
        var quotient = (shift >= 0 ? dividend << shift : dividend >> -shift) / divisor;
        return Math.ScaleB((double)(ulong)(quotient >> 1), exponent - shift + 1);
    }
}
