using Freshet.Columns.Formats;

namespace Freshet.Kernels.Times;

/// <summary>
/// Reads times by a <see cref="JavaTimePattern"/> into a local time; what the pattern does not name is that of 1970-01-01 00:00.
/// Formatter: numbers have the digits that the letters say, ranges are checked, a day past the end of its month is the month's
/// last, 24:00:00 is the next day's start, and the text must end with the pattern. Simple: any number of digits, carried over.
/// </summary>
internal ref struct JavaTimeReader
{
    private readonly JavaTimePattern _pattern;
    private readonly ReadOnlySpan<byte> _text;
    private int _at;
    private int? _year;
    private int? _month;
    private int? _day;
    private int? _dayOfYear;
    private int? _hour;
    private int? _hour12;
    private int? _half;
    private int _minute;
    private int _second;
    private long _nanos;
    private int? _offset;

    private JavaTimeReader(JavaTimePattern pattern, ReadOnlySpan<byte> text)
    {
        _pattern = pattern;
        _text = text;
    }

    /// <param name="offsetSeconds">The offset from UTC that the text names; only Simple patterns heed it.</param>
    public static bool TryRead(JavaTimePattern pattern, ReadOnlySpan<byte> text, out long micros, out int nanos, out int? offsetSeconds)
    {
        micros = 0;
        nanos = 0;
        offsetSeconds = null;
        if (pattern.Error is not null) return false;
        var reader = new JavaTimeReader(pattern, text);
        if (!reader.TryElements(0, pattern.Elements.Length) || (!pattern.IsSimple && reader._at != text.Length)) return false;
        offsetSeconds = reader._offset;
        return pattern.IsSimple ? reader.TryCarried(out micros) : reader.TryResolved(out micros, out nanos);
    }

    private bool TryElements(int from, int to)
    {
        var elements = _pattern.Elements;
        for (var i = from; i < to; i++)
        {
            if (elements[i].Letter != '[')
            {
                if (elements[i].Letter != ']' && !TryElement(i, to)) return false;
                continue;
            }

            var end = EndOfOptional(i, to);
            var before = this;
            if (!TryElements(i + 1, end)) this = before;
            i = end;
        }

        return true;
    }

    private readonly int EndOfOptional(int start, int to)
    {
        var depth = 0;
        for (var i = start; i < to; i++)
        {
            if (_pattern.Elements[i].Letter == '[') depth++;
            else if (_pattern.Elements[i].Letter == ']' && --depth == 0) return i;
        }

        return to;
    }

    private bool TryElement(int index, int to)
    {
        var element = _pattern.Elements[index];
        if (element.Letter == '\'')
        {
            if (!_text[_at..].StartsWith(element.Text)) return false;
            _at += element.Text.Length;
            return true;
        }

        if (_pattern.IsSimple)
            while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t') _at++;
        if (element.IsNumber) return TryNumber(element, index, to);
        return element.Letter switch
        {
            'M' or 'L' => TryName(element.Count == 3 ? JavaTimeText.ShortMonths : JavaTimeText.Months, 0, out _month, 1) || (_pattern.IsSimple && TryName(JavaTimeText.ShortMonths, 0, out _month, 1)),
            'E' or 'e' or 'c' => TryName(JavaTimeText.Days, 0, out _, 0) || TryName(JavaTimeText.Days, 3, out _, 0),
            'a' => TryName(["AM", "PM"], 0, out _half, 0),
            'G' => TryName(["AD", "BC"], 0, out _, 0),
            'X' or 'x' or 'Z' or 'z' or 'O' or 'V' or 'v' => TryZone(),
            _ => false,
        };
    }

    private bool TryName(string[] names, int prefix, out int? value, int first)
    {
        value = null;
        for (var i = 0; i < names.Length; i++)
        {
            var name = prefix > 0 && names[i].Length > prefix ? names[i].AsSpan(0, prefix) : names[i];
            if (name.IsEmpty || _at + name.Length > _text.Length) continue;
            var equal = true;
            for (var k = 0; k < name.Length && equal; k++)
                equal = _text[_at + k] == name[k] || (_pattern.IsSimple && (_text[_at + k] | 0x20) == (name[k] | 0x20));
            if (!equal) continue;
            _at += name.Length;
            value = i + first;
            return true;
        }

        return false;
    }

    private bool TryZone()
    {
        if (_at >= _text.Length) return false;
        if (_text[_at] is (byte)'+' or (byte)'-')
        {
            var sign = _text[_at] == '-' ? -1 : 1;
            var at = _at + 1;
            var digits = 0;
            var value = 0;
            for (; at < _text.Length && digits < 4 && (_text[at] == ':' || (uint)(_text[at] - '0') <= 9); at++)
            {
                if (_text[at] == ':') continue;
                value = value * 10 + (_text[at] - '0');
                digits++;
            }

            if (digits is not (2 or 4)) return false;
            _offset = sign * (digits == 2 ? value * 3600 : value / 100 * 3600 + value % 100 * 60);
            _at = at;
            return true;
        }

        foreach (var name in (ReadOnlySpan<string>)["UTC", "GMT", "Z"])
        {
            if (!System.Text.Ascii.Equals(_text.Slice(_at, Math.Min(name.Length, _text.Length - _at)), name)) continue;
            _at += name.Length;
            _offset = 0;
            return true;
        }

        return false;
    }

    private bool TryNumber(in JavaTimePattern.Element element, int index, int to)
    {
        var (min, max) = Width(element, index, to);
        var start = _at;
        long value = 0;
        var isNegative = _at < _text.Length && _text[_at] == '-' && (_pattern.IsSimple || element.Letter is 'y' or 'u') && min != max;
        if (isNegative) _at++;
        var first = _at;
        for (; _at < _text.Length && _at - first < max && (uint)(_text[_at] - '0') <= 9; _at++) value = Math.Min(value * 10 + (_text[_at] - '0'), int.MaxValue);
        var digits = _at - first;
        if (digits < min || digits == 0)
        {
            _at = start;
            return false;
        }

        // Java asks for a + before a year of more digits than letters.
        if (!_pattern.IsSimple && element.Letter is 'y' or 'u' && element.Count >= 4 && digits > element.Count) return false;
        return TryStore(element, (int)(isNegative ? -value : value), digits);
    }

    /// <summary>How many digits a number may have: fields of fixed width that follow at once keep theirs.</summary>
    private readonly (int Min, int Max) Width(in JavaTimePattern.Element element, int index, int to)
    {
        var elements = _pattern.Elements;
        if (_pattern.IsSimple)
            return index + 1 < to && elements[index + 1].IsNumber ? (1, element.Count) : (1, 19);
        if (element.FixedDigits > 0) return (element.FixedDigits, element.FixedDigits);
        var reserved = 0;
        for (var i = index + 1; i < to && elements[i].FixedDigits > 0; i++) reserved += elements[i].FixedDigits;
        var min = element.Letter is 'y' or 'u' ? element.Count : 1;
        if (reserved == 0) return (min, 19);
        var available = 0;
        for (var at = _at; at < _text.Length && (uint)(_text[at] - '0') <= 9; at++) available++;
        return (min, Math.Max(min, available - reserved));
    }

    private bool TryStore(in JavaTimePattern.Element element, int value, int digits)
    {
        switch (element.Letter)
        {
            case 'u' when _pattern.IsSimple: break;
            case 'y' or 'u' or 'Y': _year = element.Count <= 2 && digits == 2 && (element.Count == 2 || _pattern.IsSimple) ? TwoDigits(value) : value; break;
            case 'M' or 'L': _month = value; break;
            case 'd': _day = value; break;
            case 'D': _dayOfYear = value; break;
            case 'H': _hour = value; break;
            case 'k': _hour = value == 24 ? 0 : value; break;
            case 'h': _hour12 = value == 12 ? 0 : value; break;
            case 'K': _hour12 = value; break;
            case 'm': _minute = value; break;
            case 's': _second = value; break;
            case 'S' when _pattern.IsSimple: _nanos = value * 1_000_000L; break;
            case 'S':
                _nanos = value;
                for (var i = digits; i < 9; i++) _nanos *= 10;
                break;
            case 'n': _nanos = value; break;
            default: return element.Letter is 'w' or 'W' or 'F' or 'e' or 'c' or 'Q' or 'q';
        }

        return true;
    }

    /// <summary>DateTimeFormatter reads 00 to 99 as 2000 to 2099, SimpleDateFormat as the years around now.</summary>
    private readonly int TwoDigits(int year) => !_pattern.IsSimple || year < 46 ? 2000 + year : 1900 + year;

    private readonly int? HourOfDay => _hour ?? (_hour12 is { } h && _half is { } half ? half * 12 + h : null);

    private readonly bool TryResolved(out long micros, out int nanos)
    {
        micros = 0;
        nanos = 0;
        var hour = HourOfDay ?? 0;
        var nextDay = hour == 24 && _minute == 0 && _second == 0 && _nanos == 0;
        if ((hour > 23 && !nextDay) || _hour12 > 11 || _minute > 59 || _second > 59) return false;
        var year = _year ?? 1970;
        if (year is < -9999 or > 9999) return false;
        long days;
        if (_dayOfYear is { } dayOfYear)
        {
            if (dayOfYear < 1 || dayOfYear > (CivilDate.IsLeap(year) ? 366 : 365)) return false;
            days = TimeText.DaysOf(year, 1, 1) + dayOfYear - 1;
        }
        else
        {
            var (month, day) = (_month ?? 1, _day ?? 1);
            if (month is < 1 or > 12 || day is < 1 or > 31) return false;
            var last = CivilDate.DaysIn(year, month);
            if (day > last && (_year is null || _month is null)) return false;
            days = TimeText.DaysOf(year, month, Math.Min(day, last));
        }

        micros = (days * 86_400 + hour * 3600L + _minute * 60L + _second) * 1_000_000 + _nanos / 1000;
        nanos = (int)(_nanos % 1000);
        return true;
    }

    private readonly bool TryCarried(out long micros)
    {
        var months = (_year ?? 1970) * 12L + (_month ?? 1) - 1;
        var year = (int)CivilDate.FloorDivide(months, 12);
        long days = TimeText.DaysOf(year, (int)CivilDate.FloorModulo(months, 12) + 1, 1) + (_day ?? 1) - 1;
        if (_dayOfYear is { } dayOfYear) days = TimeText.DaysOf(year, 1, 1) + dayOfYear - 1;
        var hour = _hour ?? (_half ?? 0) * 12 + (_hour12 ?? 0);
        micros = (days * 86_400 + hour * 3600L + _minute * 60L + _second) * 1_000_000 + _nanos / 1000;
        return true;
    }
}
