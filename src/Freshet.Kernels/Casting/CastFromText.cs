using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Times;

namespace Freshet.Kernels.Casting;

/// <summary>
/// Text as BOOLEAN, a number, a date or a time. Blanks around are skipped, but not around BOOLEAN and timestamps; the form of
/// those is that of <see cref="TimestampText"/>: narrower than what sources may write.
/// </summary>
internal static unsafe class CastFromText
{
    public static ScalarKernel? Of(SqlType to, bool isTry)
    {
        if (to.Physical == PhysicalKind.View || to.IsInterval) return null;
        return isTry
            ? static (context, arguments, types) => Read(context, arguments[0], types.Result, isTry: true)
            : static (context, arguments, types) => Read(context, arguments[0], types.Result, isTry: false);
    }

    private static Column Read(EvaluationContext context, in Column input, SqlType type, bool isTry)
    {
        if (input.IsConstant && input.IsNull(0)) return Column.ConstantNull(type.Physical, context.Memory);
        var output = Column.Allocate(type.Physical, context.Rows, context.Memory);
        output.Validity = ValidityKernel.Copy(input.IsConstant ? null : input.Validity, context.Rows, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            var text = StringView.Span(input.As<StringView>() + input.IndexOf(row));
            var result = TryRead(text, type, output, row, context);
            if (result == TextResult.Ok) continue;
            output.SetNull(row);
            if (!isTry) context.Fail(row, TextValue.Reason(result, type) + " TRY_CAST gives NULL instead.", text);
        }

        return output;
    }

    private static TextResult TryRead(ReadOnlySpan<byte> text, SqlType type, in Column output, int row, EvaluationContext context)
    {
        if (type.IsTimestamp)
        {
            if (!TimestampText.TryRead(text, out var micros, out var nanos)) return TextResult.Malformed;
            if (type.Kind == TypeKind.TimestampLtz) micros = TimeText.ToUtc(micros, context.TimeZone);
            TimestampValue.Write(type, output.Values, row, micros, nanos);
            return TextResult.Ok;
        }

        if (type.Kind == TypeKind.Boolean && text is [(byte)' ', ..] or [.., (byte)' ']) return TextResult.Malformed;
        if (type.Kind == TypeKind.Time) return TryTime(text, type, output, row);
        if (type.Kind == TypeKind.Date && text.Contains((byte)'T')) return TextResult.Malformed;
        if (type.Kind == TypeKind.Decimal && HasTooManyDigits(text, type)) return TextResult.OutOfRange;
        if (type.IsApproximate) text = WithoutSuffix(text);
        fixed (byte* bytes = text) return TextValue.TryWrite(bytes, text.Length, type, output.Values, row, context.TimeZone, context.Memory);
    }

    /// <summary>Flink reads a short text digit by digit and counts zeros before the first digit as well: 0012 has four digits before its point.</summary>
    private static bool HasTooManyDigits(ReadOnlySpan<byte> text, SqlType type)
    {
        const int DigitsOfLongMax = 18;
        if (type.Precision > DigitsOfLongMax || text.Length > DigitsOfLongMax) return false;
        text = text.Trim((byte)' ');
        if (text is [(byte)'-' or (byte)'+', ..]) text = text[1..];
        var digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) digits = text.Length;
        else if (text[digits] != (byte)'.') return false;
        return digits > type.Precision - type.Scale;
    }

    /// <summary>Java's numbers may end with the letter of their type: 1d, 1.5f.</summary>
    private static ReadOnlySpan<byte> WithoutSuffix(ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd((byte)' ');
        return text is [.., (>= (byte)'0' and <= (byte)'9') or (byte)'.', (byte)'d' or (byte)'D' or (byte)'f' or (byte)'F'] ? text[..^1] : text;
    }

    /// <summary>H[:m[:s[.fraction]]], cut to the digits of the type.</summary>
    private static TextResult TryTime(ReadOnlySpan<byte> text, SqlType type, in Column output, int row)
    {
        text = text.Trim((byte)' ');
        Span<byte> full = stackalloc byte[40];
        if (text.Length > 30) return TextResult.Malformed;
        var length = text.Length;
        text.CopyTo(full);
        for (var colons = text.Count((byte)':'); colons < 2; colons++)
        {
            ":00"u8.CopyTo(full[length..]);
            length += 3;
        }

        int millis;
        TextResult result;
        fixed (byte* bytes = full) result = TimeText.TryTime(bytes, length, out millis);
        output.As<int>()[row] = (int)CastTime.Cut(millis, type.Precision);
        return result;
    }
}
