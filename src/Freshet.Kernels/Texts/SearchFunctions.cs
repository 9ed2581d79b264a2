using System.Buffers;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>CHAR_LENGTH: the number of characters.</summary>
public readonly struct CharLength : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row) => rows.Store((long)CodePoints.Count(RowLoop.Bytes(arguments[0], row)));
}

/// <summary>POSITION(search IN text [FROM start]) and LOCATE(search, text [, start]): from 1; 0 where it is not.</summary>
public readonly struct Position : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var from = arguments.Length > 2 ? RowLoop.Int(arguments[2], row) : 1;
        return rows.Store((long)CodePoints.Find(RowLoop.Bytes(arguments[1], row), RowLoop.Bytes(arguments[0], row), from));
    }
}

/// <summary>INSTR(text, search [, start [, occurrence]]): a negative start counts, and searches, from the end.</summary>
public readonly struct InString : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var search = RowLoop.Bytes(arguments[1], row);
        var from = arguments.Length > 2 ? RowLoop.Int(arguments[2], row) : 1;
        var occurrence = arguments.Length > 3 ? RowLoop.Integer(arguments[3], row) : 1;
        if (occurrence <= 0) return rows.Fail("INSTR: the occurrence is counted from 1.");
        if (from == 0) return rows.Store(0L);
        return rows.Store((long)(from > 0 ? Forward(text, search, from, occurrence) : Backward(text, search, from, occurrence)));
    }

    private static int Forward(ReadOnlySpan<byte> text, ReadOnlySpan<byte> search, int from, long occurrence)
    {
        var found = 0;
        for (; occurrence > 0; occurrence--)
        {
            found = CodePoints.Find(text, search, from);
            if (found == 0) return 0;
            from = found + 1;
        }

        return found;
    }

    /// <summary>The match with this number among those that end at or before a character counted from the end.</summary>
    private static int Backward(ReadOnlySpan<byte> text, ReadOnlySpan<byte> search, int from, long occurrence)
    {
        var last = CodePoints.Count(text) + from + 1;
        if (last < 1) return 0;
        var rest = text[..CodePoints.PrefixBytes(text, last, out _)];
        while (true)
        {
            var at = rest.LastIndexOf(search);
            if (at < 0) return 0;
            if (--occurrence == 0) return CodePoints.Count(rest[..at]) + 1;
            if (at + search.Length == 0) return 0;

            // The next match ends at least one character earlier.
            var end = at + search.Length;
            rest = rest[..CodePoints.LastStart(rest[..end])];
        }
    }
}

/// <summary>STARTSWITH and ENDSWITH, over texts and bytes.</summary>
public readonly struct HasEnd(bool isStart) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var end = RowLoop.Bytes(arguments[1], row);
        return rows.Store(isStart ? text.StartsWith(end) : text.EndsWith(end));
    }
}

/// <summary>ASCII: the first byte, from -128 to 127; 0 for an empty text.</summary>
public readonly struct FirstByte : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        return rows.Store(text.IsEmpty ? 0L : (sbyte)text[0]);
    }
}

/// <summary>HASH_CODE: Java's hash of the text without its sign.</summary>
public readonly struct JavaHash : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        var hash = 0;
        Span<char> units = stackalloc char[2];
        while (!text.IsEmpty)
        {
            System.Text.Rune.DecodeFromUtf8(text, out var rune, out var used);
            foreach (var unit in units[..rune.EncodeToUtf16(units)]) hash = 31 * hash + unit;
            text = text[used..];
        }

        return rows.Store(hash == int.MinValue ? hash : (long)Math.Abs(hash));
    }
}

/// <summary>What IS_ALPHA, IS_DIGIT and IS_DECIMAL ask for.</summary>
public enum TextShape : byte
{
    Letters,
    Digits,
    Number,
}

/// <summary>IS_ALPHA, IS_DIGIT, IS_DECIMAL; FALSE for NULL and for an empty text.</summary>
public readonly struct HasShape(TextShape shape) : IRowFunction
{
    private static readonly SearchValues<byte> OfNumbers = SearchValues.Create("0123456789.eE+-"u8);
    private static readonly SearchValues<byte> OfMantissas = SearchValues.Create("0123456789abcdefABCDEF."u8);

    public static bool TakesNull => true;

    public unsafe bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return rows.Store(false);
        var type = rows.Types.Arguments[0];
        if (!type.IsCharacter) return rows.Store(shape == TextShape.Digits ? type.IsInteger : shape == TextShape.Number && type.IsNumeric);
        var text = RowLoop.Bytes(arguments[0], row);
        if (text.IsEmpty) return rows.Store(false);
        return rows.Store(shape == TextShape.Number ? IsNumber(text) : AllAre(text, shape));
    }

    private static bool AllAre(ReadOnlySpan<byte> text, TextShape shape)
    {
        while (!text.IsEmpty)
        {
            if (System.Text.Rune.DecodeFromUtf8(text, out var rune, out var used) != System.Buffers.OperationStatus.Done) return false;
            if (!(shape == TextShape.Letters ? System.Text.Rune.IsLetter(rune) : System.Text.Rune.IsDigit(rune))) return false;
            text = text[used..];
        }

        return true;
    }

    /// <summary>What Java's Double.parseDouble reads: blanks around, a letter d or f behind, a hexadecimal mantissa too.</summary>
    private static unsafe bool IsNumber(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && text[0] <= ' ') text = text[1..];
        while (!text.IsEmpty && text[^1] <= ' ') text = text[..^1];
        var digits = text.TrimStart("+-"u8);
        if (digits.Length < text.Length - 1) return false;
        if (digits.Length > 2 && digits[0] == '0' && (digits[1] | 0x20) == 'x') return IsHexadecimal(digits[2..]);
        if (digits.SequenceEqual("NaN"u8) || digits.SequenceEqual("Infinity"u8)) return true;
        if (digits.Length > 1 && (digits[^1] | 0x20) is 'd' or 'f') digits = digits[..^1];
        if (digits.IsEmpty || digits.IndexOfAnyExcept(OfNumbers) >= 0) return false;
        text = digits;
        fixed (byte* bytes = text) return NumberText.TryDouble(bytes, text.Length, out _) == TextResult.Ok;
    }

    /// <summary>h.hhhp+d, with the exponent that Java asks for.</summary>
    private static bool IsHexadecimal(ReadOnlySpan<byte> text)
    {
        var exponent = text.IndexOfAny((byte)'p', (byte)'P');
        if (exponent <= 0) return false;
        var power = text[(exponent + 1)..].TrimStart("+-"u8);
        if (power.Length > 1 && (power[^1] | 0x20) is 'd' or 'f') power = power[..^1];
        var mantissa = text[..exponent];
        return !power.IsEmpty && power.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && mantissa.Count((byte)'.') <= 1
            && mantissa.IndexOfAnyExcept(OfMantissas) < 0 && mantissa.IndexOfAnyExcept((byte)'.') >= 0;
    }
}
