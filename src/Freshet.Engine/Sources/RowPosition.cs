using Freshet.Columns.Types;

namespace Freshet.Engine.Sources;

/// <summary>
/// Where a row stands among all rows of a circuit, as one number: what is ordered by position is ordered by it.
/// <code>
/// 43 bits  running maximum of the partition's record timestamps, ms since 1970 (0 where records have none)
/// 14 bits  source, by name
/// 16 bits  partition
/// 54 bits  offset
/// </code>
/// A function of the input alone, never of the step or the worker that met the row.
/// </summary>
internal static class RowPosition
{
    private const int SourceBits = 14;
    private const int PartitionBits = 16;
    private const int OffsetBits = 54;
    private const long TimeMaxMs = (1L << 43) - 1;

    /// <summary>The type of the hidden column.</summary>
    public static SqlType Type { get; } = SqlType.Decimal(SqlType.MaxDecimalPrecision, 0).NotNull;

    /// <summary>The number of the row at offset 0 of a partition at a time; the offset is added.</summary>
    public static Int128 Of(long timeMs, int source, int partition) =>
        (Int128)Math.Clamp(timeMs, 0, TimeMaxMs) << (SourceBits + PartitionBits + OffsetBits)
        | (Int128)(source & (1 << SourceBits) - 1) << (PartitionBits + OffsetBits)
        | (Int128)(partition & (1 << PartitionBits) - 1) << OffsetBits;
}
