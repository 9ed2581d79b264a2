using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Times;

/// <summary>A point of time as µs and the ns after them; also a plain number, where a function gives one.</summary>
internal readonly record struct Moment(long Micros, int Nanos = 0);

/// <summary>One row of a function over times: a struct, so that the loop over the rows is compiled for it.</summary>
internal interface ITimeRow
{
    /// <summary>The value of a row without NULL arguments; false for NULL.</summary>
    bool TryRow(in TimeRows rows, int row, out Moment value);
}

/// <summary>
/// The loop of functions over times and the way to their arguments: any date or time as µs since 1970 on the session's clock,
/// the day of a TIME being 1970-01-01. NULL in, NULL out.
/// </summary>
internal readonly unsafe ref struct TimeRows
{
    private readonly ReadOnlySpan<Column> _arguments;

    private TimeRows(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        Context = context;
        _arguments = arguments;
        Types = types;
    }

    public EvaluationContext Context { get; }

    public CallTypes Types { get; }

    public int Count => _arguments.Length;

    public static Column Run<T>(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, T body)
        where T : struct, ITimeRow
    {
        var kind = types.Result.Physical;
        var validity = ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(kind, context.Memory);
        var output = Column.Allocate(kind, context.Rows, context.Memory);
        output.Validity = validity;
        var isOwn = false;
        var rows = new TimeRows(context, arguments, types);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (validity is not null && output.IsNull(row)) continue;
            if (body.TryRow(rows, row, out var value))
            {
                Write(types.Result, output, row, value);
                continue;
            }

            if (!isOwn) output.Validity = ValidityKernel.Copy(validity, context.Rows, context.Memory);
            isOwn = true;
            output.SetNull(row);
        }

        return output;
    }

    /// <summary>An argument on the session's clock.</summary>
    public Moment Local(int argument, int row) => Local(_arguments[argument], Types.Arguments[argument], row, Context.TimeZone);

    /// <summary>An argument as it lies: µs of UTC for TIMESTAMP_LTZ.</summary>
    public Moment Raw(int argument, int row)
    {
        var column = _arguments[argument];
        var type = Types.Arguments[argument];
        if (!type.IsTimestamp) return new(CastKernel.ReadInteger(column, row));
        return new(TimestampValue.Read(column.Kind, column.Values, column.IndexOf(row), out var nanos), nanos);
    }

    public long Integer(int argument, int row) => CastKernel.ReadInteger(_arguments[argument], row);

    public double Double(int argument, int row)
    {
        var column = _arguments[argument];
        var index = column.IndexOf(row);
        return column.Kind == PhysicalKind.Float32 ? column.As<float>()[index] : column.As<double>()[index];
    }

    public ReadOnlySpan<byte> Text(int argument, int row) => StringView.Span(_arguments[argument].As<StringView>() + _arguments[argument].IndexOf(row));

    internal static Moment Local(in Column column, SqlType type, int row, TimeZoneInfo zone)
    {
        if (type.IsTimestamp)
        {
            var micros = TimestampValue.Read(column.Kind, column.Values, column.IndexOf(row), out var nanos);
            return new(type.Kind == TypeKind.TimestampLtz ? TimeText.ToLocal(micros, zone) : micros, nanos);
        }

        var value = CastKernel.ReadInteger(column, row);
        return new(type.Kind switch
        {
            TypeKind.Date => value * TimeRounding.DayMicros,
            TypeKind.Time or TypeKind.IntervalDayTime => value * 1000,
            _ => value,
        });
    }

    private static void Write(SqlType type, in Column output, int row, Moment value)
    {
        if (type.IsTimestamp) TimestampValue.Write(type, output.Values, row, value.Micros, value.Nanos);
        else if (type.Physical == PhysicalKind.Int32) output.As<int>()[row] = (int)value.Micros;
        else output.As<long>()[row] = value.Micros;
    }
}
