using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Json;

/// <summary>
/// A JSON value as an ARRAY, MAP, MULTISET or ROW: rewritten as the one text that stands for its SQL value, so that equal
/// values have equal bytes. Members of a ROW come in the order of its fields, missing ones as null, others are left out;
/// there is no space; scalars are converted to the field's type and written as <see cref="JsonValueWriter"/> writes them.
/// A ROW may be given as an object by names or as an array by positions; a MAP is an object.
/// Cost: a copy of the value. The text lies in the batch's memory.
/// </summary>
internal static unsafe class JsonShape
{
    [ThreadStatic]
    private static Utf8Buffer? t_buffer;

    internal static TextResult TryWrite(in JsonValue value, SqlType type, StringView* view, TimeZoneInfo zone, BatchMemory memory)
    {
        // Nesting of types is finite and small; only the outermost call uses the buffer.
        var buffer = t_buffer ??= new Utf8Buffer();
        buffer.Clear();
        var result = TryAppend(value, type, JsonTimeFormat.Iso8601, zone, memory, buffer);
        *view = result == TextResult.Ok ? StringView.Copy(buffer.Written, memory) : default;
        return result;
    }

    /// <summary>Writes the value as its type's JSON text, times in the given form.</summary>
    internal static TextResult TryAppend(in JsonValue value, SqlType type, JsonTimeFormat times, TimeZoneInfo zone, BatchMemory memory, Utf8Buffer buffer)
    {
        if (value.Kind is JsonKind.Null or JsonKind.None)
        {
            buffer.Write("null"u8);
            return TextResult.Ok;
        }

        return type.Kind switch
        {
            TypeKind.Array or TypeKind.Multiset => TryArray(value, type, times, zone, memory, buffer),
            TypeKind.Map => TryMap(value, type, times, zone, memory, buffer),
            TypeKind.Row => TryRow(value, type, times, zone, memory, buffer),
            _ => TryScalar(value, type, times, zone, memory, buffer),
        };
    }

    private static TextResult TryScalar(in JsonValue value, SqlType type, JsonTimeFormat times, TimeZoneInfo zone, BatchMemory memory, Utf8Buffer buffer)
    {
        Int128 room = 0;
        var result = JsonScalar.TryWrite(value, type, &room, 0, zone, memory);
        if (result == TextResult.Ok) JsonValueWriter.Write(type, &room, 0, times, buffer);
        return result;
    }

    private static TextResult TryArray(in JsonValue value, SqlType type, JsonTimeFormat times, TimeZoneInfo zone, BatchMemory memory, Utf8Buffer buffer)
    {
        if (value.Kind != JsonKind.Array) return TextResult.Malformed;
        var separator = (byte)'[';
        foreach (var element in value.Elements())
        {
            buffer.Write(separator);
            separator = (byte)',';
            var result = TryAppend(element, type.Fields[0].Type, times, zone, memory, buffer);
            if (result != TextResult.Ok) return result;
        }

        buffer.Write(separator == '[' ? "[]"u8 : "]"u8);
        return TextResult.Ok;
    }

    private static TextResult TryMap(in JsonValue value, SqlType type, JsonTimeFormat times, TimeZoneInfo zone, BatchMemory memory, Utf8Buffer buffer)
    {
        if (value.Kind != JsonKind.Object) return TextResult.Malformed;
        var separator = (byte)'{';
        foreach (var member in value.Members())
        {
            buffer.Write(separator);
            separator = (byte)',';
            buffer.Write((byte)'"');
            buffer.Write(member.Key);
            buffer.Write("\":"u8);
            var result = TryAppend(member.Value, type.Fields[1].Type, times, zone, memory, buffer);
            if (result != TextResult.Ok) return result;
        }

        buffer.Write(separator == '{' ? "{}"u8 : "}"u8);
        return TextResult.Ok;
    }

    private static TextResult TryRow(in JsonValue value, SqlType type, JsonTimeFormat times, TimeZoneInfo zone, BatchMemory memory, Utf8Buffer buffer)
    {
        if (value.Kind is not (JsonKind.Object or JsonKind.Array)) return TextResult.Malformed;
        var elements = value.Elements();
        for (var i = 0; i < type.Fields.Length; i++)
        {
            buffer.Write(i == 0 ? (byte)'{' : (byte)',');
            JsonValueWriter.WriteString(type.Fields[i].Name, buffer);
            buffer.Write((byte)':');
            JsonValue field = default;
            if (value.Kind == JsonKind.Array) field = elements.MoveNext() ? elements.Current : default;
            else FindByName(value, type.Fields[i].Name, out field);
            var result = TryAppend(field, type.Fields[i].Type, times, zone, memory, buffer);
            if (result != TextResult.Ok) return result;
        }

        buffer.Write((byte)'}');
        return TextResult.Ok;
    }

    /// <summary>Whether values of a type hold times, which JSON formats write in two forms.</summary>
    internal static bool HasTimes(SqlType type) => type.IsTimestamp || type.Fields.Any(field => HasTimes(field.Type));

    private static void FindByName(in JsonValue value, string name, out JsonValue field)
    {
        Span<byte> room = stackalloc byte[256];
        var bytes = System.Text.Encoding.UTF8.GetMaxByteCount(name.Length) <= room.Length ? room : new byte[System.Text.Encoding.UTF8.GetByteCount(name)];
        var length = System.Text.Encoding.UTF8.GetBytes(name, bytes);
        value.TryGetMember(bytes[..length], out field);
    }
}
