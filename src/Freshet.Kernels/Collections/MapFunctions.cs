using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Collections;

/// <summary>
/// Keys of maps, which are JSON keys, as parts and back: a text, bytes and times in quotes, numbers, booleans and nested values as they are. A
/// NULL key is a NUL character.
/// </summary>
internal static class MapKeys
{
    private static ReadOnlySpan<byte> EscapedNul => "\\u0000"u8;

    public static void WritePart(ReadOnlySpan<byte> key, SqlType type, Utf8Buffer buffer)
    {
        if (key.SequenceEqual(EscapedNul))
        {
            buffer.Write("null"u8);
            return;
        }

        if (key.StartsWith(EscapedNul)) key = key[EscapedNul.Length..];
        if (IsQuoted(type))
        {
            // The escapes of a key are those of a text.
            buffer.Write((byte)'"');
            buffer.Write(key);
            buffer.Write((byte)'"');
        }
        else buffer.Advance(JsonText.Unescape(key, buffer.GetSpan(key.Length)));
    }

    public static void WriteKey(in JsonValue part, SqlType type, Utf8Buffer buffer)
    {
        buffer.Write((byte)'"');
        if (part.Kind is JsonKind.Null or JsonKind.None) buffer.Write(EscapedNul);
        else if (part.Kind == JsonKind.String)
        {
            if (type.IsCharacter && part.Content.StartsWith(EscapedNul)) buffer.Write(EscapedNul);
            buffer.Write(part.Content);
        }
        else WriteEscaped(part.Raw, buffer);
        buffer.Write((byte)'"');
    }

    private static bool IsQuoted(SqlType type) =>
        type.Fields.IsEmpty && !type.IsNumeric && type.Kind is not (TypeKind.Boolean or TypeKind.IntervalDayTime or TypeKind.IntervalYearMonth or TypeKind.Variant);

    private static void WriteEscaped(ReadOnlySpan<byte> text, Utf8Buffer buffer)
    {
        foreach (var value in text)
        {
            if (value is (byte)'"' or (byte)'\\') buffer.Write((byte)'\\');
            buffer.Write(value);
        }
    }
}

/// <summary>What is taken out of a map.</summary>
public enum MapPart : byte
{
    Keys,
    Values,
    Entries,
}

/// <summary>MAP_KEYS, MAP_VALUES, MAP_ENTRIES, in the order of the map.</summary>
public readonly struct PartsOfMap(MapPart part) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var map = CollectionParts.Read(0, arguments[0], row);
        var keyType = rows.Types.Arguments[0].Fields[0].Type;
        var text = new ArrayText(rows.Buffer);
        for (var i = 0; i < map.Count; i++)
        {
            if (part == MapPart.Values)
            {
                text.Add(map.Values[i]);
                continue;
            }

            text.Separate();
            if (part == MapPart.Entries) rows.Buffer.Write("{\"key\":"u8);
            MapKeys.WritePart(map.Key(i), keyType, rows.Buffer);
            if (part == MapPart.Keys) continue;
            rows.Buffer.Write(",\"value\":"u8);
            rows.Buffer.Write(map.Values[i].Raw);
            rows.Buffer.Write((byte)'}');
        }

        text.End();
        return rows.StoreBuffer();
    }
}

/// <summary>MAP_FROM_ARRAYS(keys, values): of equal keys the last counts.</summary>
public readonly struct MapFromArrays : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var keys = CollectionParts.Read(0, arguments[0], row).Values;
        var values = CollectionParts.Read(1, arguments[1], row).Values;
        if (keys.Count != values.Count) return rows.Fail($"Invalid function MAP_FROM_ARRAYS call: The length of the keys array {keys.Count} is not equal to the length of the values array {values.Count}.");
        var type = rows.Types.Arguments[0].Fields[0].Type;
        rows.Buffer.Clear();
        rows.Buffer.Write((byte)'{');
        for (var i = 0; i < keys.Count; i++)
        {
            // A key keeps the place where it came first.
            if (CollectionParts.Contains(keys, i, keys[i], type)) continue;
            var last = keys.Count - 1;
            while (!CollectionParts.Equal(keys[last], keys[i], type)) last--;
            if (i > 0) rows.Buffer.Write((byte)',');
            MapKeys.WriteKey(keys[i], type, rows.Buffer);
            rows.Buffer.Write((byte)':');
            rows.Buffer.Write(values[last].Raw);
        }

        rows.Buffer.Write((byte)'}');
        return rows.StoreBuffer();
    }
}

/// <summary>MAP_UNION(a, b ...): of equal keys the last counts.</summary>
public readonly struct UnionOfMaps : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        rows.Buffer.Clear();
        rows.Buffer.Write((byte)'{');
        for (var a = 0; a < arguments.Length; a++)
        {
            var map = CollectionParts.Read(0, arguments[a], row);
            for (var i = 0; i < map.Count; i++)
            {
                if (IsIn(arguments[..a], map.Key(i), row, out _)) continue;
                var value = IsIn(arguments[(a + 1)..], map.Key(i), row, out var later) ? later : map.Values[i];
                if (rows.Buffer.Length > 1) rows.Buffer.Write((byte)',');
                rows.Buffer.Write((byte)'"');
                rows.Buffer.Write(map.Key(i));
                rows.Buffer.Write("\":"u8);
                rows.Buffer.Write(value.Raw);
            }
        }

        rows.Buffer.Write((byte)'}');
        return rows.StoreBuffer();
    }

    private static bool IsIn(ReadOnlySpan<Column> maps, ReadOnlySpan<byte> key, int row, out JsonValue value)
    {
        for (var m = maps.Length - 1; m >= 0; m--)
        {
            var map = CollectionParts.Read(1, maps[m], row);
            for (var i = 0; i < map.Count; i++)
            {
                if (!map.Key(i).SequenceEqual(key)) continue;
                value = map.Values[i];
                return true;
            }
        }

        value = default;
        return false;
    }
}
