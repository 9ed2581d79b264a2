using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Aggregation;

/// <summary>A value as it lies in state: itself, or the last value of a tuple, behind a row's position.</summary>
/// <param name="result">The kind of the value.</param>
/// <param name="position">Kinds of what is in front of it in the tuple; null for no tuple.</param>
internal sealed unsafe class StoredForm(PhysicalKind result, PhysicalKind[]? position)
{
    /// <summary>The kind of what is stored.</summary>
    public PhysicalKind Kind { get; } = position is null ? result : PhysicalKind.View;

    public PhysicalKind Result { get; } = result;

    /// <summary>Reads a stored value to a row of a column that has validity: NULL where there is none. Gives 1 for a value.</summary>
    public int Read(OwnedValue* stored, in Column column, int row, BatchMemory memory)
    {
        if (stored is null)
        {
            new Span<byte>((byte*)column.Values + (nint)row * Result.WidthBytes(), Result.WidthBytes()).Clear();
            column.SetNull(row);
            return 0;
        }

        if (position is null)
        {
            OwnedValue.Read(stored, column, row, memory);
        }
        else
        {
            var tuple = StringView.Span((StringView*)stored);
            TupleKernel.Read(tuple, ValueFrom(tuple), isLast: true, column, row, memory);
        }

        return 1;
    }

    /// <summary>Where the value begins in a tuple.</summary>
    public int ValueFrom(ReadOnlySpan<byte> tuple)
    {
        var at = 0;
        foreach (var kind in position!) at = TupleKernel.Skip(tuple, at, isLast: false, kind);
        return at;
    }
}
