using System.Runtime.CompilerServices;
using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>What a document may be. The defaults are those of an event.</summary>
/// <param name="MaxBytes">Longest document.</param>
/// <param name="MaxDepth">Containers inside one another, at most 1024.</param>
/// <param name="RejectDuplicateKeys">A key twice in one object (compared as written) is an error; else the last one counts.</param>
/// <param name="RejectLoneSurrogates">An escaped half of a surrogate pair is an error; else it is flagged and read as U+FFFD.</param>
public readonly record struct JsonLimits(
    int MaxBytes = int.MaxValue, int MaxDepth = 64, bool RejectDuplicateKeys = false, bool RejectLoneSurrogates = false)
{
    /// <summary>No limit of size, depth 64.</summary>
    public static JsonLimits Default { get; } = new(int.MaxValue, 64);
}

/// <summary>Why a text is not JSON, or not within its limits.</summary>
/// <param name="Position">The byte at which it shows, from 0.</param>
/// <param name="Reason">A sentence without the position.</param>
public readonly record struct JsonError(int Position, string Reason)
{
    public override string ToString() => $"{Reason} (byte {Position})";
}

/// <summary>
/// Strict validation by RFC 8259 of a document that a <see cref="JsonStructure"/> has scanned: grammar, numbers, literals,
/// escapes, control characters, UTF-8, depth, size. One walk over the entries, no recursion, no allocation unless it fails.
/// After success every reader may trust the grammar. Any value is a document, not only objects.
/// Cost: below that of the scan for text without escapes. Sources: RFC 8259; RFC 3629 for UTF-8.
/// </summary>
public static unsafe class JsonValidator
{
    /// <summary>Most containers inside one another that <see cref="JsonLimits.MaxDepth"/> may allow.</summary>
    public const int MaxDepth = 1024;

    public static bool TryValidate(JsonStructure structure, in JsonLimits limits, out JsonError error) =>
        TryValidate(structure, limits, out error, out _);

    /// <param name="hasLoneSurrogate">Some string has an escaped half of a surrogate pair.</param>
    public static bool TryValidate(JsonStructure structure, in JsonLimits limits, out JsonError error, out bool hasLoneSurrogate)
    {
        hasLoneSurrogate = false;
        error = default;
        var text = structure.Text;
        var length = structure.Length;
        var count = structure.Count;
        if (length > limits.MaxBytes)
            return Fail(out error, limits.MaxBytes, $"The document has {length} bytes, more than the limit of {limits.MaxBytes}.");
        if (count == 0) return Fail(out error, 0, "The document is empty.");
        if (structure.HasNonAscii && !Utf8Text.IsValid(text, length))
            return Fail(out error, Utf8Text.IndexOfInvalid(new ReadOnlySpan<byte>(text, length)), "The text is not valid UTF-8.");
        if (structure.ControlPosition >= 0)
            return Fail(out error, structure.ControlPosition, "A string holds a control character; write it as an escape such as \\n or \\u0001.");

        var maxDepth = Math.Clamp(limits.MaxDepth, 0, MaxDepth);
        var isArray = stackalloc ulong[MaxDepth / 64];
        var depth = 0;
        var positions = structure.Positions;
        var escapes = structure.HasEscapes;
        var i = 0;
        while (true)
        {
            // A value is expected at entry i.
            if (i >= count) return FailAtEnd(structure, out error);
            var at = positions[i];
            switch (text[at])
            {
                case (byte)'"':
                    if (i + 1 >= count) return FailAtEnd(structure, out error);
                    if (escapes && !TryEscapes(structure, i, limits, ref hasLoneSurrogate, out error)) return false;
                    i += 2;
                    break;
                case (byte)'{' or (byte)'[':
                    if (depth == maxDepth) return Fail(out error, at, $"Containers lie more than {maxDepth} deep in one another.");
                    var bit = 1UL << depth;
                    var opensArray = text[at] == '[';
                    if (opensArray) isArray[depth >> 6] |= bit;
                    else isArray[depth >> 6] &= ~bit;
                    depth++;
                    i++;
                    if (i >= count) return FailAtEnd(structure, out error);
                    if (text[positions[i]] == (opensArray ? ']' : '}'))
                    {
                        depth--;
                        i++;
                        break;
                    }

                    if (!opensArray && !TryKey(structure, ref i, limits, ref hasLoneSurrogate, out error)) return false;
                    continue;
                case (byte)'t':
                    if (!IsLiteral(text + at, length - at, "true"u8)) return FailValue(structure, at, out error);
                    i++;
                    break;
                case (byte)'f':
                    if (!IsLiteral(text + at, length - at, "false"u8)) return FailValue(structure, at, out error);
                    i++;
                    break;
                case (byte)'n':
                    if (!IsLiteral(text + at, length - at, "null"u8)) return FailValue(structure, at, out error);
                    i++;
                    break;
                case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                    var bad = CheckNumber(text, at, length);
                    if (bad >= 0) return Fail(out error, Math.Min(bad, length - 1), "A number is not written as JSON writes it: digits without leading zeros, then .digits, then e and an exponent.");
                    i++;
                    break;
                default:
                    return FailValue(structure, at, out error);
            }

            // A value has ended: close containers until another value follows.
            while (true)
            {
                if (depth == 0)
                {
                    if (i < count) return Fail(out error, positions[i], "Something follows the end of the document.");
                    if (limits.RejectDuplicateKeys && JsonDuplicateKeys.Find(structure) is var twice and >= 0)
                        return Fail(out error, twice, "A key appears twice in one object.");
                    return true;
                }

                if (i >= count) return FailAtEnd(structure, out error);
                var inArray = (isArray[(depth - 1) >> 6] >> (depth - 1) & 1) != 0;
                var mark = text[positions[i]];
                if (mark == ',')
                {
                    i++;
                    if (!inArray && !TryKey(structure, ref i, limits, ref hasLoneSurrogate, out error)) return false;
                    break;
                }

                if (mark != (inArray ? ']' : '}'))
                    return Fail(out error, positions[i], inArray ? "In an array a comma or ] is expected." : "In an object a comma or } is expected.");
                depth--;
                i++;
            }
        }
    }

