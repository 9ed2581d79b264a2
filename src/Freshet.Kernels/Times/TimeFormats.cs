using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Times;

/// <summary>
/// Times as text by a pattern of Java's letters. A pattern that is none, or asks for what a time does not have, is an error of
/// the row.
/// <code>
/// function                       kernel          arguments                       pattern
/// DATE_FORMAT(x, pattern)        Format          TIMESTAMP or TIMESTAMP_LTZ      DateTimeFormatter
/// DATE_FORMAT(text, pattern)     FormatText      text yyyy-MM-dd HH:mm:ss        SimpleDateFormat; NULL for other text
/// FROM_UNIXTIME(s [, pattern])   FromUnixTime    seconds                         SimpleDateFormat, session's zone
/// CONVERT_TZ(text, from, to)     ConvertZone     text yyyy-MM-dd HH:mm:ss        NULL for other text; an unknown zone is UTC
/// </code>
/// </summary>
public static unsafe class TimeFormats
{
    internal static readonly byte[] TimestampPattern = "yyyy-MM-dd HH:mm:ss"u8.ToArray();

    [ThreadStatic]
    private static Utf8Buffer? t_buffer;

    public static Column Format(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, types, default(FormatRow));

    public static Column FormatText(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, types, default(FormatTextRow));

    public static Column FromUnixTime(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, types, default(FromUnixRow));

    public static Column ConvertZone(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Run(context, arguments, types, default(ConvertRow));

    /// <summary>A zone by its name, as Java's TimeZone.getTimeZone: UTC for what is none.</summary>
    internal static TimeZoneInfo ZoneOf(ReadOnlySpan<byte> name) => ZoneNames.Find(name) ?? TimeZoneInfo.Utc;

    private interface IFormatRow
    {
        /// <summary>Appends the row's text; false for NULL, or after an error.</summary>
        bool TryRow(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, int row, Utf8Buffer buffer);

        /// <summary>Whether the row has the text of the last one that had a text.</summary>
        bool IsLast(ReadOnlySpan<Column> arguments, CallTypes types, EvaluationContext context, int row) => false;
    }

    private static Column Run<T>(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, T body)
        where T : struct, IFormatRow
    {
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = ValidityKernel.Copy(ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull), context.Rows, context.Memory);
        if (isNull) return Column.ConstantNull(PhysicalKind.View, context.Memory);
        var buffer = t_buffer ??= new Utf8Buffer();
        var last = default(StringView);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            if (body.IsLast(arguments, types, context, row))
            {
                output.As<StringView>()[row] = last;
                continue;
            }

            buffer.Clear();
            if (body.TryRow(context, arguments, types, row, buffer)) output.As<StringView>()[row] = last = StringView.Copy(buffer.Written, context.Memory);
            else output.SetNull(row);
        }

        return output;
    }

    private static bool TryWrite(EvaluationContext context, int row, JavaTimePattern pattern, long micros, int nanos, int? offset, Utf8Buffer buffer)
    {
        var letter = '\0';
        if (pattern.Error is null && JavaTimeText.TryWrite(pattern, micros, nanos, offset, buffer, out letter)) return true;
        context.Fail(row, pattern.Error ?? $"The pattern letter '{letter}' asks for what this time does not have.");
        return false;
    }

    /// <summary>Neighbouring rows often lie in one day or minute, whatever the pattern shows: their text is made once.</summary>
    private struct FormatRow : IFormatRow
    {
        private long _from;
        private long _length;

        public bool TryRow(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, int row, Utf8Buffer buffer)
        {
            var moment = TimeRows.Local(arguments[0], types.Arguments[0], row, context.TimeZone);
            var pattern = JavaTimePattern.Of(RowLoop.Bytes(arguments[1], row), isSimple: false);
            _length = 0;
            if (!TryWrite(context, row, pattern, moment.Micros, moment.Nanos, null, buffer)) return false;
            if (!arguments[1].IsConstant || pattern.UnitMicros == 1) return true;
            _length = pattern.UnitMicros;
            _from = CivilDate.FloorDivide(moment.Micros, _length) * _length;
            return true;
        }

        public readonly bool IsLast(ReadOnlySpan<Column> arguments, CallTypes types, EvaluationContext context, int row) =>
            _length != 0 && (ulong)(TimeRows.Local(arguments[0], types.Arguments[0], row, context.TimeZone).Micros - _from) < (ulong)_length;
    }

    private readonly struct FormatTextRow : IFormatRow
    {
        public bool TryRow(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, int row, Utf8Buffer buffer) =>
            JavaTimeReader.TryRead(JavaTimePattern.Of(TimestampPattern, isSimple: true), RowLoop.Bytes(arguments[0], row), out var micros, out var nanos, out _)
            && TryWrite(context, row, JavaTimePattern.Of(RowLoop.Bytes(arguments[1], row), isSimple: true), micros, nanos, 0, buffer);
    }

    private readonly struct FromUnixRow : IFormatRow
    {
        public bool TryRow(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, int row, Utf8Buffer buffer)
        {
            var micros = CastKernel.ReadInteger(arguments[0], row) * 1_000_000;
            var local = TimeText.ToLocal(micros, context.TimeZone);
            var pattern = arguments.Length > 1 ? RowLoop.Bytes(arguments[1], row) : TimestampPattern;
            return TryWrite(context, row, JavaTimePattern.Of(pattern, isSimple: true), local, 0, (int)((local - micros) / 1_000_000), buffer);
        }
    }

    private readonly struct ConvertRow : IFormatRow
    {
        public bool TryRow(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, int row, Utf8Buffer buffer)
        {
            var pattern = JavaTimePattern.Of(TimestampPattern, isSimple: true);
            if (!JavaTimeReader.TryRead(pattern, RowLoop.Bytes(arguments[0], row), out var micros, out _, out _)) return false;
            var utc = TimeText.ToUtc(micros, ZoneOf(RowLoop.Bytes(arguments[1], row)), prefersLater: true);
            return TryWrite(context, row, pattern, TimeText.ToLocal(utc, ZoneOf(RowLoop.Bytes(arguments[2], row))), 0, null, buffer);
        }
    }
}
