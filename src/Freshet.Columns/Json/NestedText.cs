using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Json;

/// <summary>
/// How ARRAY, MAP, MULTISET and ROW lie in a column: as one JSON text without space, the same for equal values, from which every
/// part is read back exactly. This is the one place that writes and reads parts (docs/internals/nested-values.md).
/// <code>
/// ARRAY, MULTISET     [part,part ...]
/// ROW                 {"name":part ...}     all fields, in the type's order
/// MAP                 {"key":part ...}      in the order in which keys came; no key twice
///
/// part                NULL is null; BOOLEAN, numbers and nested values as JSON; text in quotes; NaN, Infinity and -Infinity in
///                     quotes; BYTES in base64; DATE, TIME and TIMESTAMP as ISO-8601, TIMESTAMP_LTZ in UTC with Z; intervals as
///                     whole months or ms
/// key                 the same without quotes of its own: a number's digits, a nested value's JSON text;
///                     NULL is a NUL character, and a text that begins with one has another one before it
/// </code>
/// </summary>
public static unsafe class NestedText
{
    /// <summary>Appends a value of a column as a part.</summary>
    public static void Append(in Column column, SqlType type, int row, Utf8Buffer buffer)
    {
        if (column.IsNull(row)) buffer.Write("null"u8);
        else JsonValueWriter.Write(type, column.Values, column.IndexOf(row), JsonTimeFormat.Iso8601, buffer);
    }

    /// <summary>Appends a value of a column as the text of a key, without quotes and escapes.</summary>
    public static void AppendKey(in Column column, SqlType type, int row, Utf8Buffer buffer)
    {
        if (column.IsNull(row))
        {
            buffer.Write((byte)0);
            return;
        }

        if (type.IsCharacter && StringView.Span(column.As<StringView>() + column.IndexOf(row)) is [0, ..]) buffer.Write((byte)0);
        TextValueWriter.Write(type, column.Values, column.IndexOf(row), (byte)'T', buffer);
    }

    /// <summary>Stores a part; false where it is NULL. Texts point at the document where nothing is escaped in it.</summary>
    public static bool TryRead(in JsonValue value, SqlType type, void* values, int row, BatchMemory memory)
    {
        if (value.Kind is JsonKind.Null or JsonKind.None) return false;
        if (!type.Fields.IsEmpty || type.Kind == TypeKind.Row)
        {
            // A part of such a text is such a text.
            ((StringView*)values)[row] = new StringView(value.Start, value.Length);
            return true;
        }

        return JsonScalar.TryWrite(value, type, values, row, TimeZoneInfo.Utc, memory) == TextResult.Ok;
    }

    /// <summary>Stores a key; false where it is NULL.</summary>
    public static bool TryReadKey(in JsonValue.Member member, SqlType type, void* values, int row, BatchMemory memory)
    {
        var key = member.Key;
        var copy = memory.Allocate(key.Length);
        var length = key.Length;
        if (member.KeyIsEscaped) length = JsonText.Unescape(key, new Span<byte>(copy, length));
        else key.CopyTo(new Span<byte>(copy, length));
        if (length > 0 && *copy == 0)
        {
            if (length == 1) return false;
            copy++;
            length--;
        }

        if (type.Physical == PhysicalKind.View && !type.IsBinary)
        {
            ((StringView*)values)[row] = new StringView(copy, length);
            return true;
        }

        return TextValue.TryWrite(copy, length, type, values, row, TimeZoneInfo.Utc, memory) == TextResult.Ok;
    }
}
