using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Numbers;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Texts;

/// <summary>
/// PRINTF(format, values ...): java.util.Formatter with %s %S %b %B %d %x %X %o %c %e %E %f %g %h %n %%, flags, width, precision and
/// argument numbers. NULL where the format is wrong or a value is not of its kind: as in Flink whole numbers (dates, times and
/// intervals are such) for d, x, o and c, FLOAT and DOUBLE for e, f and g, anything for s, b and h.
/// </summary>
public readonly struct Printf : IRowFunction
{
    public static bool TakesNull => true;

    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        if (arguments[0].IsNull(row)) return false;
        var format = Encoding.UTF8.GetString(RowLoop.Bytes(arguments[0], row));
        var text = new StringBuilder();
        var next = 1;
        var last = 0;
        for (var at = 0; at < format.Length;)
        {
            if (format[at] != '%')
            {
                text.Append(format[at++]);
                continue;
            }

            at++;
            if (!FormatItem.TryRead(format, ref at, out var item)) return false;
            if (item.Conversion == '%') text.Append(item.Padded("%"));
            else if (item.Conversion == 'n') text.Append('\n');
            else
            {
                var index = item.Argument switch { > 0 => item.Argument, < 0 => last, _ => next++ };
                if (index <= 0 || index >= arguments.Length || Value(rows, arguments[index], index, row, item) is not { } value) return false;
                last = index;
                text.Append(value);
            }
        }

        return rows.Store(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static unsafe string? Value(RowLoop rows, in Column column, int index, int row, FormatItem item)
    {
        var type = rows.Types.Arguments[index];
        var isNull = column.IsNull(row);
        var isWhole = type.Physical is PhysicalKind.Int8 or PhysicalKind.Int16 or PhysicalKind.Int32 or PhysicalKind.Int64 && !type.IsTimestamp && type.Kind != TypeKind.Decimal;
        switch (char.ToLowerInvariant(item.Conversion))
        {
            case 's': return item.Text(isNull ? "null" : TextOf(column, type, row, rows));
            case 'b': return item.Text(isNull ? "false" : type.Kind == TypeKind.Boolean && !RowLoop.Boolean(column, row) ? "false" : "true");
            case 'd' or 'x' or 'o' or 'c' when isNull: return item.Text("null");
            case 'd' when isWhole: return item.Whole(RowLoop.Integer(column, row));
            case 'x' or 'o' when isWhole: return item.Bits(RowLoop.Integer(column, row), type.Physical.WidthBytes() * 8);
            case 'c' when isWhole && RowLoop.Integer(column, row) is >= 0 and <= 0x10FFFF and var code && Rune.IsValid((int)code): return item.Text(new Rune((int)code).ToString());
            case 'e' or 'f' or 'g' when isNull && type.IsApproximate: return item.Text("null");
            case 'e' or 'f' or 'g' when type.IsApproximate: return item.Floating(type.Kind == TypeKind.Float ? column.As<float>()[column.IndexOf(row)] : RowLoop.Double(column, row), type.Kind == TypeKind.Float);
            default: return null;
        }
    }

    private static unsafe string TextOf(in Column column, SqlType type, int row, RowLoop rows)
    {
        rows.Parts.Clear();
        if (type.Kind is TypeKind.Date or TypeKind.Time || type.IsInterval) rows.Parts.Write(RowLoop.Integer(column, row));
        else TextValueWriter.Write(type, column.Values, column.IndexOf(row), (byte)'T', rows.Parts);
        var text = Encoding.UTF8.GetString(rows.Parts.Written);
        if (!type.IsTimestamp) return text;

        // As java.time.LocalDateTime writes it: no zone, and no seconds where they are 0.
        text = text.TrimEnd('Z');
        return text.EndsWith(":00", StringComparison.Ordinal) && text.Length == 19 ? text[..^3] : text;
    }
}

/// <summary>One %... of a format.</summary>
internal readonly record struct FormatItem(int Argument, string Flags, int Width, int Precision, char Conversion)
{
    /// <summary>Reads what follows a %.</summary>
    public static bool TryRead(string format, ref int at, out FormatItem item)
    {
        item = default;
        var argument = 0;
        var digits = at;
        while (digits < format.Length && char.IsAsciiDigit(format[digits])) digits++;
        if (digits > at && digits < format.Length && format[digits] == '$' && int.TryParse(format.AsSpan(at, digits - at), CultureInfo.InvariantCulture, out argument)) at = digits + 1;
        else if (at < format.Length && format[at] == '<') (argument, at) = (-1, at + 1);
        var flags = at;
        while (at < format.Length && "-#+ 0,(".Contains(format[at], StringComparison.Ordinal)) at++;
        var flagText = format[flags..at];
        var width = Number(format, ref at);
        var precision = -1;
        if (at < format.Length && format[at] == '.')
        {
            at++;
            precision = Number(format, ref at);
            if (precision < 0) return false;
        }

        if (at >= format.Length || width > RowLoop.ResultMaxBytes || precision > 1000) return false;
        item = new FormatItem(argument, flagText, Math.Max(0, width), precision, format[at++]);
        if (!"sSbBdxXocCeEfgGhHn%".Contains(item.Conversion, StringComparison.Ordinal)) return false;
        return !(item.Has('-') || item.Has('0')) || item.Width > 0;
    }

    public bool Has(char flag) => Flags.Contains(flag, StringComparison.Ordinal);

    public string Padded(string text)
    {
        if (char.IsUpper(Conversion)) text = text.ToUpperInvariant();
        return Has('-') ? text.PadRight(Width) : text.PadLeft(Width);
    }

    public string Text(string text) => Padded(Precision >= 0 && Precision < text.Length ? text[..Precision] : text);

    public string Whole(long value) => Precision >= 0 ? Padded("") : Signed(value < 0, Grouped(((UInt128)Int128.Abs(value)).ToString(CultureInfo.InvariantCulture)));

    public string Bits(long value, int width)
    {
        var bits = width == 64 ? (ulong)value : (ulong)value & ((1UL << width) - 1);
        var text = char.ToLowerInvariant(Conversion) == 'x' ? bits.ToString("x", CultureInfo.InvariantCulture) : Octal(bits);
        if (Has('#')) text = (char.ToLowerInvariant(Conversion) == 'x' ? "0x" : "0") + text;
        return Padded(Has('0') ? text.PadLeft(Width, '0') : text);
    }

    public string Floating(double value, bool isFloat)
    {
        if (!double.IsFinite(value)) return Padded(double.IsNaN(value) ? "NaN" : value > 0 ? Has('+') ? "+Infinity" : "Infinity" : Has('(') ? "(Infinity)" : "-Infinity");
        var number = isFloat ? DecimalDigits.Of((float)value) : DecimalDigits.Of(value);
        var precision = Precision < 0 ? 6 : Precision;
        var isNegative = double.IsNegative(value);
        if (char.ToLowerInvariant(Conversion) == 'f') return Signed(isNegative, Plain(number, precision));
        if (char.ToLowerInvariant(Conversion) == 'e') return Signed(isNegative, Scientific(number, precision));

        // g counts all digits, and writes an exponent outside of 0.0001 up to 10^precision.
        precision = Math.Max(1, precision);
        var magnitude = value == 0 ? 0 : number.Unscaled.ToString(CultureInfo.InvariantCulture).TrimStart('-').Length - number.Scale - 1;
        return Signed(isNegative, magnitude >= -4 && magnitude < precision ? Plain(number, precision - 1 - magnitude) : Scientific(number, precision - 1));
    }

    private static string Octal(ulong bits)
    {
        var text = new StringBuilder();
        do text.Insert(0, (char)('0' + (bits & 7)));
        while ((bits >>= 3) != 0);
        return text.ToString();
    }

    private static int Number(string format, ref int at)
    {
        var start = at;
        while (at < format.Length && char.IsAsciiDigit(format[at])) at++;
        return at == start ? -1 : int.TryParse(format.AsSpan(start, at - start), CultureInfo.InvariantCulture, out var value) ? value : int.MaxValue;
    }

    private string Plain(DecimalDigits number, int precision)
    {
        number.Round(precision, truncates: false);
        var digits = Int128.Abs(number.Unscaled).ToString(CultureInfo.InvariantCulture);
        if (number.Scale < 0 && digits != "0") digits += new string('0', -number.Scale);
        var scale = Math.Max(0, number.Scale);
        digits = digits.PadLeft(scale + 1, '0');
        var fraction = digits[(digits.Length - scale)..].PadRight(precision, '0');
        return Grouped(digits[..^scale]) + (precision > 0 ? "." + fraction : Has('#') ? "." : "");
    }

    private static string Scientific(DecimalDigits number, int precision)
    {
        var digits = Int128.Abs(number.Unscaled).ToString(CultureInfo.InvariantCulture);
        var exponent = digits == "0" ? 0 : digits.Length - 1 - number.Scale;
        number.Round(precision - exponent, truncates: false);
        digits = Int128.Abs(number.Unscaled).ToString(CultureInfo.InvariantCulture);
        if (digits.Length > precision + 1) exponent++;
        var fraction = digits[1..].PadRight(precision, '0')[..precision];
        return $"{digits[0]}{(precision > 0 ? "." : "")}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
    }

    private string Grouped(string digits)
    {
        if (!Has(',')) return digits;
        for (var at = digits.Length - 3; at > 0; at -= 3) digits = digits.Insert(at, ",");
        return digits;
    }

    /// <summary>With its sign, filled with blanks or with zeros behind it.</summary>
    private string Signed(bool isNegative, string digits)
    {
        var before = isNegative ? Has('(') ? "(" : "-" : Has('+') ? "+" : Has(' ') ? " " : "";
        var after = isNegative && Has('(') ? ")" : "";
        if (Has('0')) digits = digits.PadLeft(Width - before.Length - after.Length, '0');
        return Padded(before + digits + after);
    }
}
