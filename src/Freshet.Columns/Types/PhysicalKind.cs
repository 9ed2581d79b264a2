namespace Freshet.Columns.Types;

/// <summary>
/// How the values of a column lie in memory.
/// <code>
/// kind     bytes  carries
/// Bool     1      BOOLEAN (0 or 1)
/// Int8     1      TINYINT
/// Int16    2      SMALLINT
/// Int32    4      INT, DATE (days since 1970-01-01), TIME (ms of the day), INTERVAL YEAR TO MONTH (months)
/// Int64    8      BIGINT, TIMESTAMP and TIMESTAMP_LTZ to 6 digits (µs since 1970-01-01 00:00), INTERVAL DAY TO SECOND (ms),
///                 DECIMAL with precision up to 18 (unscaled)
/// Int128   16     DECIMAL with precision 19 to 38 (unscaled, little endian), TIMESTAMP and TIMESTAMP_LTZ with 7 to 9 digits (ns)
/// Float32  4      FLOAT
/// Float64  8      DOUBLE
/// View     16     CHAR, VARCHAR (UTF-8), BINARY, VARBINARY, VARIANT (JSON text, UTF-8),
///                 ARRAY, MAP, MULTISET, ROW (JSON text of the same value)
/// </code>
/// </summary>
public enum PhysicalKind : byte
{
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Int128,
    Float32,
    Float64,
    View,
}

public static class PhysicalKinds
{
    private static ReadOnlySpan<byte> Widths => [1, 1, 2, 4, 8, 16, 4, 8, 16];

    /// <summary>Bytes of one value.</summary>
    public static int WidthBytes(this PhysicalKind kind) => Widths[(int)kind];
}
