using System.Runtime.CompilerServices;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns;

/// <summary>
/// The values of one column: a pointer to values of one physical kind and a pointer to their validity bits.
/// A constant column holds one value that stands for every row (literals); kernels either have a form for it or ask for
/// <see cref="Flatten"/>. A column owns nothing: the batch's <see cref="BatchMemory"/> does. The value of a NULL row is
/// unspecified but readable (a View is empty there, so that it can be copied).
/// </summary>
public unsafe struct Column
{
    public PhysicalKind Kind;

    /// <summary>One value for all rows: <see cref="Values"/> holds one value and <see cref="Validity"/> one bit.</summary>
    public bool IsConstant;

    public void* Values;

    /// <summary>One bit a row, set where the value is not NULL; null where no row is NULL.</summary>
    public ulong* Validity;

    /// <summary>Room for <paramref name="rows"/> values, not cleared, without validity.</summary>
    public static Column Allocate(PhysicalKind kind, int rows, BatchMemory memory) => new()
    {
        Kind = kind,
        Values = memory.Allocate((long)rows * kind.WidthBytes()),
    };

    /// <summary>A constant column of a value of <typeparamref name="T"/>.</summary>
    public static Column Constant<T>(PhysicalKind kind, T value, BatchMemory memory)
        where T : unmanaged
    {
        var values = memory.Allocate<T>(1);
        *values = value;
        return new Column { Kind = kind, IsConstant = true, Values = values };
    }

    /// <summary>A constant column that is NULL in every row.</summary>
    public static Column ConstantNull(PhysicalKind kind, BatchMemory memory)
    {
        var column = new Column { Kind = kind, IsConstant = true, Values = memory.Allocate(16), Validity = memory.AllocateBits(1, false) };
        new Span<byte>(column.Values, 16).Clear();
        return column;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T* As<T>()
        where T : unmanaged => (T*)Values;

    /// <summary>The index of a row's value: 0 in a constant column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int IndexOf(int row) => IsConstant ? 0 : row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsValid(int row)
    {
        if (Validity is null) return true;
        row = IsConstant ? 0 : row;
        return (Validity[row >> 6] >> row & 1) != 0;
    }

    public readonly bool IsNull(int row) => !IsValid(row);

    /// <summary>Makes sure that there is a validity bitmap for <paramref name="rows"/> rows (all valid when made here).</summary>
    public void EnsureValidity(int rows, BatchMemory memory)
    {
        if (Validity is null) Validity = memory.AllocateBits(rows, true);
    }

    /// <summary>Marks a row NULL; the bitmap must exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void SetNull(int row)
    {
        Validity[row >> 6] &= ~(1UL << row);
        if (Kind == PhysicalKind.View) ((StringView*)Values)[row] = default;
    }

    /// <summary>The same values with one stored value for each of <paramref name="rows"/> rows.</summary>
    public readonly Column Flatten(int rows, BatchMemory memory)
    {
        if (!IsConstant) return this;
        var flat = Allocate(Kind, rows, memory);
        switch (Kind.WidthBytes())
        {
            case 1: new Span<byte>(flat.Values, rows).Fill(*(byte*)Values); break;
            case 2: new Span<short>(flat.Values, rows).Fill(*(short*)Values); break;
            case 4: new Span<int>(flat.Values, rows).Fill(*(int*)Values); break;
            case 8: new Span<long>(flat.Values, rows).Fill(*(long*)Values); break;
            default: new Span<Int128>(flat.Values, rows).Fill(*(Int128*)Values); break;
        }

        if (IsNull(0)) flat.Validity = memory.AllocateBits(rows, false);
        return flat;
    }
}
