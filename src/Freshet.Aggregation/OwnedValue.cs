using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Aggregation;

/// <summary>
/// A value of any kind kept in state: 16 bytes, the value in the first ones; a long text points to its own copy of the bytes.
/// Whoever holds it calls <see cref="Free"/> once. Never NULL.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal unsafe struct OwnedValue
{
    private StringView _value;

    /// <summary>A copy of a value of a column. The row is valid.</summary>
    public static OwnedValue Copy(in Column column, int row)
    {
        var result = default(OwnedValue);
        var width = column.Kind.WidthBytes();
        Unsafe.CopyBlockUnaligned(&result, (byte*)column.Values + (nint)column.IndexOf(row) * width, (uint)width);
        if (column.Kind != PhysicalKind.View || result._value.IsInline) return result;
        var bytes = (byte*)NativeMemory.Alloc((nuint)result._value.Length);
        NativeMemory.Copy(result._value.Pointer, bytes, (nuint)result._value.Length);
        result._value = new StringView(bytes, result._value.Length);
        return result;
    }

    /// <summary>Writes the value to a column; a long text is copied to <paramref name="memory"/>, as state may change before the batch is gone.</summary>
    public static void Read(OwnedValue* value, in Column column, int row, BatchMemory memory)
    {
        var width = column.Kind.WidthBytes();
        if (column.Kind == PhysicalKind.View && !value->_value.IsInline)
            column.As<StringView>()[row] = StringView.Copy(StringView.Span(&value->_value), memory);
        else
            Unsafe.CopyBlockUnaligned((byte*)column.Values + (nint)row * width, value, (uint)width);
    }

    /// <summary>Order of a column's value (valid) and a stored one.</summary>
    public static int Compare(in Column column, int row, OwnedValue* value)
    {
        var stored = new Column { Kind = column.Kind, IsConstant = true, Values = value };
        return CompareKernel.CompareValues(column, row, stored, 0);
    }

    public static void Free(OwnedValue* value, PhysicalKind kind)
    {
        if (kind == PhysicalKind.View && !value->_value.IsInline) NativeMemory.Free(value->_value.Pointer);
    }
}
