using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels;

/// <summary>
/// Equality and order of rows by content. NULL equals NULL and comes before every value; text goes by bytes, FALSE before
/// TRUE; floating point by its total order: -0.0 before 0.0, all NaN one value after infinity. This is the identity of a row
/// (grouping, consolidation, retraction), not SQL's <c>=</c>.
/// Columns that are compared have the same kind. Weights and row watermarks are no part of a row's content.
/// </summary>
public static unsafe class CompareKernel
{
    /// <summary>Whether two rows have the same values in all columns.</summary>
    public static bool RowsEqual(ReadOnlySpan<Column> left, int leftRow, ReadOnlySpan<Column> right, int rightRow)
    {
        for (var i = 0; i < left.Length; i++)
            if (!ValuesEqual(left[i], leftRow, right[i], rightRow)) return false;
        return true;
    }

    /// <summary>Whether two values are the same one.</summary>
    public static bool ValuesEqual(in Column left, int leftRow, in Column right, int rightRow)
    {
        var valid = left.IsValid(leftRow);
        if (valid != right.IsValid(rightRow)) return false;
        if (!valid) return true;
        leftRow = left.IndexOf(leftRow);
        rightRow = right.IndexOf(rightRow);
        return left.Kind switch
        {
            PhysicalKind.Bool or PhysicalKind.Int8 => left.As<byte>()[leftRow] == right.As<byte>()[rightRow],
            PhysicalKind.Int16 => left.As<short>()[leftRow] == right.As<short>()[rightRow],
            PhysicalKind.Int32 => left.As<int>()[leftRow] == right.As<int>()[rightRow],
            PhysicalKind.Int64 => left.As<long>()[leftRow] == right.As<long>()[rightRow],
            PhysicalKind.Int128 => left.As<Int128>()[leftRow] == right.As<Int128>()[rightRow],
            PhysicalKind.Float32 => Bits(left.As<float>()[leftRow]) == Bits(right.As<float>()[rightRow]),
            PhysicalKind.Float64 => Bits(left.As<double>()[leftRow]) == Bits(right.As<double>()[rightRow]),
            _ => left.As<StringView>()[leftRow].Equals(right.As<StringView>()[rightRow]),
        };
    }

    /// <summary>Order of two rows by their columns, first column first.</summary>
    public static int CompareRows(ReadOnlySpan<Column> left, int leftRow, ReadOnlySpan<Column> right, int rightRow)
    {
        for (var i = 0; i < left.Length; i++)
        {
            var order = CompareValues(left[i], leftRow, right[i], rightRow);
            if (order != 0) return order;
        }

        return 0;
    }

    /// <summary>Order of two values, NULL first.</summary>
    public static int CompareValues(in Column left, int leftRow, in Column right, int rightRow)
    {
        var leftValid = left.IsValid(leftRow);
        var rightValid = right.IsValid(rightRow);
        if (!leftValid || !rightValid) return leftValid.CompareTo(rightValid);
        leftRow = left.IndexOf(leftRow);
        rightRow = right.IndexOf(rightRow);
        return left.Kind switch
        {
            PhysicalKind.Bool => left.As<byte>()[leftRow].CompareTo(right.As<byte>()[rightRow]),
            PhysicalKind.Int8 => left.As<sbyte>()[leftRow].CompareTo(right.As<sbyte>()[rightRow]),
            PhysicalKind.Int16 => left.As<short>()[leftRow].CompareTo(right.As<short>()[rightRow]),
            PhysicalKind.Int32 => left.As<int>()[leftRow].CompareTo(right.As<int>()[rightRow]),
            PhysicalKind.Int64 => left.As<long>()[leftRow].CompareTo(right.As<long>()[rightRow]),
            PhysicalKind.Int128 => left.As<Int128>()[leftRow].CompareTo(right.As<Int128>()[rightRow]),
            PhysicalKind.Float32 => OrderBits(left.As<float>()[leftRow]).CompareTo(OrderBits(right.As<float>()[rightRow])),
            PhysicalKind.Float64 => OrderBits(left.As<double>()[leftRow]).CompareTo(OrderBits(right.As<double>()[rightRow])),
            _ => StringView.Compare(left.As<StringView>() + leftRow, right.As<StringView>() + rightRow),
        };
    }

    /// <summary>The bits that are a value's identity: those of the value, with one pattern for all NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Bits(double value) => double.IsNaN(value) ? 0x7FF8_0000_0000_0000 : BitConverter.DoubleToUInt64Bits(value);

    /// <inheritdoc cref="Bits(double)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bits(float value) => float.IsNaN(value) ? 0x7FC0_0000 : BitConverter.SingleToUInt32Bits(value);

    /// <summary>A number that orders as the value does: negative values have all bits turned, others the sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OrderBits(double value)
    {
        var bits = Bits(value);
        return bits ^ ((ulong)((long)bits >> 63) | 1UL << 63);
    }

    /// <inheritdoc cref="OrderBits(double)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint OrderBits(float value)
    {
        var bits = Bits(value);
        return bits ^ ((uint)((int)bits >> 31) | 1U << 31);
    }
}
