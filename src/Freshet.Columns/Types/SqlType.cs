using System.Collections.Immutable;
using System.Text;

namespace Freshet.Columns.Types;

/// <summary>A field of a ROW type.</summary>
public readonly record struct RowField(string Name, SqlType Type);

/// <summary>
/// A Flink SQL type: kind, nullability and parameters. Immutable and compared by value.
/// <see cref="ToString"/> is Flink's summary string, e.g. <c>DECIMAL(10, 2) NOT NULL</c>.
/// </summary>
public sealed class SqlType : IEquatable<SqlType>
{
    /// <summary>Length of STRING (VARCHAR) and BYTES (VARBINARY).</summary>
    public const int MaxLength = int.MaxValue;

    /// <summary>Largest number of digits of a DECIMAL.</summary>
    public const int MaxDecimalPrecision = 38;

    private SqlType(TypeKind kind, bool nullable, int precision = 0, int scale = 0, ImmutableArray<RowField> fields = default, string? structuredName = null)
    {
        Kind = kind;
        IsNullable = nullable;
        Precision = precision;
        Scale = scale;
        Fields = fields.IsDefault ? [] : fields;
        StructuredName = structuredName;
        Physical = PhysicalOf(kind, precision);
    }

    public TypeKind Kind { get; }

    public bool IsNullable { get; }

    /// <summary>Digits of a DECIMAL, fractional digits of a time type, length of a character or binary type.</summary>
    public int Precision { get; }

    /// <summary>Digits of a DECIMAL after the point.</summary>
    public int Scale { get; }

    /// <summary>Fields of a ROW; one field <c>element</c> of an ARRAY or MULTISET; <c>key</c> and <c>value</c> of a MAP.</summary>
    public ImmutableArray<RowField> Fields { get; }

    /// <summary>The class of a STRUCTURED type, which is a ROW with a name; null of others.</summary>
    public string? StructuredName { get; }

    /// <summary>The layout of this type's columns.</summary>
    public PhysicalKind Physical { get; }

    public static SqlType Null { get; } = new(TypeKind.Null, true);
    public static SqlType Boolean { get; } = new(TypeKind.Boolean, true);
    public static SqlType TinyInt { get; } = new(TypeKind.TinyInt, true);
    public static SqlType SmallInt { get; } = new(TypeKind.SmallInt, true);
    public static SqlType Int { get; } = new(TypeKind.Int, true);
    public static SqlType BigInt { get; } = new(TypeKind.BigInt, true);
    public static SqlType Float { get; } = new(TypeKind.Float, true);
    public static SqlType Double { get; } = new(TypeKind.Double, true);
    public static SqlType String { get; } = new(TypeKind.VarChar, true, MaxLength);
    public static SqlType Bytes { get; } = new(TypeKind.VarBinary, true, MaxLength);
    public static SqlType Date { get; } = new(TypeKind.Date, true);
    public static SqlType Variant { get; } = new(TypeKind.Variant, true);
    public static SqlType Bitmap { get; } = new(TypeKind.Bitmap, true);
    public static SqlType IntervalYearMonth { get; } = new(TypeKind.IntervalYearMonth, true);
    public static SqlType IntervalDayTime { get; } = new(TypeKind.IntervalDayTime, true);

    public static SqlType Decimal(int precision, int scale)
    {
        if (precision is < 1 or > MaxDecimalPrecision || scale < 0 || scale > precision)
            throw new ArgumentOutOfRangeException(nameof(precision), $"DECIMAL({precision}, {scale}): precision is 1 to 38, scale 0 to the precision.");
        return new(TypeKind.Decimal, true, precision, scale);
    }

    public static SqlType Char(int length) => new(TypeKind.Char, true, length);
    public static SqlType VarChar(int length) => new(TypeKind.VarChar, true, length);
    public static SqlType Binary(int length) => new(TypeKind.Binary, true, length);
    public static SqlType VarBinary(int length) => new(TypeKind.VarBinary, true, length);
    public static SqlType Time(int precision = 0) => new(TypeKind.Time, true, precision);
    public static SqlType Timestamp(int precision = 6) => new(TypeKind.Timestamp, true, precision);
    public static SqlType TimestampLtz(int precision = 6) => new(TypeKind.TimestampLtz, true, precision);
    public static SqlType Array(SqlType element) => new(TypeKind.Array, true, fields: [new("element", element)]);
    public static SqlType Multiset(SqlType element) => new(TypeKind.Multiset, true, fields: [new("element", element)]);
    public static SqlType Map(SqlType key, SqlType value) => new(TypeKind.Map, true, fields: [new("key", key), new("value", value)]);
    public static SqlType Row(ImmutableArray<RowField> fields) => new(TypeKind.Row, true, fields: fields);

