using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>Hash functions over the bytes of a text or binary value, in hexadecimal digits.</summary>
public enum HashKind : byte
{
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// <summary>MD5, SHA1 ... SHA512.</summary>
public readonly struct HashOf(HashKind kind) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row) => Store(rows, kind, RowLoop.Bytes(arguments[0], row));

    internal static bool Store(RowLoop rows, HashKind kind, ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[64];
        var length = kind switch
        {
            HashKind.Md5 => MD5.HashData(bytes, hash),
            HashKind.Sha1 => SHA1.HashData(bytes, hash),
            HashKind.Sha224 => Sha224.Hash(bytes, hash),
            HashKind.Sha256 => SHA256.HashData(bytes, hash),
            HashKind.Sha384 => SHA384.HashData(bytes, hash),
            _ => SHA512.HashData(bytes, hash),
        };
        Span<byte> digits = stackalloc byte[128];
        HexText.Write(hash[..length], digits, "0123456789abcdef"u8);
        return rows.Store(digits[..(2 * length)]);
    }
}

/// <summary>SHA2(text, bits): bits is 224, 256, 384 or 512.</summary>
public readonly struct Sha2 : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        HashKind? kind = RowLoop.Integer(arguments[1], row) switch
        {
            224 => HashKind.Sha224,
            256 => HashKind.Sha256,
            384 => HashKind.Sha384,
            512 => HashKind.Sha512,
            _ => null,
        };
        return kind is { } known ? HashOf.Store(rows, known, RowLoop.Bytes(arguments[0], row)) : rows.Fail("SHA2 takes 224, 256, 384 or 512 bits.");
    }
}

/// <summary>TO_BASE64 of a text or binary value.</summary>
public readonly struct ToBase64 : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var bytes = RowLoop.Bytes(arguments[0], row);
        rows.Buffer.Clear();
        Base64.EncodeToUtf8(bytes, rows.Buffer.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        rows.Buffer.Advance(written);
        return rows.StoreBuffer();
    }
}

/// <summary>FROM_BASE64: padding may be missing.</summary>
public readonly struct FromBase64 : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        rows.Parts.Clear();
        rows.Parts.Write(text);
        while (rows.Parts.Length % 4 != 0) rows.Parts.Write((byte)'=');
        rows.Buffer.Clear();
        var status = Base64.DecodeFromUtf8(rows.Parts.Written, rows.Buffer.GetSpan(rows.Parts.Length), out _, out var written);
        if (status != System.Buffers.OperationStatus.Done) return rows.Fail("FROM_BASE64: the text is not base 64.", text);
        rows.Buffer.Advance(written);
        return rows.StoreBuffer();
    }
}

/// <summary>HEX of a text: two digits for each byte.</summary>
public readonly struct HexText : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var bytes = RowLoop.Bytes(arguments[0], row);
        rows.Buffer.Clear();
        Write(bytes, rows.Buffer.GetSpan(2 * bytes.Length), "0123456789ABCDEF"u8);
        rows.Buffer.Advance(2 * bytes.Length);
        return rows.StoreBuffer();
    }

    internal static void Write(ReadOnlySpan<byte> bytes, Span<byte> digits, ReadOnlySpan<byte> alphabet)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            digits[2 * i] = alphabet[bytes[i] >> 4];
            digits[2 * i + 1] = alphabet[bytes[i] & 15];
        }
    }
}

/// <summary>HEX and BIN of a number: its two's complement without leading zeros.</summary>
public readonly struct DigitsOf(int bitsPerDigit) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        Span<byte> digits = stackalloc byte[64];
        var at = digits.Length;
        var value = (ulong)RowLoop.Integer(arguments[0], row);
        do
        {
            digits[--at] = "0123456789ABCDEF"u8[(int)(value & ((1UL << bitsPerDigit) - 1))];
            value >>= bitsPerDigit;
        }
        while (value != 0);
        return rows.Store(digits[at..]);
    }
}

/// <summary>UNHEX: the bytes of hexadecimal digits; NULL for anything else. As in Flink a first digit without a second is a byte 0.</summary>
public readonly struct FromHex : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        rows.Buffer.Clear();
        if (text.Length % 2 == 1)
        {
            if (!char.IsAsciiHexDigit((char)text[0])) return false;
            rows.Buffer.Write((byte)0);
            text = text[1..];
        }

        for (; !text.IsEmpty; text = text[2..])
        {
            if (!char.IsAsciiHexDigit((char)text[0]) || !char.IsAsciiHexDigit((char)text[1])) return false;
            rows.Buffer.Write((byte)(DigitOf(text[0]) << 4 | DigitOf(text[1])));
        }

        return rows.StoreBuffer();
    }

    internal static int DigitOf(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/// <summary>ENCODE(text, charset) and DECODE(bytes, charset).</summary>
public readonly struct Recode(bool isEncode) : IRowFunction
{
    /// <summary>The charsets of every Java, by upper-case name. UTF-16 writes a mark of its byte order and reads one.</summary>
    private static readonly Dictionary<string, Encoding> Charsets = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UTF-8"] = new UTF8Encoding(false),
        ["UTF8"] = new UTF8Encoding(false),
        ["US-ASCII"] = Encoding.ASCII,
        ["ASCII"] = Encoding.ASCII,
        ["ISO-8859-1"] = Encoding.Latin1,
        ["ISO8859-1"] = Encoding.Latin1,
        ["LATIN1"] = Encoding.Latin1,
        ["UTF-16"] = new UnicodeEncoding(true, true),
        ["UTF-16BE"] = new UnicodeEncoding(true, false),
        ["UTF-16LE"] = new UnicodeEncoding(false, false),
        ["UTF-32"] = new UTF32Encoding(true, false),
    };

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var bytes = RowLoop.Bytes(arguments[0], row);
        var name = RowLoop.Bytes(arguments[1], row);
        if (!Charsets.TryGetValue(Encoding.UTF8.GetString(name), out var charset)) return rows.Fail($"{(isEncode ? "ENCODE" : "DECODE")}: there is no such charset; there are {string.Join(", ", Charsets.Keys)}.", name);
        if (charset is UTF8Encoding) return isEncode || Utf8Text.IsValid(bytes) ? rows.Keep(bytes) : rows.Store(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes)));
        if (isEncode) return rows.Store([.. charset.GetPreamble(), .. charset.GetBytes(Encoding.UTF8.GetString(bytes))]);
        return rows.Store(Encoding.UTF8.GetBytes(Read(bytes, charset)));
    }

    private static string Read(ReadOnlySpan<byte> bytes, Encoding charset)
    {
        if (charset.Preamble.Length == 0) return charset.GetString(bytes);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])) return Encoding.Unicode.GetString(bytes[2..]);
        return charset.GetString(bytes.StartsWith(charset.Preamble) ? bytes[charset.Preamble.Length..] : bytes);
    }
}

/// <summary>IS_VALID_UTF8: the bytes are a text.</summary>
public readonly struct IsValidUtf8 : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row) => rows.Store(Utf8Text.IsValid(RowLoop.Bytes(arguments[0], row)));
}

/// <summary>MAKE_VALID_UTF8: the bytes as text, what is none replaced by U+FFFD.</summary>
public readonly struct MakeValidUtf8 : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var bytes = RowLoop.Bytes(arguments[0], row);
        if (Utf8Text.IsValid(bytes)) return rows.Keep(bytes);
        rows.Buffer.Clear();
        rows.Buffer.Advance(Utf8Text.Replace(bytes, rows.Buffer.GetSpan(bytes.Length * 3), out _));
        return rows.StoreBuffer();
    }
}
