using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>URL_ENCODE: application/x-www-form-urlencoded, as Java's URLEncoder writes it.</summary>
public readonly struct UrlEncode : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        rows.Buffer.Clear();
        foreach (var value in RowLoop.Bytes(arguments[0], row))
        {
            if (char.IsAsciiLetterOrDigit((char)value) || ".-*_"u8.Contains(value)) rows.Buffer.Write(value);
            else if (value == ' ') rows.Buffer.Write((byte)'+');
            else
            {
                rows.Buffer.Write((byte)'%');
                HexText.Write([value], rows.Buffer.GetSpan(2), "0123456789ABCDEF"u8);
                rows.Buffer.Advance(2);
            }
        }

        return rows.StoreBuffer();
    }
}

/// <summary>URL_DECODE: NULL where an escape is broken.</summary>
public readonly struct UrlDecode : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        rows.Buffer.Clear();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                rows.Buffer.Write(text[i] == '+' ? (byte)' ' : text[i]);
                continue;
            }

            if (i + 2 >= text.Length || !char.IsAsciiHexDigit((char)text[i + 1]) || !char.IsAsciiHexDigit((char)text[i + 2])) return false;
            rows.Buffer.Write((byte)(FromHex.DigitOf(text[i + 1]) << 4 | FromHex.DigitOf(text[i + 2])));
            i += 2;
        }

        if (Utf8Text.IsValid(rows.Buffer.Written)) return rows.StoreBuffer();
        rows.Parts.Clear();
        rows.Parts.Advance(Utf8Text.Replace(rows.Buffer.Written, rows.Parts.GetSpan(rows.Buffer.Length * 3), out _));
        return rows.Store(rows.Parts.Written);
    }
}

/// <summary>
/// PARSE_URL(url, part [, key]): part is HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE or USERINFO; with a key the value of
/// that key of the query. NULL for what is no URL of a protocol that Java knows, and for a part that is not there.
/// </summary>
public readonly struct ParseUrl : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (!UrlParts.TryParse(RowLoop.Bytes(arguments[0], row), out var url)) return false;
        var part = RowLoop.Bytes(arguments[1], row);
        if (arguments.Length > 2) return part.SequenceEqual("QUERY"u8) && url.HasQuery && UrlParts.TryKey(url.Query, RowLoop.Bytes(arguments[2], row), out var value) && rows.Keep(value);
        if (part.SequenceEqual("HOST"u8)) return rows.Keep(url.Host);
        if (part.SequenceEqual("PATH"u8)) return rows.Keep(url.Path);
        if (part.SequenceEqual("QUERY"u8)) return url.HasQuery && rows.Keep(url.Query);
        if (part.SequenceEqual("REF"u8)) return url.HasReference && rows.Keep(url.Reference);
        if (part.SequenceEqual("PROTOCOL"u8)) return Protocol(rows, url.Protocol);
        if (part.SequenceEqual("AUTHORITY"u8)) return url.HasAuthority && rows.Keep(url.Authority);
        if (part.SequenceEqual("FILE"u8)) return rows.Keep(url.File);
        return part.SequenceEqual("USERINFO"u8) && url.HasUser && rows.Keep(url.User);
    }

    private static bool Protocol(RowLoop rows, ReadOnlySpan<byte> protocol)
    {
        rows.Buffer.Clear();
        foreach (var letter in protocol) rows.Buffer.Write((byte)(letter | 0x20));
        return rows.StoreBuffer();
    }
}

/// <summary>The parts of a URL, by the rules of java.net.URL.</summary>
internal ref struct UrlParts
{
    public ReadOnlySpan<byte> Protocol;
    public ReadOnlySpan<byte> Authority;
    public ReadOnlySpan<byte> User;
    public ReadOnlySpan<byte> Host;
    public ReadOnlySpan<byte> Path;
    public ReadOnlySpan<byte> Query;
    public ReadOnlySpan<byte> File;
    public ReadOnlySpan<byte> Reference;
    public bool HasAuthority;
    public bool HasUser;
    public bool HasQuery;
    public bool HasReference;

    public static bool TryParse(ReadOnlySpan<byte> text, out UrlParts url)
    {
        url = default;
        text = text.Trim((byte)' ');
        var colon = text.IndexOf((byte)':');
        if (colon <= 0 || !IsKnown(text[..colon])) return false;
        url.Protocol = text[..colon];
        var rest = text[(colon + 1)..];
        var hash = rest.IndexOf((byte)'#');
        if (hash >= 0)
        {
            url.HasReference = true;
            url.Reference = rest[(hash + 1)..];
            rest = rest[..hash];
        }

        if (rest.StartsWith("//"u8))
        {
            rest = rest[2..];
            var end = rest.IndexOfAny((byte)'/', (byte)'?');
            url.Authority = end < 0 ? rest : rest[..end];
            url.HasAuthority = true;
            rest = end < 0 ? [] : rest[end..];
            if (!url.TryAuthority()) return false;
        }

        url.File = rest;
        var question = rest.IndexOf((byte)'?');
        url.HasQuery = question >= 0;
        url.Query = question < 0 ? [] : rest[(question + 1)..];
        url.Path = question < 0 ? rest : rest[..question];
        return true;
    }

    /// <summary>The value of the first key=value of a query with this key.</summary>
    public static bool TryKey(ReadOnlySpan<byte> query, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        while (!query.IsEmpty)
        {
            var end = query.IndexOf((byte)'&');
            var pair = end < 0 ? query : query[..end];
            query = end < 0 ? [] : query[(end + 1)..];
            if (pair.Length <= key.Length || pair[key.Length] != '=' || !pair.StartsWith(key)) continue;
            value = pair[(key.Length + 1)..];
            return true;
        }

        value = default;
        return false;
    }

    private static bool IsKnown(ReadOnlySpan<byte> protocol)
    {
        Span<byte> lower = stackalloc byte[8];
        if (protocol.Length > lower.Length) return false;
        for (var i = 0; i < protocol.Length; i++) lower[i] = (byte)(protocol[i] | 0x20);
        lower = lower[..protocol.Length];
        return lower.SequenceEqual("http"u8) || lower.SequenceEqual("https"u8) || lower.SequenceEqual("ftp"u8) || lower.SequenceEqual("file"u8)
            || lower.SequenceEqual("jar"u8) || lower.SequenceEqual("mailto"u8) || lower.SequenceEqual("jrt"u8) || lower.SequenceEqual("jmod"u8);
    }

    private bool TryAuthority()
    {
        Host = Authority;
        var user = Authority.IndexOf((byte)'@');
        if (user >= 0 && user != Authority.LastIndexOf((byte)'@'))
        {
            Host = [];
            return true;
        }

        if (user >= 0)
        {
            User = Authority[..user];
            HasUser = true;
            Host = Authority[(user + 1)..];
        }

        var bracket = Host.IndexOf((byte)']');
        var port = Host[(bracket + 1)..].IndexOf((byte)':');
        if (port < 0) return true;
        port += bracket + 1;
        foreach (var digit in Host[(port + 1)..])
            if (!char.IsAsciiDigit((char)digit)) return false;
        Host = Host[..port];
        return true;
    }
}
