using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>
/// A JSON value written again without space, its strings with the fewest escapes, numbers as they are, and the members of every
/// object in the order of their keys' bytes, each key once (the last one counts), as Flink's JSON functions write them.
/// Recursion goes as deep as the document, which validation has bounded.
/// </summary>
internal static unsafe class JsonCanonical
{
    internal static void Append(in JsonValue value, Utf8Buffer buffer)
    {
        switch (value.Kind)
        {
            case JsonKind.Object:
                AppendObject(value, buffer);
                break;
            case JsonKind.Array:
                var separator = (byte)'[';
                foreach (var element in value.Elements())
                {
                    buffer.Write(separator);
                    separator = (byte)',';
                    Append(element, buffer);
                }

                buffer.Write(separator == '[' ? "[]"u8 : "]"u8);
                break;
            case JsonKind.String when value.IsEscaped:
                AppendText(value.Content, buffer);
                break;
            case JsonKind.None:
                buffer.Write("null"u8);
                break;
            default:
                buffer.Write(value.Raw);
                break;
        }
    }

    private static void AppendObject(in JsonValue value, Utf8Buffer buffer)
    {
        var members = new List<(byte[] Key, JsonValue Value)>();
        foreach (var member in value.Members())
        {
            var key = new byte[member.Key.Length];
            Array.Resize(ref key, JsonText.Unescape(member.Key, key));
            members.Add((key, member.Value));
        }

        // OrderBy is stable, so that the last of equal keys is the last one written.
        var ordered = members.OrderBy(m => m.Key, ByteOrder.Instance).ToList();
        buffer.Write((byte)'{');
        var any = false;
        for (var i = 0; i < ordered.Count; i++)
        {
            if (i + 1 < ordered.Count && ordered[i].Key.AsSpan().SequenceEqual(ordered[i + 1].Key)) continue;
            if (any) buffer.Write((byte)',');
            any = true;
            JsonValueWriter.WriteString(ordered[i].Key, buffer);
            buffer.Write((byte)':');
            Append(ordered[i].Value, buffer);
        }

        buffer.Write((byte)'}');
    }

    private static void AppendText(ReadOnlySpan<byte> content, Utf8Buffer buffer)
    {
        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(content.Length);
        JsonValueWriter.WriteString(rented.AsSpan(0, JsonText.Unescape(content, rented)), buffer);
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
    }

    private sealed class ByteOrder : IComparer<byte[]>
    {
        internal static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
