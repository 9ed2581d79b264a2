using System.Buffers.Text;

namespace Freshet.Columns.Formats;

/// <summary>
/// BITMAP: a set of 32-bit numbers, which lies in a column as its text: <c>{1,2,3}</c>, ascending, each once, numbers as unsigned. Equal sets
/// have equal texts, so that keys, comparisons and formats need nothing else. Any thread; no state.
/// </summary>
public static class BitmapText
{
    /// <summary>Reads a set; false where the text is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, List<uint> members)
    {
        members.Clear();
        if (text.Length < 2 || text[0] != '{' || text[^1] != '}') return false;
        text = text[1..^1];
        while (!text.IsEmpty)
        {
            if (!Utf8Parser.TryParse(text, out uint member, out var used) || (members.Count > 0 && member <= members[^1])) return false;
            members.Add(member);
            if (used == text.Length) return true;
            if (text[used] != ',' || used + 1 == text.Length) return false;
            text = text[(used + 1)..];
        }

        return true;
    }

    /// <summary>Writes members that ascend.</summary>
    public static void Write(List<uint> members, Utf8Buffer buffer)
    {
        buffer.Clear();
        buffer.Write((byte)'{');
        for (var i = 0; i < members.Count; i++)
        {
            if (i > 0) buffer.Write((byte)',');
            buffer.Write((long)members[i]);
        }

        buffer.Write((byte)'}');
    }
}
