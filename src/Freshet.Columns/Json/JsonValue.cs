using System.Runtime.CompilerServices;

namespace Freshet.Columns.Json;

/// <summary>What a JSON value is. The end of objects, arrays and strings is an entry of the structure.</summary>
public enum JsonKind : byte
{
    /// <summary>No value: a missing member, or bytes that begin no value.</summary>
    None,
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// <summary>
/// A value inside a scanned and validated document: its raw bytes, and the way to its members and elements. No allocation.
/// Valid as long as the text stays where it is and its <see cref="JsonStructure"/> has not scanned another one.
/// <code>
/// structure.Scan(text, length);
/// if (!JsonValidator.TryValidate(structure, limits, out var error)) ...
/// foreach (var member in structure.ValueAt(0).Members())        // member.Key, member.Value.Kind, member.Value.Raw
///     foreach (var element in member.Value.Elements()) ...
/// </code>
/// </summary>
public readonly unsafe struct JsonValue
{
    private readonly JsonStructure _structure;
    private readonly int _index;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal JsonValue(JsonStructure structure, byte* start, int length, JsonKind kind, int index)
    {
        _structure = structure;
        Start = start;
        Length = length;
        Kind = kind;
        _index = index;
    }

    /// <summary>A scalar that is no part of an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal JsonValue(byte* start, int length, JsonKind kind)
        : this(null!, start, length, kind, -1)
    {
    }

    /// <summary>First byte: the opening quote or bracket of strings and containers.</summary>
    public byte* Start { get; }

    /// <summary>Bytes, without space around the value.</summary>
    public int Length { get; }

    public JsonKind Kind { get; }

    /// <summary>The value's entry in the structure.</summary>
    public int Index => _index;

    /// <summary>The value as it is written.</summary>
    public ReadOnlySpan<byte> Raw => new(Start, Length);

    /// <summary>The bytes between the quotes of a string, escapes as they are written; else <see cref="Raw"/>.</summary>
    public ReadOnlySpan<byte> Content => Kind == JsonKind.String ? new(Start + 1, Length - 2) : Raw;

    /// <summary>A string in which something is escaped: <see cref="JsonText.Unescape"/> gives its text.</summary>
    public bool IsEscaped => Kind == JsonKind.String && (_structure is null || _structure.HasEscapes) && Content.Contains((byte)'\\');

    /// <summary>The members of an object, in order; none of any other value.</summary>
    public MemberEnumerator Members() => new(_structure, Kind == JsonKind.Object ? _index + 1 : int.MaxValue);

    /// <summary>The elements of an array, in order; none of any other value.</summary>
    public ElementEnumerator Elements() => new(_structure, Kind == JsonKind.Array ? _index + 1 : int.MaxValue);

    /// <summary>The member with this key, its escapes resolved; the last one of several.</summary>
    public bool TryGetMember(ReadOnlySpan<byte> key, out JsonValue value)
    {
        value = default;
        if (Kind != JsonKind.Object) return false;
        var found = -1;
        var text = _structure.Text;
        var positions = _structure.Positions;
        var last = _structure.Count - 3;
        for (var i = _index + 1; i < last && text[positions[i]] == '"';)
        {
            var start = positions[i] + 1;
            var name = new ReadOnlySpan<byte>(text + start, positions[i + 1] - start);
            if (name.SequenceEqual(key)) found = i + 3;
            else if (_structure.HasEscapes && name.Length > key.Length && name.Contains((byte)'\\') && JsonText.UnescapedEquals(name, key)) found = i + 3;
            i = _structure.Skip(i + 3);
            if (i >= _structure.Count || text[positions[i]] != ',') break;
            i++;
        }

        if (found < 0) return false;
        value = _structure.ValueAt(found);
        return true;
    }

    internal static JsonKind KindOf(byte first) => first switch
    {
        (byte)'{' => JsonKind.Object,
        (byte)'[' => JsonKind.Array,
        (byte)'"' => JsonKind.String,
        (byte)'t' => JsonKind.True,
        (byte)'f' => JsonKind.False,
        (byte)'n' => JsonKind.Null,
        (byte)'-' or (>= (byte)'0' and <= (byte)'9') => JsonKind.Number,
        _ => JsonKind.None,
    };

    /// <summary>A key with its value.</summary>
    public readonly struct Member
    {
        private readonly byte* _key;
        private readonly int _keyLength;
        private readonly bool _mayHaveEscapes;

        internal Member(byte* key, int keyLength, bool mayHaveEscapes, JsonValue value)
        {
            _key = key;
            _keyLength = keyLength;
            _mayHaveEscapes = mayHaveEscapes;
            Value = value;
        }

        /// <summary>The bytes between the quotes of the key, escapes as they are written.</summary>
        public ReadOnlySpan<byte> Key => new(_key, _keyLength);

        public bool KeyIsEscaped => _mayHaveEscapes && Key.Contains((byte)'\\');

        public JsonValue Value { get; }

        /// <summary>Whether the key, its escapes resolved, is this text.</summary>
        public bool KeyEquals(ReadOnlySpan<byte> text) =>
            KeyIsEscaped ? JsonText.UnescapedEquals(Key, text) : Key.SequenceEqual(text);
    }

    /// <summary>Steps through the members of an object.</summary>
    public struct MemberEnumerator
    {
        private readonly JsonStructure _structure;
        private int _next;

        internal MemberEnumerator(JsonStructure structure, int next)
        {
            _structure = structure;
            _next = next;
            Current = default;
        }

        public Member Current { get; private set; }

        public readonly MemberEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next >= _structure.Count - 3 || _structure.At(_next) != '"') return false;
            var open = _structure.Positions[_next];
            var close = _structure.Positions[_next + 1];
            var after = _structure.Skip(_next + 3);
            Current = new Member(_structure.Text + open + 1, close - open - 1, _structure.HasEscapes, _structure.ValueAt(_next + 3, after));
            _next = _structure.At(after) == ',' ? after + 1 : int.MaxValue;
            return true;
        }
    }

    /// <summary>Steps through the elements of an array.</summary>
    public struct ElementEnumerator
    {
        private readonly JsonStructure _structure;
        private int _next;

        internal ElementEnumerator(JsonStructure structure, int next)
        {
            _structure = structure;
            _next = next;
            Current = default;
        }

        public JsonValue Current { get; private set; }

        public readonly ElementEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next >= _structure.Count || _structure.At(_next) == ']') return false;
            var after = _structure.Skip(_next);
            Current = _structure.ValueAt(_next, after);
            _next = after < _structure.Count && _structure.At(after) == ',' ? after + 1 : int.MaxValue;
            return true;
        }
    }
}
