using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Kernels.Patterns;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>
/// STR_TO_MAP(text [, pairs, keys]): a text such as a=1,b=2 as a map; the two separators are regular expressions. A part without
/// the second one is a key with NULL; of equal keys the last counts. Empty parts at the end are left out.
/// </summary>
public readonly struct TextToMap : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (!PatternRows.TryPattern(rows, arguments.Length > 1 ? RowLoop.Bytes(arguments[1], row) : ","u8, out var pairs)) return false;
        if (!PatternRows.TryPattern(rows, arguments.Length > 2 ? RowLoop.Bytes(arguments[2], row) : "="u8, out var keys)) return false;
        var text = System.Text.Encoding.UTF8.GetString(RowLoop.Bytes(arguments[0], row));
        var map = new OrderedDictionary<string, string?>(StringComparer.Ordinal);
        if (text.Length > 0) Split(text, pairs, keys, map);
        Write(map, rows.Buffer);
        return rows.StoreBuffer();
    }

    private static void Split(string text, JavaPattern pairs, JavaPattern keys, OrderedDictionary<string, string?> map)
    {
        var parts = new List<string>();
        var at = 0;
        foreach (var match in pairs.Regex!.EnumerateMatches(text))
        {
            // An empty match at the beginning parts nothing.
            if (match.Length == 0 && (match.Index == 0 || match.Index == text.Length)) continue;
            parts.Add(text[at..match.Index]);
            at = match.Index + match.Length;
        }

        parts.Add(text[at..]);
        while (parts.Count > 0 && parts[^1].Length == 0) parts.RemoveAt(parts.Count - 1);
        foreach (var part in parts)
        {
            var found = keys.Regex!.Match(part);
            if (found.Success && found.Length > 0) map[part[..found.Index]] = part[(found.Index + found.Length)..];
            else map[part] = null;
        }
    }

    private static void Write(OrderedDictionary<string, string?> map, Utf8Buffer buffer)
    {
        buffer.Clear();
        buffer.Write((byte)'{');
        foreach (var (key, value) in map)
        {
            if (buffer.Length > 1) buffer.Write((byte)',');
            JsonValueWriter.WriteString(key, buffer);
            buffer.Write((byte)':');
            if (value is null) buffer.Write("null"u8);
            else JsonValueWriter.WriteString(value, buffer);
        }

        buffer.Write((byte)'}');
    }
}
