using System.Runtime.CompilerServices;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Engine.Functions;

/// <summary>Values of a program into a column; compiled for each type, so that nothing is boxed.</summary>
internal static unsafe class ValueWriter
{
    /// <summary>Writes a value of a type of <see cref="ValueTypes"/>; false for null, where nothing is written.</summary>
    /// <exception cref="OverflowException">The value has no place in its SQL type.</exception>
    public static bool TryWrite<T>(T value, void* values, int row, BatchMemory memory)
    {
        if (value is null) return false;
        if (ValueReader.Is<T, bool>()) ((bool*)values)[row] = Raw<T, bool>(ref value);
        else if (ValueReader.Is<T, sbyte>()) ((sbyte*)values)[row] = Raw<T, sbyte>(ref value);
        else if (ValueReader.Is<T, short>()) ((short*)values)[row] = Raw<T, short>(ref value);
        else if (ValueReader.Is<T, int>()) ((int*)values)[row] = Raw<T, int>(ref value);
        else if (ValueReader.Is<T, long>()) ((long*)values)[row] = Raw<T, long>(ref value);
        else if (ValueReader.Is<T, float>()) ((float*)values)[row] = Raw<T, float>(ref value);
        else if (ValueReader.Is<T, double>()) ((double*)values)[row] = Raw<T, double>(ref value);
        else if (ValueReader.Is<T, decimal>()) ((Int128*)values)[row] = Unscaled(Raw<T, decimal>(ref value));
        else if (ValueReader.Is<T, DateOnly>()) ((int*)values)[row] = Raw<T, DateOnly>(ref value).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        else if (ValueReader.Is<T, TimeOnly>()) ((int*)values)[row] = (int)(Raw<T, TimeOnly>(ref value).Ticks / TimeSpan.TicksPerMillisecond);
        else if (ValueReader.Is<T, DateTime>()) ((long*)values)[row] = Micros(Raw<T, DateTime>(ref value).Ticks);
        else if (ValueReader.Is<T, DateTimeOffset>()) ((long*)values)[row] = Micros(Raw<T, DateTimeOffset>(ref value).UtcTicks);
        else if (ValueReader.Is<T, TimeSpan>()) ((long*)values)[row] = Raw<T, TimeSpan>(ref value).Ticks / TimeSpan.TicksPerMillisecond;
        else if (typeof(T) == typeof(string)) ((StringView*)values)[row] = StringView.Copy(Encoding.UTF8.GetBytes((string)(object)value), memory);
        else ((StringView*)values)[row] = StringView.Copy((byte[])(object)value, memory);
        return true;
    }

    private static long Micros(long ticks) => (ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TValue Raw<T, TValue>(ref T value)
        where TValue : struct =>
        typeof(T) == typeof(TValue) ? Unsafe.As<T, TValue>(ref value) : Unsafe.As<T, TValue?>(ref value).GetValueOrDefault();

    private static Int128 Unscaled(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var size = (Int128)(uint)bits[2] << 64 | (Int128)(uint)bits[1] << 32 | (uint)bits[0];
        var scale = bits[3] >> 16 & 0xFF;
        for (; scale < ValueTypes.DecimalScale; scale++) size = checked(size * 10);
        for (; scale > ValueTypes.DecimalScale; scale--) size = (size + 5) / 10;
        return bits[3] < 0 ? -size : size;
    }
}
