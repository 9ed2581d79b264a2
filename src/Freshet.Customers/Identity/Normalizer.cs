using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Customers.Identity;

/// <summary>
/// Values of identifiers made comparable, and those that say nothing found. A value that is comparable already is not copied.
/// </summary>
internal static unsafe class Normalizer
{
    private static readonly byte[][] Placeholders = [.. new[] { "null", "undefined", "nil", "none", "void", "anonymous", "unknown", "-1" }.Select(Encoding.UTF8.GetBytes)];

    public static StringView Normalize(StringView value, Normalization how, BatchMemory memory)
    {
        if (how == Normalization.None) return value;
        if ((how & Normalization.Trim) != 0) value = Trimmed(value);
        if ((how & Normalization.E164) != 0) value = Digits(value, memory);
        if ((how & Normalization.Lower) != 0) value = Lowered(value, memory);
        if ((how & Normalization.Hash) != 0 && value.Length > 0) value = Hashed(value, memory);
        return value;
    }

    /// <summary>Whether a normalised value says nothing.</summary>
    public static bool IsBlocked(StringView value, IdentifierType type, byte[][] blocked)
    {
        var text = StringView.Span(&value);
        foreach (var one in blocked)
            if (text.SequenceEqual(one)) return true;
        if (type.BlocksPlaceholders && IsPlaceholder(text)) return true;
        return !type.BlockedPatterns.IsEmpty && Matches(text, type.BlockedPatterns.AsSpan());
    }

    private static bool IsPlaceholder(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty || (text[0] is (byte)'0' or (byte)'-' && text.IndexOfAnyExcept((byte)'0', (byte)'-') < 0)) return true;
        if (text.Length > 9) return false;
        foreach (var one in Placeholders)
            if (Ascii.EqualsIgnoreCase(text, one)) return true;
        return false;
    }

    private static bool Matches(ReadOnlySpan<byte> text, ReadOnlySpan<Regex> patterns)
    {
        if (text.Length > 1024) text = text[..1024];
        Span<char> characters = stackalloc char[text.Length];
        ReadOnlySpan<char> read = characters[..Encoding.UTF8.GetChars(text, characters)];
        foreach (var pattern in patterns)
            if (pattern.IsMatch(read)) return true;
        return false;
    }

    private static StringView Trimmed(StringView value)
    {
        var text = StringView.Span(&value);
        var start = text.IndexOfAnyExcept((byte)' ', (byte)'\t');
        if (start < 0) return default;
        var end = text.LastIndexOfAnyExcept((byte)' ', (byte)'\t') + 1;
        if (start == 0 && end == text.Length) return value;
        // The bytes stay where they are: a long text's in its memory, a short one's are copied by the view.
        fixed (byte* bytes = text) return new StringView(bytes + start, end - start);
    }

    private static StringView Lowered(StringView value, BatchMemory memory)
    {
        var text = StringView.Span(&value);
        if (!text.ContainsAnyInRange((byte)'A', (byte)'Z') && Ascii.IsValid(text)) return value;
        var lower = memory.Allocate(text.Length * 3L);
        if (Ascii.IsValid(text))
        {
            Ascii.ToLower(text, new Span<byte>(lower, text.Length), out _);
            return new StringView(lower, text.Length);
        }

        return new StringView(lower, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text).ToLowerInvariant(), new Span<byte>(lower, text.Length * 3)));
    }

    private static StringView Digits(StringView value, BatchMemory memory)
    {
        var text = StringView.Span(&value);
        var kept = memory.Allocate(text.Length + 1L);
        var length = 0;
        foreach (var one in text)
            if (one is >= (byte)'0' and <= (byte)'9' || (one == (byte)'+' && length == 0)) kept[length++] = one;
        if (length < 2 || kept[0] != '0' || kept[1] != '0') return new StringView(kept, length);
        kept[1] = (byte)'+';
        return new StringView(kept + 1, length - 1);
    }

    private static StringView Hashed(StringView value, BatchMemory memory)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(StringView.Span(&value), hash);
        var text = memory.Allocate(64);
        Convert.TryToHexStringLower(hash, new Span<byte>(text, 64), out _);
        return new StringView(text, 64);
    }
}
