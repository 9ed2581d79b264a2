using System.Globalization;
using Freshet.Columns.Formats;

namespace Freshet.Kernels.Numbers;

/// <summary>A finite floating-point number as the shortest decimal number that reads back the same: unscaled / 10^scale.</summary>
internal struct DecimalDigits
{
    private Int128 _unscaled;

    /// <summary>Digits after the point; negative where zeros before it are left out.</summary>
    public int Scale { get; private set; }

    public readonly Int128 Unscaled => _unscaled;

    public static DecimalDigits Of(double value)
    {
        Span<byte> text = stackalloc byte[FloatingText.MaxBytes];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        return Of(text[..length]);
    }

    public static DecimalDigits Of(float value)
    {
        Span<byte> text = stackalloc byte[FloatingText.MaxBytes];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        return Of(text[..length]);
    }

    /// <summary>Reads a number such as -123.45, 1E+16 or 1.5E-07.</summary>
    private static DecimalDigits Of(ReadOnlySpan<byte> text)
    {
        Int128 unscaled = 0;
        var scale = 0;
        var isFraction = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '.') isFraction = true;
            else if (text[i] == 'E')
            {
                scale -= int.Parse(text[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
            else if (text[i] != '-')
            {
                unscaled = unscaled * 10 + text[i] - '0';
                if (isFraction) scale++;
            }
        }

        return new DecimalDigits { _unscaled = text[0] == '-' ? -unscaled : unscaled, Scale = scale };
    }

    /// <summary>Cuts, or rounds half away from zero, to so many digits after the point.</summary>
    public void Round(int digits, bool truncates)
    {
        var cut = (long)Scale - digits;
        if (cut <= 0) return;
        if (cut > 37) _unscaled = 0;
        else
        {
            var unit = (Int128)NumberText.PowerOfTen((int)cut);
            _unscaled = truncates ? _unscaled / unit : DecimalKernel.DivideRounded(_unscaled, unit);
        }

        Scale = digits;
    }

    public readonly double ToDouble() =>
        double.Parse($"{_unscaled.ToString(CultureInfo.InvariantCulture)}E{(-Scale).ToString(CultureInfo.InvariantCulture)}", NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>As java.math.BigDecimal writes the number that Java writes with an exponent: 12345678.5, 1.0E+20, 0.00010, 1.0E-7.</summary>
    public readonly void WritePlainOrScientific(Utf8Buffer buffer)
    {
        var digits = Int128.Abs(_unscaled).ToString(CultureInfo.InvariantCulture).TrimEnd('0');
        var magnitude = Int128.Abs(_unscaled).ToString(CultureInfo.InvariantCulture).Length - 1 - Scale;
        if (digits.Length == 1) digits += "0";
        var scale = digits.Length - 1 - magnitude;
        var text = scale >= 0 && magnitude >= -6
            ? magnitude >= 0 ? digits[..(magnitude + 1)] + (scale > 0 ? "." + digits[(magnitude + 1)..] : "") : "0." + new string('0', -magnitude - 1) + digits
            : $"{digits[0]}.{digits[1..]}E{(magnitude < 0 ? '-' : '+')}{Math.Abs(magnitude).ToString(CultureInfo.InvariantCulture)}";
        buffer.Write(System.Text.Encoding.UTF8.GetBytes(_unscaled < 0 ? "-" + text : text));
    }
}
