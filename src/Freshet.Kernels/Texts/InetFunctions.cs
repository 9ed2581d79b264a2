using Freshet.Columns;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>
/// INET_ATON: an IPv4 address as a number. With fewer than four parts the last one fills the middle with zeros (127.1 is
/// 127.0.0.1). Each part is 0 to 255; NULL for anything else.
/// </summary>
public readonly struct AddressToNumber : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var text = RowLoop.Bytes(arguments[0], row);
        Span<int> parts = stackalloc int[4];
        var count = 0;
        var digits = 0;
        var part = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsAsciiDigit((char)text[i]))
            {
                digits++;
                part = part * 10 + text[i] - '0';
                if (part > 255) return false;
                continue;
            }

            if ((i < text.Length && text[i] != '.') || digits == 0 || count == 4) return false;
            parts[count++] = part;
            (digits, part) = (0, 0);
        }

        long address = parts[count - 1];
        for (var i = 0; i < count - 1; i++) address |= (long)parts[i] << (24 - 8 * i);
        return rows.Store(address);
    }
}

/// <summary>INET_NTOA: a number as an IPv4 address; NULL for one out of range.</summary>
public readonly struct NumberToAddress : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var address = RowLoop.Integer(arguments[0], row);
        if (address is < 0 or > uint.MaxValue) return false;
        rows.Buffer.Clear();
        for (var shift = 24; shift >= 0; shift -= 8)
        {
            rows.Buffer.Write(address >> shift & 0xFF);
            if (shift > 0) rows.Buffer.Write((byte)'.');
        }

        return rows.StoreBuffer();
    }
}
