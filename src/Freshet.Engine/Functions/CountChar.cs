using System.Text;
using Freshet.Columns;

namespace Freshet.Engine.Functions;

/// <summary>
/// The function of Nexmark's query 14: how often a character (of UTF-16, as in Java) is in a text. An ASCII character is a byte that is
/// part of no other, so it is counted in the text as it lies.
/// </summary>
internal sealed class CountChar : ScalarFunction
{
    public static unsafe long Eval(StringView? text, StringView? character)
    {
        if (text is not { } t || character is not { Length: > 0 } c) return 0;
        var bytes = StringView.Span(&t);
        var wanted = StringView.Span(&c);
        if (wanted[0] < 0x80) return bytes.Count(wanted[0]);
        var letter = Encoding.UTF8.GetString(wanted)[0];
        return Encoding.UTF8.GetString(bytes).AsSpan().Count(letter);
    }
}
