using System.Text;

namespace Freshet.Kernels.Patterns;

/// <summary>
/// A text as the UTF-16 units that .NET matches, in a buffer that is reused, with the way back to its bytes. One for each
/// thread; valid until the next text is loaded.
/// </summary>
internal sealed class PatternText
{
    [ThreadStatic]
    private static PatternText? t_text;

    private char[] _units = new char[1024];
    private int _length;
    private bool _isAscii;

    public ReadOnlySpan<char> Units => _units.AsSpan(0, _length);

    public static PatternText Load(ReadOnlySpan<byte> text)
    {
        var loaded = t_text ??= new PatternText();
        if (loaded._units.Length < text.Length) loaded._units = new char[Math.Max(text.Length, 2 * loaded._units.Length)];
        loaded._isAscii = Ascii.IsValid(text);
        loaded._length = Encoding.UTF8.GetChars(text, loaded._units);
        return loaded;
    }

    /// <summary>The bytes of some units.</summary>
    public ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> text, int start, int length)
    {
        if (_isAscii) return text.Slice(start, length);
        var from = BytesOf(0, start);
        return text.Slice(from, BytesOf(start, length));
    }

    /// <summary>A pair of surrogates is four bytes, all of which belong to its first half: a pattern may match between the halves.</summary>
    private int BytesOf(int start, int length)
    {
        var bytes = 0;
        foreach (var unit in _units.AsSpan(start, length))
            bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : char.IsHighSurrogate(unit) ? 4 : char.IsLowSurrogate(unit) ? 0 : 3;
        return bytes;
    }
}
