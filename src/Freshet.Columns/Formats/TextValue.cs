using System.Runtime.CompilerServices;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Formats;

/// <summary>
/// Reads text into a typed column: the one place where a CSV field, a JSON string and CAST of a VARIANT string become values,
/// by the rules of Flink's CAST of a string. Blanks around numbers, booleans and times are skipped.
/// Character types take the text as it is, of any length: a declared length is a promise of the source, not a filter.
/// </summary>
public static unsafe class TextValue
{
    /// <summary>Stores the value of <paramref name="text"/> in row <paramref name="row"/>; views point at the text, which must outlive the column.</summary>
    /// <param name="zone">The zone of a TIMESTAMP_LTZ whose text names none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    public static TextResult TryWrite(byte* text, int length, SqlType type, void* values, int row, TimeZoneInfo zone, BatchMemory memory)
    {
        switch (type.Kind)
        {
            case TypeKind.Char or TypeKind.VarChar:
                ((StringView*)values)[row] = new StringView(text, length);
                return TextResult.Ok;
            case TypeKind.Bitmap:
                ((StringView*)values)[row] = new StringView(text, length);
                return BitmapText.TryRead(new ReadOnlySpan<byte>(text, length), []) ? TextResult.Ok : TextResult.Malformed;
            case TypeKind.Variant or TypeKind.Array or TypeKind.Map or TypeKind.Multiset or TypeKind.Row:
                return TextResult.Malformed;
            case TypeKind.Binary or TypeKind.VarBinary:
                return TryBase64(text, length, (StringView*)values + row, memory);
        }

        while (length > 0 && text[length - 1] == ' ') length--;
        while (length > 0 && *text == ' ')
        {
            text++;
            length--;
        }

        TextResult result;
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                return TryBoolean(new ReadOnlySpan<byte>(text, length), (byte*)values + row);
            case TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt:
                result = NumberText.TryInt64(text, length, out var integer, false);
                return result == TextResult.Ok ? WriteInteger(integer, type.Physical, values, row) : result;
            case TypeKind.Float:
                result = NumberText.TryFloat(text, length, out var single);
                ((float*)values)[row] = single;
                return result;
            case TypeKind.Double:
                result = NumberText.TryDouble(text, length, out var number);
                ((double*)values)[row] = number;
                return result;
            case TypeKind.Decimal:
                result = NumberText.TryDecimal(text, length, type.Precision, type.Scale, out var unscaled);
                if (type.Physical == PhysicalKind.Int64) ((long*)values)[row] = (long)unscaled;
                else ((Int128*)values)[row] = unscaled;
                return result;
            case TypeKind.Date:
                result = TimeText.TryDate(text, length, out var days);
                ((int*)values)[row] = days;
                return result;
            case TypeKind.Time:
                result = TimeText.TryTime(text, length, out var millis);
                ((int*)values)[row] = millis;
                return result;
            case TypeKind.Timestamp or TypeKind.TimestampLtz:
                result = TimeText.TryTimestamp(text, length, out var micros, out var nanos, out var hasZone);
                if (result == TextResult.Ok && !hasZone && type.Kind == TypeKind.TimestampLtz) micros = TimeText.ToUtc(micros, zone);
                TimestampValue.Write(type, values, row, micros, nanos);
                return result;
            case TypeKind.IntervalYearMonth or TypeKind.IntervalDayTime:
                result = NumberText.TryInt64(text, length, out var interval);
                return result == TextResult.Ok ? WriteInteger(interval, type.Physical, values, row) : result;
            default:
                return TextResult.Malformed;
        }
    }

    /// <summary>Stores an integer if the layout holds it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TextResult WriteInteger(long value, PhysicalKind kind, void* values, int row)
    {
        switch (kind)
        {
            case PhysicalKind.Int8:
                ((sbyte*)values)[row] = (sbyte)value;
                return value == (sbyte)value ? TextResult.Ok : TextResult.OutOfRange;
            case PhysicalKind.Int16:
                ((short*)values)[row] = (short)value;
                return value == (short)value ? TextResult.Ok : TextResult.OutOfRange;
            case PhysicalKind.Int32:
                ((int*)values)[row] = (int)value;
                return value == (int)value ? TextResult.Ok : TextResult.OutOfRange;
            default:
                ((long*)values)[row] = value;
                return TextResult.Ok;
        }
    }

    /// <summary>Why a text is no value of a type, as a sentence.</summary>
    public static string Reason(TextResult result, SqlType type) => result == TextResult.OutOfRange
        ? $"The value is out of the range of {type.Name}."
        : $"The value cannot be read as {type.Name}.";

    private static TextResult TryBoolean(ReadOnlySpan<byte> text, byte* value)
    {
        Span<byte> lower = stackalloc byte[5];
        if (text.Length is 0 or > 5) return TextResult.Malformed;
        for (var i = 0; i < text.Length; i++) lower[i] = (byte)(text[i] is >= (byte)'A' and <= (byte)'Z' ? text[i] | 0x20 : text[i]);
        lower = lower[..text.Length];
        if (lower.SequenceEqual("true"u8) || lower.SequenceEqual("t"u8) || lower.SequenceEqual("yes"u8) || lower.SequenceEqual("y"u8) || lower.SequenceEqual("1"u8))
            *value = 1;
        else if (lower.SequenceEqual("false"u8) || lower.SequenceEqual("f"u8) || lower.SequenceEqual("no"u8) || lower.SequenceEqual("n"u8) || lower.SequenceEqual("0"u8))
            *value = 0;
        else return TextResult.Malformed;
        return TextResult.Ok;
    }

    private static TextResult TryBase64(byte* text, int length, StringView* view, BatchMemory memory)
    {
        var bytes = memory.Allocate(length);
        var status = System.Buffers.Text.Base64.DecodeFromUtf8(new ReadOnlySpan<byte>(text, length), new Span<byte>(bytes, length), out _, out var written);
        if (status != System.Buffers.OperationStatus.Done) return TextResult.Malformed;
        *view = new StringView(bytes, written);
        return TextResult.Ok;
    }
}
