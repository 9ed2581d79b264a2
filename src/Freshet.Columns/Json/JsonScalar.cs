using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Json;

/// <summary>
/// A JSON value as a value of a SQL type: what the decoder does for a declared column and CAST does for a VARIANT.
/// <code>
///              BOOLEAN      numbers, DECIMAL        STRING          DATE, TIME, TIMESTAMP   ARRAY, MAP, ROW      VARIANT
/// true, false  itself       1, 0                    true, false     error                   error                as written
/// number       is not 0     itself, integers cut    as written      error                   error                as written
/// string       CAST of the text, which for STRING is the text itself and for ARRAY, MAP, ROW an error            as written
/// object/array error        error                   as written      error                   element by element   as written
/// null         NULL everywhere (the caller's business)
/// </code>
/// Results of views point at the document where nothing had to be changed, else into the given memory.
/// </summary>
internal static unsafe class JsonScalar
{
    /// <summary>Stores a value that is not null in row <paramref name="row"/>.</summary>
    internal static TextResult TryWrite(in JsonValue value, SqlType type, void* values, int row, TimeZoneInfo zone, BatchMemory memory)
    {
        switch (type.Kind)
        {
            case TypeKind.Variant:
                ((StringView*)values)[row] = new StringView(value.Start, value.Length);
                return TextResult.Ok;
            case TypeKind.Array or TypeKind.Map or TypeKind.Multiset or TypeKind.Row:
                return JsonShape.TryWrite(value, type, (StringView*)values + row, zone, memory);
        }

        switch (value.Kind)
        {
            case JsonKind.String:
                var content = value.Start + 1;
                var length = value.Length - 2;
                if (value.IsEscaped)
                {
                    var text = memory.Allocate(length);
                    length = JsonText.Unescape(new ReadOnlySpan<byte>(content, length), new Span<byte>(text, length));
                    content = text;
                }

                return TextValue.TryWrite(content, length, type, values, row, zone, memory);
            case JsonKind.Number:
                return TryNumber(value, type, values, row);
            case JsonKind.True or JsonKind.False:
                return TryBoolean(value, type, values, row);
            default:
                if (!type.IsCharacter) return TextResult.Malformed;
                ((StringView*)values)[row] = new StringView(value.Start, value.Length);
                return TextResult.Ok;
        }
    }

    private static TextResult TryNumber(in JsonValue value, SqlType type, void* values, int row)
    {
        TextResult result;
        switch (type.Kind)
        {
            case TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt:
                result = NumberText.TryInt64(value.Start, value.Length, out var integer);
                return result == TextResult.Ok ? TextValue.WriteInteger(integer, type.Physical, values, row) : result;
            case TypeKind.Double:
                result = NumberText.TryDouble(value.Start, value.Length, out var number);
                ((double*)values)[row] = number;
                return result == TextResult.Ok && !double.IsFinite(number) ? TextResult.OutOfRange : result;
            case TypeKind.Float:
                result = NumberText.TryFloat(value.Start, value.Length, out var single);
                ((float*)values)[row] = single;
                return result == TextResult.Ok && !float.IsFinite(single) ? TextResult.OutOfRange : result;
            case TypeKind.Decimal:
                result = NumberText.TryDecimal(value.Start, value.Length, type.Precision, type.Scale, out var unscaled);
                if (type.Physical == PhysicalKind.Int64) ((long*)values)[row] = (long)unscaled;
                else ((Int128*)values)[row] = unscaled;
                return result;
            case TypeKind.Boolean:
                result = NumberText.TryDouble(value.Start, value.Length, out var truth);
                ((byte*)values)[row] = truth != 0 ? (byte)1 : (byte)0;
                return result;
            case TypeKind.Char or TypeKind.VarChar:
                ((StringView*)values)[row] = new StringView(value.Start, value.Length);
                return TextResult.Ok;
            default:
                return TextResult.Malformed;
        }
    }

    private static TextResult TryBoolean(in JsonValue value, SqlType type, void* values, int row)
    {
        var bit = value.Kind == JsonKind.True ? 1 : 0;
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                ((byte*)values)[row] = (byte)bit;
                return TextResult.Ok;
            case TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt:
                return TextValue.WriteInteger(bit, type.Physical, values, row);
            case TypeKind.Double:
                ((double*)values)[row] = bit;
                return TextResult.Ok;
            case TypeKind.Float:
                ((float*)values)[row] = bit;
                return TextResult.Ok;
            case TypeKind.Decimal:
                var one = (uint)bit * NumberText.PowerOfTen(type.Scale);
                if (one >= NumberText.PowerOfTen(type.Precision)) return TextResult.OutOfRange;
                if (type.Physical == PhysicalKind.Int64) ((long*)values)[row] = (long)one;
                else ((Int128*)values)[row] = (Int128)one;
                return TextResult.Ok;
            case TypeKind.Char or TypeKind.VarChar:
                ((StringView*)values)[row] = new StringView(value.Start, value.Length);
                return TextResult.Ok;
            default:
                return TextResult.Malformed;
        }
    }
}
