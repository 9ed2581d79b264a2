using System.Runtime.CompilerServices;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Engine.Functions;

/// <summary>
/// The arguments of a call for one row at a time: columns, and the row that is read. <see cref="Read"/> is compiled for each type,
/// so that nothing is boxed.
/// </summary>
internal sealed unsafe class ValueReader
{
    private Column[] _columns = [];
    private SqlType[] _types = [];
    private int _row;

    /// <summary>Sets the columns that are read.</summary>
    public void Begin(ReadOnlySpan<Column> columns, SqlType[] types)
    {
        if (_columns.Length != columns.Length) _columns = new Column[columns.Length];
        columns.CopyTo(_columns);
        _types = types;
    }

    /// <summary>Goes to a row; false where an argument that cannot be NULL is.</summary>
    public bool MoveTo(int row, bool[] takesNull)
    {
        _row = row;
        for (var i = 0; i < _columns.Length; i++)
            if (!takesNull[i] && _columns[i].IsNull(row)) return false;
        return true;
    }

    /// <summary>An argument as a type of <see cref="ValueTypes"/>.</summary>
    public T Read<T>(int index)
    {
        ref var column = ref _columns[index];
        if (column.IsNull(_row)) return default!;
        var at = column.IndexOf(_row);
        if (Is<T, bool>()) return From<T, bool>(column.As<byte>()[at] != 0);
        if (Is<T, sbyte>()) return From<T, sbyte>(column.As<sbyte>()[at]);
        if (Is<T, short>()) return From<T, short>(column.As<short>()[at]);
        if (Is<T, int>()) return From<T, int>(column.As<int>()[at]);
        if (Is<T, long>()) return From<T, long>(column.As<long>()[at]);
        if (Is<T, float>()) return From<T, float>(column.As<float>()[at]);
        if (Is<T, double>()) return From<T, double>(column.As<double>()[at]);
        if (Is<T, decimal>()) return From<T, decimal>(Decimal(column, at, _types[index].Scale));
        if (Is<T, DateOnly>()) return From<T, DateOnly>(DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(column.As<int>()[at])));
        if (Is<T, TimeOnly>()) return From<T, TimeOnly>(new TimeOnly(column.As<int>()[at] * TimeSpan.TicksPerMillisecond));
        if (Is<T, DateTime>()) return From<T, DateTime>(new DateTime(DateTime.UnixEpoch.Ticks + column.As<long>()[at] * TimeSpan.TicksPerMicrosecond));
        if (Is<T, DateTimeOffset>()) return From<T, DateTimeOffset>(DateTimeOffset.UnixEpoch.AddTicks(column.As<long>()[at] * TimeSpan.TicksPerMicrosecond));
        if (Is<T, TimeSpan>()) return From<T, TimeSpan>(TimeSpan.FromMilliseconds(column.As<long>()[at]));
        if (Is<T, StringView>()) return From<T, StringView>(column.As<StringView>()[at]);
        var bytes = StringView.Span(column.As<StringView>() + at);
        return typeof(T) == typeof(string) ? (T)(object)Encoding.UTF8.GetString(bytes) : (T)(object)bytes.ToArray();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Is<T, TValue>()
        where TValue : struct => typeof(T) == typeof(TValue) || typeof(T) == typeof(TValue?);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T From<T, TValue>(TValue value)
        where TValue : struct
    {
        if (typeof(T) == typeof(TValue)) return Unsafe.As<TValue, T>(ref value);
        TValue? some = value;
        return Unsafe.As<TValue?, T>(ref some);
    }

    private static decimal Decimal(in Column column, int at, int scale)
    {
        var unscaled = column.Kind == PhysicalKind.Int64 ? column.As<long>()[at] : column.As<Int128>()[at];
        var value = (decimal)unscaled;
        for (var i = 0; i < scale; i++) value /= 10;
        return value;
    }
}
