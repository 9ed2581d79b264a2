using System.Text;

namespace Freshet.Columns.Tests.Json;

/// <summary>Random documents: nested, with space, escapes, all scripts, odd numbers, keys that repeat.</summary>
internal sealed class RandomJson(int seed)
{
    private static readonly string[] Keys = ["a", "b", "event", "properties", "price", "name with space", "key_of_9", "keyof_10x", "ключ", "", "a\\u0062", "q\\\"q", "longer than eight bytes", "longer than eight bytez"];
    private static readonly string[] Texts = ["", "x", "plain text", "twelve bytes", "thirteen byte", "{not [a] structure:,}", "\\\"", "\\\\", "ends with \\\\", "\\u00e9\\ud83d\\ude00", "üñí", "日本語のテキスト", "😀", "12", "-3.5", "true", "2024-02-29T12:34:56.789Z", "2024-02-29 01:02:03", " 7 "];
    private static readonly string[] Numbers = ["0", "-0", "1", "42", "-17", "123456789012345678", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.5", "-0.001", "1e3", "1E-7", "2.5e+10", "123.456e2", "1e400", "0.1234567890123456789012345678901234567890", "99999999999999999999999999999999999999"];

    internal Random Random { get; } = new(seed);

    internal string Document(int maxDepth = 5)
    {
        var text = new StringBuilder();
        Value(text, maxDepth, Random.Next(3) == 0);
        return text.ToString();
    }

    internal string Object(int maxDepth = 5)
    {
        var text = new StringBuilder();
        Object(text, maxDepth, Random.Next(3) == 0);
        return text.ToString();
    }

    /// <summary>The same document with a byte changed, left out, doubled, or cut short.</summary>
    internal byte[] Mutate(byte[] document)
    {
        if (document.Length == 0) return document;
        var at = Random.Next(document.Length);
        const string structure = "{}[]:,\"\\ \n0e-.tfn\u0001";
        switch (Random.Next(5))
        {
            case 0: return document[..at];
            case 1: return [.. document[..at], .. document[(at + 1)..]];
            case 2: return [.. document[..at], (byte)structure[Random.Next(structure.Length)], .. document[at..]];
            case 3: return [.. document[..at], (byte)structure[Random.Next(structure.Length)], .. document[(at + 1)..]];
            default: return [.. document[..at], (byte)Random.Next(256), .. document[(at + 1)..]];
        }
    }

    private void Value(StringBuilder text, int depth, bool spaced)
    {
        Space(text, spaced);
        switch (Random.Next(depth <= 0 ? 7 : 10))
        {
            case 0 or 1 or 2: text.Append('"').Append(Texts[Random.Next(Texts.Length)]).Append('"'); break;
            case 3 or 4: text.Append(Numbers[Random.Next(Numbers.Length)]); break;
            case 5: text.Append(Random.Next(2) == 0 ? "true" : "false"); break;
            case 6: text.Append("null"); break;
            case 7 or 8: Object(text, depth - 1, spaced); break;
            default: Array(text, depth - 1, spaced); break;
        }

        Space(text, spaced);
    }

    private void Object(StringBuilder text, int depth, bool spaced)
    {
        text.Append('{');
        var members = Random.Next(9);
        for (var i = 0; i < members; i++)
        {
            if (i > 0) text.Append(',');
            Space(text, spaced);
            text.Append('"').Append(Keys[Random.Next(Keys.Length)]).Append('"');
            Space(text, spaced);
            text.Append(':');
            Value(text, depth, spaced);
        }

        if (members == 0) Space(text, spaced);
        text.Append('}');
    }

    private void Array(StringBuilder text, int depth, bool spaced)
    {
        text.Append('[');
        var elements = Random.Next(6);
        for (var i = 0; i < elements; i++)
        {
            if (i > 0) text.Append(',');
            Value(text, depth, spaced);
        }

        if (elements == 0) Space(text, spaced);
        text.Append(']');
    }

    private void Space(StringBuilder text, bool spaced)
    {
        if (!spaced) return;
        for (var i = Random.Next(3); i > 0; i--) text.Append(" \n\t\r"[Random.Next(4)]);
    }
}
