using System.Runtime.CompilerServices;
using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>What must follow a document.</summary>
internal enum JsonEnd : byte
{
    /// <summary>Nothing.</summary>
    OfText,

    /// <summary>The end of a line.</summary>
    OfLine,
}

/// <summary>
/// The forms of the documents that were met, and the reading of further ones of these forms in one pass: what programs write has the
/// same keys in the same order with the same space between, so that all bytes but those of the scalars can be compared instead of
/// understood. The speculation is that of Fad.js (Bonetta and Brantner, 2017), here over a tree of forms.
/// <code>
/// {"kind":2,"bid":{"id":7,"note":"x"}}      the parts between scalars    {"kind":     ,"bid":{"id":     ,"note":     }}
/// {"kind":1,"auction":{"id":3}}             form a tree                               ,"auction":{"id":     }}
/// </code>
/// Scalars are checked as <see cref="JsonValidator"/> does, and so a document that is read here is one that it accepts: the form was
/// learned from a valid document. Whatever does not fit (another form, a bad value, a surrogate) is left to the general reading,
/// which gives the same row or the error. Where documents seldom fit, fewer and fewer are tried.
/// Not learned: documents of more than <see cref="MaxScalars"/> scalars, and those of which a column takes a whole container.
/// Cost: a comparison of 32 bytes a scalar for the keys, one of 64 a text, and 2 to 5 ns a number: about 0.4 ns a byte.
/// </summary>
internal sealed unsafe class JsonShapes
{
    public const int MaxScalars = 256;

    /// <summary>No form is learned beyond so many steps of the tree.</summary>
    private const int MaxSteps = 4096;

    /// <summary>Bytes before a scalar that are most often enough.</summary>
    private const int LongestStep = 256;

    private const int FullCredit = 64;
    private const int MissCosts = 4;
    private const int FirstPause = 16;
    private const int MaxPause = 1 << 16;

    /// <summary>Bytes that are loaded at once.</summary>
    private const int Load = 64;

    private readonly JsonShapeStep _start = new([], [], isEnd: false);
    private readonly JsonPathNode _root;
    private readonly JsonColumns _columns;
    private readonly int _maxBytes;
    private int _steps;
    private int _credit = FullCredit;
    private int _pause = FirstPause;
    private int _paused;

    /// <summary>The last document was of no known form, so that its form can be learned.</summary>
    private bool _isUnknown;

    /// <param name="root">The paths that are read.</param>
    /// <param name="columns">Where their values go.</param>
    /// <param name="maxBytes">Longest document.</param>
    public JsonShapes(JsonPathNode root, JsonColumns columns, int maxBytes)
    {
        _root = root;
        _columns = columns;
        _maxBytes = maxBytes;
    }

    /// <summary>Reads the document at the front of a text into the row of the columns; false when it is not of a known form, and the row as it was.</summary>
    /// <param name="consumed">Bytes of the document and of the line's end.</param>
    public bool TryRead(byte* text, byte* end, JsonEnd ending, out int consumed)
    {
        consumed = 0;
        _isUnknown = _start.Count == 0;
        if (_isUnknown) return false;
        if (_paused > 0)
        {
            _paused--;
            return false;
        }

        if (TryRead(text, end, ending) is var after && after is not null)
        {
            // What went wrong once is forgotten when documents have fitted for long enough.
            if (_credit < FullCredit && ++_credit == FullCredit) _pause = FirstPause;
            consumed = (int)(after - text);
            return true;
        }

        _columns.ClearRow();
        _credit -= MissCosts;
        if (_credit <= 0)
        {
            _paused = _pause;
            _pause = Math.Min(_pause * 2, MaxPause);
            _credit = FullCredit / 4;
        }

        return false;
    }

