using System.Buffers;

namespace Freshet.Kernels.Patterns;

/// <summary>
/// Finds out whether a pattern is a <see cref="PlainPattern"/>. It takes what it knows for certain to mean the same in Java; at anything
/// else it gives up, and the pattern is matched in the general way.
/// </summary>
internal sealed class PlainPatternReader
{
    private const int NoGroup = -1;
    private const int CodesBeyondAscii = 128;

    private readonly string _pattern;
    private readonly List<PlainGroup> _groups = [new(PlainGroup.Begin, PlainGroup.ToEnd)];
    private readonly List<byte> _text = [];
    private readonly List<byte> _lead = [];
    private (SearchValues<byte> Ends, int Min)? _run;
    private bool _mayBegin;
    private int _at;
    private int _open = NoGroup;

    private PlainPatternReader(string pattern) => _pattern = pattern;

    /// <summary>The plain pattern that this one is, or null.</summary>
    public static PlainPattern? Of(string pattern)
    {
        var reader = new PlainPatternReader(pattern);
        return reader.TryRead() ? new PlainPattern([.. reader._text], [.. reader._lead], reader._mayBegin, reader._run, [.. reader._groups]) : null;
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || " &=_:/-,;%\"'@!~<>".Contains(c, StringComparison.Ordinal);

    private static bool IsQuantifier(char c) => c is '*' or '+' or '?' or '{';

    private char Peek(int ahead = 0) => _at + ahead < _pattern.Length ? _pattern[_at + ahead] : '\0';

    private bool TryRead()
    {
        if (!TryReadLead()) return false;
        while (_at < _pattern.Length)
            if (!TryReadPiece()) return false;

        // A lead that also begins the text would leave a choice of where to begin.
        return _open == NoGroup && _text.Count > 0 && !_lead.Contains(_text[0]);
    }

    /// <summary>^, or a group of single characters and ^ with | between them.</summary>
    private bool TryReadLead()
    {
        if (Peek() == '^')
        {
            _at++;
            return _mayBegin = true;
        }

        var close = _pattern.IndexOf(')', StringComparison.Ordinal);
        if (Peek() != '(' || close < 0) return true;
        var choices = _pattern[1..close].Split('|');
        if (choices.Any(c => c != "^" && !(c.Length == 1 && IsPlain(c[0])))) return true;
        foreach (var choice in choices)
        {
            if (choice == "^") _mayBegin = true;
            else _lead.Add((byte)choice[0]);
        }

        _at = close + 1;
        _groups.Add(new PlainGroup(PlainGroup.Begin, 0));
        return !IsQuantifier(Peek());
    }

    private bool TryReadPiece()
    {
        var c = Peek();
        switch (c)
        {
            case '(' when _open == NoGroup && _run is null && Peek(1) != '?':
                _at++;
                _open = _text.Count;
                return true;
            case ')' when _open != NoGroup:
                _at++;
                _groups.Add(new PlainGroup(_open, _run is null ? _text.Count : PlainGroup.ToEnd));
                _open = NoGroup;
                return !IsQuantifier(Peek());
            case '[':
                return TryReadClass() is { } set && TryEndWithRun(set);
            case '\\' when Peek(1) is 'd' or 'w':
                _at += 2;
                return TryEndWithRun(SetOf(_pattern[_at - 1] == 'd' ? char.IsAsciiDigit : static u => char.IsAsciiLetterOrDigit(u) || u == '_'));
            case '\\' when Peek(1) is '.' or '?' or '+' or '*' or '(' or ')' or '[' or ']' or '|' or '\\' or '/' or '$' or '^':
                _at++;
                return TryAddCharacter();
            default:
                return IsPlain(c) && TryAddCharacter();
        }
    }

    private bool TryAddCharacter()
    {
        _text.Add((byte)_pattern[_at++]);
        return _run is null && !IsQuantifier(Peek());
    }

    private static bool[] SetOf(Func<char, bool> isIn) => [.. Enumerable.Range(0, CodesBeyondAscii).Select(u => isIn((char)u)), false];

    /// <summary>The characters of [...] by their codes; the last place is for all beyond ASCII.</summary>
    private bool[]? TryReadClass()
    {
        _at++;
        var isNegated = Peek() == '^';
        if (isNegated) _at++;
        var set = new bool[CodesBeyondAscii + 1];
        for (var isFirst = true; isFirst || Peek() != ']'; isFirst = false)
        {
            // && is an intersection, and - at an edge is itself: both are left to the general way.
            var from = Peek();
            if (!IsPlain(from) || from == '-' || (from == '&' && Peek(1) == '&')) return null;
            var to = Peek(1) == '-' ? Peek(2) : from;
            if (to < from || !IsPlain(to) || to == '-') return null;
            _at += Peek(1) == '-' ? 3 : 1;
            for (var u = (int)from; u <= to; u++) set[u] = true;
        }

        _at++;
        if (isNegated)
            for (var i = 0; i < set.Length; i++) set[i] = !set[i];
        return set;
    }

    private bool TryEndWithRun(bool[] set)
    {
        if (_run is not null || Peek() is not ('*' or '+')) return false;
        var min = _pattern[_at++] == '+' ? 1 : 0;
        var ends = Enumerable.Range(0, 256).Where(b => !set[Math.Min(b, CodesBeyondAscii)]).Select(b => (byte)b).ToArray();
        _run = (SearchValues.Create(ends), min);
        return !IsQuantifier(Peek());
    }
}
