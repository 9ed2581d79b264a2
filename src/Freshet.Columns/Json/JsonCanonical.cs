using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>
/// A JSON value written again without space, its strings with the fewest escapes, numbers as they are, and the members of every
/// object in the order of their keys' bytes, each key once (the last one counts), as Flink's JSON functions write them.
/// Recursion goes as deep as the document, which validation has bounded. Scratch lists work as stacks, so that nothing is
/// allocated once they have grown. One thread.
/// </summary>
internal sealed class JsonCanonical
{
    private readonly List<Member> _members = [];
    private readonly Utf8Buffer _keys = new();

    internal void Append(in JsonValue value, Utf8Buffer buffer)
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

    private void AppendObject(in JsonValue value, Utf8Buffer buffer)
    {
        var firstMember = _members.Count;
        var firstKey = _keys.Length;
        foreach (var member in value.Members())
        {
            var start = _keys.Length;
            _keys.Advance(JsonText.Unescape(member.Key, _keys.GetSpan(member.Key.Length)));
            _members.Add(new Member(start, _keys.Length - start, _members.Count, member.Value));
        }

        // Equal keys stay in the order of the document, so that the last one is the last one written.
        var count = _members.Count - firstMember;
        if (count > 1) Sort(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_members).Slice(firstMember, count));
        buffer.Write((byte)'{');
        var any = false;
        for (var i = firstMember; i < firstMember + count; i++)
        {
            if (i + 1 < firstMember + count && KeyOf(_members[i]).SequenceEqual(KeyOf(_members[i + 1]))) continue;
            if (any) buffer.Write((byte)',');
            any = true;
            JsonValueWriter.WriteString(KeyOf(_members[i]), buffer);
            buffer.Write((byte)':');
            Append(_members[i].Value, buffer);
        }

        buffer.Write((byte)'}');
        _members.RemoveRange(firstMember, count);
        _keys.Truncate(firstKey);
    }

    /// <summary>Small objects by insertion, which allocates nothing; large ones in n log n.</summary>
    private void Sort(Span<Member> members)
    {
        var order = new KeyOrder(_keys);
        if (members.Length > 32)
        {
            members.Sort(order);
            return;
        }

        for (var i = 1; i < members.Length; i++)
        {
            var member = members[i];
            var at = i;
            for (; at > 0 && order.Compare(members[at - 1], member) > 0; at--) members[at] = members[at - 1];
            members[at] = member;
        }
    }

    private ReadOnlySpan<byte> KeyOf(in Member member) => _keys.Written.Slice(member.KeyStart, member.KeyLength);

    private static void AppendText(ReadOnlySpan<byte> content, Utf8Buffer buffer)
    {
        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(content.Length);
        JsonValueWriter.WriteString(rented.AsSpan(0, JsonText.Unescape(content, rented)), buffer);
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
    }

    private readonly record struct Member(int KeyStart, int KeyLength, int Order, JsonValue Value);

    private readonly struct KeyOrder(Utf8Buffer keys) : IComparer<Member>
    {
        public int Compare(Member x, Member y)
        {
            var order = keys.Written.Slice(x.KeyStart, x.KeyLength).SequenceCompareTo(keys.Written.Slice(y.KeyStart, y.KeyLength));
            return order != 0 ? order : x.Order.CompareTo(y.Order);
        }
    }
}
