using System.Runtime.CompilerServices;
using Freshet.Columns.Types;

namespace Freshet.Columns.Formats;

/// <summary>
/// Timestamps as they lie in columns: µs since 1970-01-01 00:00 in 8 bytes up to 6 fractional digits, ns in 16 bytes beyond.
/// Between columns a timestamp is its µs and the 0 to 999 ns after them, so that most code knows of µs alone.
/// </summary>
public static unsafe class TimestampValue
{
    /// <summary>The µs of a value, rounded to the past; <paramref name="nanos"/> has the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Read(PhysicalKind kind, void* values, int row, out int nanos)
    {
        if (kind == PhysicalKind.Int64)
        {
            nanos = 0;
            return ((long*)values)[row];
        }

        return Split(((Int128*)values)[row], out nanos);
    }

    /// <summary>Stores a value, cut to the digits of its type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(SqlType type, void* values, int row, long micros, int nanos)
    {
        if (type.Physical == PhysicalKind.Int64) ((long*)values)[row] = TimeText.Truncate(micros, type.Precision);
        else ((Int128*)values)[row] = (Int128)micros * 1000 + Cut(nanos, type.Precision);
    }

    private static int Cut(int nanos, int precision) => precision switch { >= 9 => nanos, 8 => nanos / 10 * 10, _ => nanos / 100 * 100 };

    private static long Split(Int128 value, out int nanos)
    {
        var micros = (long)(value / 1000);
        nanos = (int)(value - (Int128)micros * 1000);
        if (nanos >= 0) return micros;
        nanos += 1000;
        return micros - 1;
    }
}
