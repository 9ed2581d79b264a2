using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Kernels.Texts;

namespace Freshet.Kernels.Casting;

/// <summary>
/// Any value as text, as Flink writes it: TRUE; 1.50; 1.0E7; 2024-01-02 03:04:05.120 with the digits of the type, TIMESTAMP_LTZ on
/// the session's clock; +1-02 and +1 02:03:04.000 for intervals; bytes as the UTF-8 text that they are; [a, b], {k=v, l=w} and
/// (a, b) for nested values, in which NULL is NULL. CHAR(n) is padded with blanks, both CHAR(n) and VARCHAR(n) are cut.
/// </summary>
internal static unsafe class CastToText
{
    [ThreadStatic]
    private static Utf8Buffer? t_buffer;

    /// <summary>The kernel for a type, or null where it has no text.</summary>
    public static ScalarKernel? Of(SqlType from)
    {
        if (from.IsCharacter || from.IsBinary || from.Kind == TypeKind.Bitmap) return static (context, arguments, types) => Fit(context, arguments[0], types.Result);
        if (from.Kind is TypeKind.Array or TypeKind.Map or TypeKind.Multiset or TypeKind.Row) return OfNested(from);
        return Scalars;
    }

    private static ScalarKernel? OfNested(SqlType from)
    {
        var kernels = new ScalarKernel[from.Fields.Length];
        for (var f = 0; f < kernels.Length; f++)
        {
            var kernel = CastKernel.Of(from.Fields[f].Type, SqlType.String, isTry: false);
            if (kernel is null) return null;
            kernels[f] = kernel;
        }

        return (context, arguments, types) => Nested(context, arguments[0], types, kernels);
    }

    private static Column Scalars(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0];
        var from = types.Arguments[0];
        if (input.IsConstant && input.IsNull(0)) return Column.ConstantNull(PhysicalKind.View, context.Memory);
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = input.IsConstant ? null : input.Validity;
        var text = t_buffer ??= new Utf8Buffer();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            text.Clear();
            Write(from, input, input.IndexOf(row), context.TimeZone, text);
            output.As<StringView>()[row] = StringView.Copy(text.Written, context.Memory);
        }

        return Fit(context, output, types.Result);
    }

    private static void Write(SqlType type, in Column input, int index, TimeZoneInfo zone, Utf8Buffer text)
    {
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                text.Write(input.As<byte>()[index] != 0 ? "TRUE"u8 : "FALSE"u8);
                break;
            case TypeKind.Timestamp or TypeKind.TimestampLtz:
                var micros = TimestampValue.Read(type.Physical, input.Values, index, out var nanos);
                if (type.Kind == TypeKind.TimestampLtz) micros = TimeText.ToLocal(micros, zone);
                fixed (byte* target = text.GetSpan(48)) text.Advance(TimeText.WriteTimestamp(micros, (byte)' ', type.Precision, target, nanos));
                break;
            case TypeKind.Time:
                // Zeros at the end are left out, but for one.
                var millis = input.As<int>()[index];
                var digits = Math.Min(type.Precision, millis % 100 == 0 ? 1 : millis % 10 == 0 ? 2 : 3);
                fixed (byte* target = text.GetSpan(48)) text.Advance(TimeText.WriteTime(millis * 1000L, digits, target));
                break;
            case TypeKind.IntervalYearMonth:
                WriteMonths(input.As<int>()[index], text);
                break;
            case TypeKind.IntervalDayTime:
                WriteMillis(input.As<long>()[index], text);
                break;
            default:
                TextValueWriter.Write(type, input.Values, index, (byte)' ', text);
                break;
        }
    }

    private static void WriteMonths(long months, Utf8Buffer text)
    {
        text.Write(months < 0 ? (byte)'-' : (byte)'+');
        months = Math.Abs(months);
        text.Write(months / 12);
        text.Write((byte)'-');
        if (months % 12 < 10) text.Write((byte)'0');
        text.Write(months % 12);
    }

    private static void WriteMillis(long millis, Utf8Buffer text)
    {
        text.Write(millis < 0 ? (byte)'-' : (byte)'+');
        millis = Math.Abs(millis);
        text.Write(millis / 86_400_000);
        text.Write((byte)' ');
        fixed (byte* target = text.GetSpan(20)) text.Advance(TimeText.WriteTime(millis % 86_400_000 * 1000, 3, target));
    }

    private static Column Nested(EvaluationContext context, in Column argument, CallTypes types, ScalarKernel[] kernels)
    {
        var input = argument.Flatten(context.Rows, context.Memory);
        var from = types.Arguments[0];
        var nested = NestedParts.Of(context, input, from);
        var parts = new Column[kernels.Length];
        for (var f = 0; f < parts.Length; f++) parts[f] = kernels[f](nested.Parts, [nested.Columns[f]], new CallTypes([from.Fields[f].Type], SqlType.String));
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = input.Validity;
        var text = t_buffer ??= new Utf8Buffer();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            text.Clear();
            WriteParts(from.Kind, parts, nested.Starts[row], nested.Starts[row + 1], text);
            output.As<StringView>()[row] = StringView.Copy(text.Written, context.Memory);
        }

        return Fit(context, output, types.Result);
    }

    private static void WriteParts(TypeKind kind, Column[] parts, int from, int to, Utf8Buffer text)
    {
        var (open, close) = kind switch
        {
            TypeKind.Row => ((byte)'(', (byte)')'),
            TypeKind.Map => ((byte)'{', (byte)'}'),
            _ => ((byte)'[', (byte)']'),
        };
        text.Write(open);
        for (var part = from; part < to; part++)
        {
            if (part > from) text.Write(", "u8);
            for (var f = 0; f < parts.Length; f++)
            {
                if (f > 0) text.Write(kind == TypeKind.Map ? "="u8 : ", "u8);
                text.Write(parts[f].IsNull(part) ? "NULL"u8 : StringView.Span(parts[f].As<StringView>() + parts[f].IndexOf(part)));
            }
        }

        text.Write(close);
    }

    /// <summary>Cuts texts to the length of their type, and pads those of CHAR(n); lengths count characters.</summary>
    internal static Column Fit(EvaluationContext context, in Column argument, SqlType type)
    {
        if (type.Precision == SqlType.MaxLength) return argument;
        var input = argument.Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = input.Validity;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            var text = StringView.Span(input.As<StringView>() + row);
            var cut = CodePoints.PrefixBytes(text, type.Precision, out var characters);
            if (type.Kind == TypeKind.Char && characters < type.Precision)
                output.As<StringView>()[row] = CastBinary.Padded(text[..cut], cut + type.Precision - characters, (byte)' ', context.Memory);
            else
                output.As<StringView>()[row] = cut == text.Length ? input.As<StringView>()[row] : StringView.Copy(text[..cut], context.Memory);
        }

        return output;
    }
}
