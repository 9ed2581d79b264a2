using System.Buffers;

namespace Freshet.Kernels.Patterns;

/// <summary>
/// A regular expression that is a text with a run of characters after it, matched over UTF-8: the text is searched for, what is
/// around it is compared. There is one way at most to match at a place, so no steps back; the run is read only once.
/// <code>
/// [ lead ] text [ run ]
/// lead   = ^ | (&amp;|^) | (a|b)                 a character before the text that does not begin it, or the beginning
/// run    = [abc]* [^a-f]+ \d* \w+
/// groups = (...), not nested and not repeated
/// </code>
/// </summary>
internal sealed class PlainPattern
{
    private readonly byte[] _text;
    private readonly byte[] _lead;
    private readonly bool _mayBegin;
    private readonly SearchValues<byte>? _runEnds;
    private readonly int _runMin;
    private readonly PlainGroup[] _groups;

    /// <param name="text">The text, not empty.</param>
    /// <param name="lead">ASCII characters of which one comes before it; none of them begins it.</param>
    /// <param name="mayBegin">Whether the text may be at the beginning instead.</param>
    /// <param name="run">The run's end and least length, or null.</param>
    /// <param name="groups">The groups; the first is the whole match.</param>
    public PlainPattern(byte[] text, byte[] lead, bool mayBegin, (SearchValues<byte> Ends, int Min)? run, PlainGroup[] groups)
    {
        (_text, _lead, _mayBegin, _groups) = (text, lead, mayBegin, groups);
        if (run is { } r) (_runEnds, _runMin) = r;
    }

    /// <summary>A group of the first match; 0 is the whole.</summary>
    public bool TryMatch(ReadOnlySpan<byte> bytes, int group, out ReadOnlySpan<byte> found)
    {
        var needsLead = _mayBegin || _lead.Length > 0;
        for (var from = 0; from <= bytes.Length - _text.Length; from++)
        {
            var at = bytes[from..].IndexOf(_text);
            if (at < 0) break;
            from += at;
            var begin = from > 0 && _lead.AsSpan().Contains(bytes[from - 1]) ? from - 1 : from;
            if (needsLead && begin == from && !(_mayBegin && from == 0)) continue;
            var end = from + _text.Length;
            if (_runEnds is not null)
            {
                var length = bytes[end..].IndexOfAny(_runEnds);
                if (length < 0) length = bytes.Length - end;
                if (length < _runMin) continue;
                end += length;
            }

            var (first, last) = _groups[group];
            var start = first == PlainGroup.Begin ? begin : from + first;
            found = bytes[start..(last == PlainGroup.ToEnd ? end : from + last)];
            return true;
        }

        found = default;
        return false;
    }
}

/// <summary>What a group of a <see cref="PlainPattern"/> covers, in bytes from the beginning of its text.</summary>
internal readonly record struct PlainGroup(int First, int Last)
{
    /// <summary>As First: the beginning of the match, before the lead.</summary>
    public const int Begin = -1;

    /// <summary>As Last: the end of the match, after the run.</summary>
    public const int ToEnd = int.MaxValue;
}
