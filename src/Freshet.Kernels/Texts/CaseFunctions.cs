using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>UPPER and LOWER: short ASCII in two words, longer by vectors, the rest by Unicode's full mappings as Java's root locale does them.</summary>
public readonly struct ChangeCase(bool toUpper) : IRowFunction
{
    public unsafe bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (StringView.TryChangeCase(arguments[0].As<StringView>() + arguments[0].IndexOf(row), toUpper, rows.Target)) return true;
        var text = RowLoop.Bytes(arguments[0], row);
        rows.Buffer.Clear();
        var room = rows.Buffer.GetSpan(text.Length);
        var status = toUpper ? Ascii.ToUpper(text, room, out var written) : Ascii.ToLower(text, room, out written);
        rows.Buffer.Advance(written);
        if (status != System.Buffers.OperationStatus.Done) Rest(text, written, rows.Buffer);
        return rows.StoreBuffer();
    }

    private void Rest(ReadOnlySpan<byte> text, int at, Utf8Buffer buffer)
    {
        while (at < text.Length)
        {
            if (Rune.DecodeFromUtf8(text[at..], out var rune, out var used) != System.Buffers.OperationStatus.Done) buffer.Write(text.Slice(at, used));
            else if ((toUpper ? UpperOf(rune.Value) : LowerOf(rune.Value, text, at, used)) is { } many) buffer.Write(Encoding.UTF8.GetBytes(many));
            else Write(toUpper ? Rune.ToUpperInvariant(rune) : Rune.ToLowerInvariant(rune), buffer);
            at += used;
        }
    }

    private static void Write(Rune rune, Utf8Buffer buffer) => buffer.Advance(rune.EncodeToUtf8(buffer.GetSpan(4)));

    /// <summary>Characters whose upper case is several (Unicode's SpecialCasing, without the Greek forms with iota).</summary>
    private static string? UpperOf(int character) => character switch
    {
        0xDF => "SS",
        0x149 => "\u02BCN",
        0x1F0 => "J\u030C",
        0x390 => "\u0399\u0308\u0301",
        0x3B0 => "\u03A5\u0308\u0301",
        0x587 => "\u0535\u0552",
        0x1E96 => "H\u0331",
        0x1E97 => "T\u0308",
        0x1E98 => "W\u030A",
        0x1E99 => "Y\u030A",
        0x1E9A => "A\u02BE",
        0xFB00 => "FF",
        0xFB01 => "FI",
        0xFB02 => "FL",
        0xFB03 => "FFI",
        0xFB04 => "FFL",
        0xFB05 or 0xFB06 => "ST",
        _ => null,
    };

    private static string? LowerOf(int character, ReadOnlySpan<byte> text, int at, int used) => character switch
    {
        0x130 => "i\u0307",

        // A sigma at the end of a word has a form of its own.
        0x3A3 when IsLetterBefore(text[..at]) && !IsLetterAfter(text[(at + used)..]) => "\u03C2",
        _ => null,
    };

    private static bool IsLetterBefore(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && Rune.DecodeLastFromUtf8(text, out var rune, out _) == System.Buffers.OperationStatus.Done && Rune.IsLetter(rune);

    private static bool IsLetterAfter(ReadOnlySpan<byte> text) =>
        !text.IsEmpty && Rune.DecodeFromUtf8(text, out var rune, out _) == System.Buffers.OperationStatus.Done && Rune.IsLetter(rune);
}

/// <summary>INITCAP: words of ASCII letters and digits begin with a capital and go on in lower case; other characters part words.</summary>
public readonly struct InitialCapitals : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        rows.Buffer.Clear();
        var isStart = true;
        foreach (var value in RowLoop.Bytes(arguments[0], row))
        {
            var letter = (byte)(value | 0x20) is >= (byte)'a' and <= (byte)'z';
            rows.Buffer.Write(letter ? (byte)(isStart ? value & ~0x20 : value | 0x20) : value);
            isStart = !letter && value is not (>= (byte)'0' and <= (byte)'9');
        }

        return rows.StoreBuffer();
    }
}

/// <summary>REVERSE: the characters from last to first.</summary>
public readonly struct Reversed : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        rows.Buffer.Clear();
        for (var text = RowLoop.Bytes(arguments[0], row); !text.IsEmpty;)
        {
            var start = CodePoints.LastStart(text);
            rows.Buffer.Write(text[start..]);
            text = text[..start];
        }

        return rows.StoreBuffer();
    }
}
