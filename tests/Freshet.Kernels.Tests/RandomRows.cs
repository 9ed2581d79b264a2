using Freshet.Columns.Types;

namespace Freshet.Kernels.Tests;

/// <summary>Random rows with many equal values, NULLs, short and long texts with common beginnings.</summary>
internal static class RandomRows
{
    public static readonly PhysicalKind[] AllKinds = Enum.GetValues<PhysicalKind>();

    public static (object?[] Values, long Weight)[] Make(Random random, PhysicalKind[] kinds, int count, int spread) =>
        [.. Enumerable.Range(0, count).Select(_ => ((object?[])[.. kinds.Select(k => Value(random, k, spread))], (long)random.Next(-2, 4)))];

    public static object? Value(Random random, PhysicalKind kind, int spread)
    {
        if (random.Next(10) == 0) return null;
        var n = random.Next(-spread, spread + 1);
        return kind switch
        {
            PhysicalKind.Bool => n > 0,
            PhysicalKind.Int8 => (sbyte)n,
            PhysicalKind.Int16 => (short)(n * 257),
            PhysicalKind.Int32 => n * 16777259,
            PhysicalKind.Int64 => n * 72057594037928017L,
            PhysicalKind.Int128 => (Int128)n * (Int128.One << 70) + n,
            PhysicalKind.Float32 => n == 0 ? float.NaN : n / 3f,
            PhysicalKind.Float64 => n == 0 ? double.NaN : n / 3.0,
            _ => random.Next(3) switch
            {
                0 => new string('a', Math.Abs(n)),
                1 => "common beginning of some length " + n,
                _ => "\0" + n,
            },
        };
    }
}
