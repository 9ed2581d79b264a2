using System.Globalization;
using System.Text;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Types;

namespace Freshet.Conformance.Running;

/// <summary>
/// Values as Java's toString writes those of a result row: times in ISO form without trailing zeros, arrays [1, 2], maps {k=v},
/// rows +I[1, 2], bytes as an array of signed numbers.
/// </summary>
internal static class JavaText
{
    public static unsafe string Of(SqlType type, Column column, int row)
    {
        if (column.IsNull(row)) return "null";
        var buffer = new Utf8Buffer();
        // Character types are taken as they are; everything else passes through its JSON form, which knows nested values too.
        if (type.IsCharacter || type.Kind == TypeKind.Variant) return Encoding.UTF8.GetString(StringView.Span(column.As<StringView>() + column.IndexOf(row)));
        JsonValueWriter.Write(type, column.Values, column.IndexOf(row), JsonTimeFormat.Iso8601, buffer);
        using var document = JsonDocument.Parse(buffer.Written.ToArray());
        return Of(document.RootElement, type);
    }

    private static string Of(JsonElement value, SqlType type)
    {
        if (value.ValueKind == JsonValueKind.Null) return "null";
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        switch (type.Kind)
        {
            case TypeKind.Time or TypeKind.Timestamp or TypeKind.TimestampLtz: return Time(text, type);
            case TypeKind.Binary or TypeKind.VarBinary:
                return $"[{string.Join(", ", Convert.FromBase64String(text).Select(b => ((sbyte)b).ToString(CultureInfo.InvariantCulture)))}]";
            case TypeKind.IntervalYearMonth: return Period(value.GetInt32());
            case TypeKind.IntervalDayTime: return Duration(value.GetInt64());
            case TypeKind.Array: return $"[{string.Join(", ", value.EnumerateArray().Select(e => Of(e, type.Fields[0].Type)))}]";
            case TypeKind.Map: return $"{{{string.Join(", ", JavaMapOrder.Of(value.EnumerateObject(), p => JavaMapOrder.HashOf(p.Name, type.Fields[0].Type)).Select(p => $"{Key(p.Name, type.Fields[0].Type)}={Of(p.Value, type.Fields[1].Type)}"))}}}";
            case TypeKind.Multiset:
                return $"{{{string.Join(", ", JavaMapOrder.Of(value.EnumerateArray().GroupBy(e => Of(e, type.Fields[0].Type)), g => JavaMapOrder.HashOf(g.Key, type.Fields[0].Type)).Select(g => $"{g.Key}={g.Count()}"))}}}";
            case TypeKind.Row: return $"+I[{string.Join(", ", type.Fields.Zip(value.EnumerateObject(), (f, p) => Of(p.Value, f.Type)))}]";
            default: return text;
        }
    }

    /// <summary>A key as NestedText writes it: a NUL is NULL.</summary>
    private static string Key(string name, SqlType type) => name == "\0" ? "null" : type.IsCharacter || type.IsNumeric || type.Kind == TypeKind.Boolean || type.Kind == TypeKind.Date
        ? name
        : Of(JsonDocument.Parse(type.Kind is TypeKind.Row or TypeKind.Array or TypeKind.Map || type.IsInterval ? name : JsonSerializer.Serialize(name)).RootElement, type);

    /// <summary>The fraction has 3, 6 or 9 digits or is left out; so are seconds of a local time that are zero.</summary>
    private static string Time(string text, SqlType type)
    {
        text = text.TrimEnd('Z');
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var fraction = point < 0 ? "" : text[(point + 1)..].TrimEnd('0');
        var whole = point < 0 ? text : text[..point];
        if (fraction.Length > 0) whole += "." + fraction.PadRight((fraction.Length + 2) / 3 * 3, '0');
        else if (type.Kind != TypeKind.TimestampLtz && whole.EndsWith(":00", StringComparison.Ordinal)) whole = whole[..^3];
        return type.Kind == TypeKind.TimestampLtz ? whole + "Z" : whole;
    }

    private static string Period(int months) => months == 0 ? "P0D" : $"P{months}M";

    private static string Duration(long millis)
    {
        if (millis == 0) return "PT0S";
        var (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        var seconds = millis % 60_000;
        var text = new StringBuilder("PT");
        if (hours != 0) text.Append(CultureInfo.InvariantCulture, $"{hours}H");
        if (minutes != 0) text.Append(CultureInfo.InvariantCulture, $"{minutes}M");
        if (seconds != 0) text.Append((seconds / 1000m).ToString("0.###", CultureInfo.InvariantCulture)).Append('S');
        return text.ToString();
    }
}
