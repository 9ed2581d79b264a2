using System.Reflection;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Engine.Functions;

/// <summary>The SQL type of each .NET type that functions and rows of a program can have.</summary>
internal static class ValueTypes
{
    /// <summary>Digits after the point of a decimal result.</summary>
    public const int DecimalScale = 18;

    private static readonly Dictionary<Type, SqlType> Known = new()
    {
        [typeof(bool)] = SqlType.Boolean,
        [typeof(sbyte)] = SqlType.TinyInt,
        [typeof(short)] = SqlType.SmallInt,
        [typeof(int)] = SqlType.Int,
        [typeof(long)] = SqlType.BigInt,
        [typeof(float)] = SqlType.Float,
        [typeof(double)] = SqlType.Double,
        [typeof(decimal)] = SqlType.Decimal(SqlType.MaxDecimalPrecision, DecimalScale),
        [typeof(string)] = SqlType.String,
        [typeof(byte[])] = SqlType.Bytes,
        [typeof(DateOnly)] = SqlType.Date,
        [typeof(TimeOnly)] = SqlType.Time(3),
        [typeof(DateTime)] = SqlType.Timestamp(6),
        [typeof(DateTimeOffset)] = SqlType.TimestampLtz(6),
        [typeof(TimeSpan)] = SqlType.IntervalDayTime,
    };

    /// <summary>The nullable SQL type; null for a .NET type that has none.</summary>
    public static SqlType? Find(Type type) => Known.GetValueOrDefault(Nullable.GetUnderlyingType(type) ?? type);

    /// <summary>The same for a parameter of a function, which may also take a text as it lies, without a copy; it is valid during the call.</summary>
    public static SqlType? FindParameter(Type type) => (Nullable.GetUnderlyingType(type) ?? type) == typeof(StringView) ? SqlType.String : Find(type);

    /// <summary>Whether a parameter can be given NULL.</summary>
    public static bool TakesNull(ParameterInfo parameter) =>
        parameter.ParameterType.IsValueType
            ? Nullable.GetUnderlyingType(parameter.ParameterType) is not null
            : new NullabilityInfoContext().Create(parameter).WriteState != NullabilityState.NotNull;
}