    public static SqlType Structured(string name, ImmutableArray<RowField> fields) => new(TypeKind.Row, true, fields: fields, structuredName: name);

    /// <summary>The same type with the given nullability.</summary>
    public SqlType WithNullable(bool nullable) =>
        nullable == IsNullable ? this : new(Kind, nullable, Precision, Scale, Fields, StructuredName);

    public SqlType NotNull => WithNullable(false);

    public bool IsCharacter => Kind is TypeKind.Char or TypeKind.VarChar;
    public bool IsBinary => Kind is TypeKind.Binary or TypeKind.VarBinary;
    public bool IsInteger => Kind is TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt;
    public bool IsApproximate => Kind is TypeKind.Float or TypeKind.Double;
    public bool IsNumeric => IsInteger || IsApproximate || Kind == TypeKind.Decimal;
    public bool IsTimestamp => Kind is TypeKind.Timestamp or TypeKind.TimestampLtz;
    public bool IsInterval => Kind is TypeKind.IntervalYearMonth or TypeKind.IntervalDayTime;

    private static PhysicalKind PhysicalOf(TypeKind kind, int precision) => kind switch
    {
        TypeKind.Null or TypeKind.Boolean => PhysicalKind.Bool,
        TypeKind.TinyInt => PhysicalKind.Int8,
        TypeKind.SmallInt => PhysicalKind.Int16,
        TypeKind.Int or TypeKind.Date or TypeKind.Time or TypeKind.IntervalYearMonth => PhysicalKind.Int32,
        TypeKind.BigInt or TypeKind.IntervalDayTime => PhysicalKind.Int64,
        TypeKind.Timestamp or TypeKind.TimestampLtz => precision <= 6 ? PhysicalKind.Int64 : PhysicalKind.Int128,
        TypeKind.Float => PhysicalKind.Float32,
        TypeKind.Double => PhysicalKind.Float64,
        TypeKind.Decimal => precision <= 18 ? PhysicalKind.Int64 : PhysicalKind.Int128,
        _ => PhysicalKind.View,
    };

    public bool Equals(SqlType? other) =>
        other is not null && EqualsIgnoringNullability(other) && IsNullable == other.IsNullable;

    /// <summary>Equal but for the outermost nullability.</summary>
    public bool EqualsIgnoringNullability(SqlType other) =>
        Kind == other.Kind && Precision == other.Precision && Scale == other.Scale && StructuredName == other.StructuredName && Fields.AsSpan().SequenceEqual(other.Fields.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as SqlType);

    public override int GetHashCode() => HashCode.Combine(Kind, IsNullable, Precision, Scale, Fields.Length);

    /// <summary>Flink's summary string without NOT NULL.</summary>
    public string Name => Kind switch
    {
        TypeKind.Null => "NULL",
        TypeKind.Boolean => "BOOLEAN",
        TypeKind.TinyInt => "TINYINT",
        TypeKind.SmallInt => "SMALLINT",
        TypeKind.Int => "INT",
        TypeKind.BigInt => "BIGINT",
        TypeKind.Float => "FLOAT",
        TypeKind.Double => "DOUBLE",
        TypeKind.Decimal => $"DECIMAL({Precision}, {Scale})",
        TypeKind.Char => $"CHAR({Precision})",
        TypeKind.VarChar => Precision == MaxLength ? "STRING" : $"VARCHAR({Precision})",
        TypeKind.Binary => $"BINARY({Precision})",
        TypeKind.VarBinary => Precision == MaxLength ? "BYTES" : $"VARBINARY({Precision})",
        TypeKind.Date => "DATE",
        TypeKind.Time => $"TIME({Precision})",
        TypeKind.Timestamp => $"TIMESTAMP({Precision})",
        TypeKind.TimestampLtz => $"TIMESTAMP_LTZ({Precision})",
        TypeKind.IntervalYearMonth => "INTERVAL MONTH",
        TypeKind.IntervalDayTime => "INTERVAL SECOND(3)",
        TypeKind.Array => $"ARRAY<{Fields[0].Type}>",
        TypeKind.Multiset => $"MULTISET<{Fields[0].Type}>",
        TypeKind.Map => $"MAP<{Fields[0].Type}, {Fields[1].Type}>",
        TypeKind.Row => RowName(),
        TypeKind.Bitmap => "BITMAP",
        _ => "VARIANT",
    };

    public override string ToString() => IsNullable ? Name : Name + " NOT NULL";

    private string RowName()
    {
        var text = new StringBuilder(StructuredName is null ? "ROW<" : $"STRUCTURED<'{StructuredName}', ");
        for (var i = 0; i < Fields.Length; i++)
            text.Append(i == 0 ? "" : ", ").Append('`').Append(Fields[i].Name).Append("` ").Append(Fields[i].Type);
        return text.Append('>').ToString();
    }
}