    /// <summary>Checks a key and its colon, and moves to the entry of the value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryKey(JsonStructure structure, ref int i, in JsonLimits limits, ref bool hasLoneSurrogate, out JsonError error)
    {
        if (i + 2 >= structure.Count)
        {
            if (i < structure.Count && structure.At(i) != '"') return Fail(out error, structure.Positions[i], "A key in quotes is expected.");
            return FailAtEnd(structure, out error);
        }

        if (structure.At(i) != '"') return Fail(out error, structure.Positions[i], "A key in quotes is expected.");
        if (structure.At(i + 2) != ':') return Fail(out error, structure.Positions[i + 2], "A colon is expected after a key.");
        error = default;
        if (structure.HasEscapes && !TryEscapes(structure, i, limits, ref hasLoneSurrogate, out error)) return false;
        i += 3;
        return true;
    }

    private static bool TryEscapes(JsonStructure structure, int i, in JsonLimits limits, ref bool hasLoneSurrogate, out JsonError error)
    {
        error = default;
        var start = structure.Positions[i] + 1;
        var content = new ReadOnlySpan<byte>(structure.Text + start, structure.Positions[i + 1] - start);
        var total = content.Length;
        while (true)
        {
            var slash = content.IndexOf((byte)'\\');
            if (slash < 0) return true;
            var position = start + total - content.Length + slash;
            var escape = content[slash + 1];
            content = content[(slash + 2)..];
            switch (escape)
            {
                case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                    break;
                case (byte)'u':
                    if (!JsonText.TryHex(content, out _)) return Fail(out error, position, "\\u is followed by four hexadecimal digits.");
                    JsonText.ReadUnicode(ref content, out var isPaired);
                    if (isPaired) break;
                    hasLoneSurrogate = true;
                    if (limits.RejectLoneSurrogates) return Fail(out error, position, "An escape is one half of a surrogate pair without the other.");
                    break;
                default:
                    return Fail(out error, position, "An unknown escape; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u.");
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsLiteral(byte* text, int left, ReadOnlySpan<byte> literal) =>
        left >= literal.Length && new ReadOnlySpan<byte>(text, literal.Length).SequenceEqual(literal)
        && (left == literal.Length || EndsScalar(text[literal.Length]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool EndsScalar(byte next) =>
        next is (byte)',' or (byte)'}' or (byte)']' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)':' or (byte)'"' or (byte)'{' or (byte)'[';

    /// <summary>The position of the first byte that does not belong, or -1.</summary>
    private static int CheckNumber(byte* text, int at, int length)
    {
        var end = EndOfNumber(text + at, text + length, out var isNumber);
        return isNumber && (end >= text + length || EndsScalar(*end)) ? -1 : (int)(end - text);
    }

    /// <summary>Where a number that begins here ends, or else the first byte that does not belong.</summary>
    internal static byte* EndOfNumber(byte* at, byte* limit, out bool isNumber)
    {
        isNumber = false;
        if (*at == '-') at++;
        if (at >= limit || !IsDigit(*at)) return at;
        if (*at == '0') at++;
        else
        {
            do at++;
            while (at < limit && IsDigit(*at));
        }

        if (at < limit && *at == '.')
        {
            at++;
            if (at >= limit || !IsDigit(*at)) return at;
            do at++;
            while (at < limit && IsDigit(*at));
        }

        if (at < limit && (*at | 0x20) == 'e')
        {
            at++;
            if (at < limit && *at is (byte)'+' or (byte)'-') at++;
            if (at >= limit || !IsDigit(*at)) return at;
            do at++;
            while (at < limit && IsDigit(*at));
        }

        isNumber = true;
        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    private static bool Fail(out JsonError error, int position, string reason)
    {
        error = new JsonError(position, reason);
        return false;
    }

    private static bool FailAtEnd(JsonStructure structure, out JsonError error) =>
        Fail(out error, structure.Length, structure.StringIsOpen ? "The document ends inside a string." : "The document ends too early.");

    private static bool FailValue(JsonStructure structure, int at, out JsonError error) =>
        Fail(out error, at, structure.Text[at] switch
        {
            (byte)',' or (byte)']' or (byte)'}' or (byte)':' => "A value is expected.",
            0xEF => "A byte order mark is not part of JSON; remove it.",
            _ => "Not a JSON value: those are objects, arrays, strings in double quotes, numbers, true, false and null.",
        });
}
