using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Windows.Overs;

/// <summary>
/// The frame of each row of an ordered list of rows: the rows from <see cref="From"/> up to, without, <see cref="To"/>. Both only
/// grow along the list, so that a frame slides.
/// </summary>
internal sealed unsafe class Frames(OverSpec spec)
{
    /// <summary>For each row the first row of its frame.</summary>
    public int* From { get; private set; }

    /// <summary>For each row the row after the last of its frame.</summary>
    public int* To { get; private set; }

    /// <summary>For each row the first row that is equal to it in the order.</summary>
    public int* PeersFrom { get; private set; }

    /// <summary>For each row the row after the last that is equal to it in the order.</summary>
    public int* PeersTo { get; private set; }

    /// <param name="columns">The rows' columns.</param>
    /// <param name="count">Rows of the list.</param>
    public void Build(Column[] columns, int count, BatchMemory memory)
    {
        PeersFrom = memory.Allocate<int>(count);
        PeersTo = memory.Allocate<int>(count);
        From = memory.Allocate<int>(count);
        To = memory.Allocate<int>(count);
        var keys = spec.Order.AsSpan();
        for (var from = 0; from < count;)
        {
            var to = from + 1;
            while (to < count && SortKernel.Compare(columns, keys, from, to) == 0) to++;
            for (var i = from; i < to; i++) (PeersFrom[i], PeersTo[i]) = (from, to);
            from = to;
        }

        if (!spec.IsRange) ByRows(count);
        else if (spec.Order.Length == 1 && !(Simple(spec.From) && Simple(spec.To))) ByValue(columns[spec.Order[0].Column], count);
        else ByPeers(count);
    }

    private static bool Simple(FrameSide side) => side.IsUnbounded || side.IsCurrent;

    private void ByRows(int count)
    {
        for (var i = 0; i < count; i++)
        {
            From[i] = spec.From.IsUnbounded ? 0 : (int)Int128.Clamp(i + spec.From.Distance, 0, count);
            To[i] = spec.To.IsUnbounded ? count : (int)Int128.Clamp(i + spec.To.Distance + 1, 0, count);
            To[i] = Math.Max(From[i], To[i]);
        }
    }

    private void ByPeers(int count)
    {
        for (var i = 0; i < count; i++)
        {
            From[i] = spec.From.IsUnbounded ? 0 : PeersFrom[i];
            To[i] = spec.To.IsUnbounded ? count : PeersTo[i];
        }
    }

    private void ByValue(in Column column, int count)
    {
        var key = spec.Order[0];
        var (from, to) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            if (column.IsNull(i))
            {
                // NULL has no distance to anything but NULL.
                from = Math.Max(from, PeersFrom[i]);
                to = Math.Max(to, PeersTo[i]);
            }
            else
            {
                while (from < count && IsBefore(column, from, i, key, spec.From, isFrom: true)) from++;
                while (to < count && IsBefore(column, to, i, key, spec.To, isFrom: false)) to++;
            }

            From[i] = spec.From.IsUnbounded ? 0 : from;
            To[i] = Math.Max(From[i], spec.To.IsUnbounded ? count : to);
        }
    }

    /// <summary>Whether a row comes before the frame of row <paramref name="i"/> begins, or before it ends.</summary>
    private static bool IsBefore(in Column column, int row, int i, SortKey key, FrameSide side, bool isFrom)
    {
        if (column.IsNull(row)) return key.NullsFirst;
        var order = column.Kind is PhysicalKind.Float32 or PhysicalKind.Float64
            ? CompareApproximate(Double(column, row), Double(column, i), key.Descending, side)
            : Compare(Integer(column, row), Integer(column, i), key.Descending, side.Distance);
        return isFrom ? order < 0 : order <= 0;
    }

    private static int Compare(Int128 value, Int128 current, bool descending, Int128 distance) =>
        descending ? (current - distance).CompareTo(value) : value.CompareTo(current + distance);

    private static int CompareApproximate(double value, double current, bool descending, FrameSide side) =>
        descending ? CompareKernel.OrderBits(current - side.Approximate).CompareTo(CompareKernel.OrderBits(value)) : CompareKernel.OrderBits(value).CompareTo(CompareKernel.OrderBits(current + side.Approximate));

    private static double Double(in Column column, int row) => column.Kind == PhysicalKind.Float32 ? column.As<float>()[row] : column.As<double>()[row];

    private static Int128 Integer(in Column column, int row) => column.Kind switch
    {
        PhysicalKind.Int8 => column.As<sbyte>()[row],
        PhysicalKind.Int16 => column.As<short>()[row],
        PhysicalKind.Int32 => column.As<int>()[row],
        PhysicalKind.Int64 => column.As<long>()[row],
        _ => column.As<Int128>()[row],
    };
}