    /// <summary>Learns the form of a valid document that <see cref="TryRead(byte*, byte*, JsonEnd, out int)"/> has not read.</summary>
    public void Learn(JsonStructure structure)
    {
        if (!_isUnknown || _steps >= MaxSteps || structure.Count == 0) return;
        var form = new JsonForm(structure);
        if (form.TryRead(_root)) _steps += form.AddTo(_start);
    }

    /// <summary>The place behind the document, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    private byte* TryRead(byte* at, byte* end, JsonEnd ending)
    {
        var text = at;

        // A load may pass the text's end, but not into another page of memory: what it brings from there is not looked at.
        var last = (byte*)(((nuint)end + 4095 & ~(nuint)4095) - Load);
        var step = _start;
        while (true)
        {
            step = Next(step, at, last);
            if (step is null)
            {
                // At the end of the text it may only be that too little can be loaded.
                _isUnknown = at + LongestStep <= last;
                return null;
            }

            at += step.Length;
            if (step.IsEnd) break;
            at = ReadScalar(step, at, end, last);
            if (at is null) return null;
        }

        if (at - text > _maxBytes) return null;
        if (ending == JsonEnd.OfText) return at == end ? at : null;
        if (at + 1 < end && *at == '\r') at++;
        return at < end && *at == '\n' ? at + 1 : null;
    }

    /// <summary>The step whose bytes are next in the text. One that is met more often than the one before it goes there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static JsonShapeStep? Next(JsonShapeStep step, byte* at, byte* last)
    {
        for (var k = 0; k < step.Count; k++)
        {
            var next = step.Steps[k];
            if (!next.IsNext(at, last)) continue;
            if (++next.Met > step.Steps[Math.Max(k - 1, 0)].Met) (step.Steps[k], step.Steps[k - 1]) = (step.Steps[k - 1], next);
            return next;
        }

        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* ReadScalar(JsonShapeStep step, byte* at, byte* end, byte* last)
    {
        if (at > last) return null;
        var first = *at;
        if (first == '"')
        {
            var close = JsonScan.EndOfText(at + 1, last, out var isEscaped, out var isAscii);
            if (close is null || close >= end || (!isAscii && !Utf8Text.IsValid(at + 1, (int)(close - at - 1)))) return null;
            return Store(step, new JsonValue(at, (int)(close - at) + 1, JsonKind.String), isEscaped, end) ? close + 1 : null;
        }

        if (first is (byte)'-' or (>= (byte)'0' and <= (byte)'9'))
        {
            var digits = JsonScan.TryInteger(at, last, out var value);
            if (digits is not null && (*digits | 0x20) != 'e' && *digits != '.') return StoreInteger(step, at, digits, value, end) ? digits : null;
            if (at >= end) return null;
            var after = JsonValidator.EndOfNumber(at, end, out var isNumber);
            return isNumber && Store(step, new JsonValue(at, (int)(after - at), JsonKind.Number), false, end) ? after : null;
        }

        var word = Unsafe.ReadUnaligned<uint>(at);
        if (word == JsonScan.Null) return at + 4;
        if (word == JsonScan.True) return Store(step, new JsonValue(at, 4, JsonKind.True), false, end) ? at + 4 : null;
        return word == JsonScan.Fals && at[4] == 'e' && Store(step, new JsonValue(at, 5, JsonKind.False), false, end) ? at + 5 : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Store(JsonShapeStep step, in JsonValue value, bool isEscaped, byte* limit)
    {
        foreach (var column in step.Columns)
            if (_columns.TryStore(column, value, isEscaped, limit) != TextResult.Ok) return false;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool StoreInteger(JsonShapeStep step, byte* at, byte* after, long value, byte* limit)
    {
        foreach (var column in step.Columns)
        {
            var result = _columns.IsInteger(column)
                ? _columns.TryStore(column, value)
                : _columns.TryStore(column, new JsonValue(at, (int)(after - at), JsonKind.Number), false, limit);
            if (result != TextResult.Ok) return false;
        }

        return true;
    }
}
