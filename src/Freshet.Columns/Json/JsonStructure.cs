using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>
/// Where the structure of one JSON document lies: the positions of all brackets, colons and commas outside strings, of both
/// quotes of every string, and of the first byte of every number and literal, ascending. Made by one pass over blocks of 64
/// bytes with bit masks (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019); in addition every block keeps
/// its masks of brackets, so that a container is skipped in a step per 64 bytes (the idea of Jiang and Zhao's JSONSki, 2022).
/// <code>
/// {"a":[1,true],"b":"x,y"}        text
/// ^^ ^^^^^^   ^^^ ^^^    ^^        entries (inside "x,y" there are none)
/// </code>
/// Invariant: entries are positions in the text; the entry after an opening quote is its closing quote (unless
/// <see cref="StringIsOpen"/>); eight entries past the last one repeat the last byte, so that a look ahead by a few entries is
/// always a legal read. The index says nothing about grammar: that is <see cref="JsonValidator"/>.
/// Cost: about one cycle a byte; no allocation once the buffers have grown to the longest document.
/// Ownership: owns its buffers, not the text, which must stay where it is while the index is in use. One thread.
/// </summary>
public sealed unsafe class JsonStructure : IDisposable
{
    private const int SentinelEntries = 8;

    private int* _positions;
    private BlockMap* _blocks;
    private int _capacityBytes;

    /// <summary>The text last scanned.</summary>
    public byte* Text { get; private set; }

    /// <summary>Bytes of the text.</summary>
    public int Length { get; private set; }

    /// <summary>Number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>Some byte is a backslash.</summary>
    public bool HasEscapes { get; private set; }

    /// <summary>Some byte is above 127.</summary>
    public bool HasNonAscii { get; private set; }

    /// <summary>The text ends inside a string.</summary>
    public bool StringIsOpen { get; private set; }

    /// <summary>Position of the first control character inside a string, or -1.</summary>
    public int ControlPosition { get; private set; }

    /// <summary>The entries, <see cref="Count"/> and some sentinels.</summary>
    public int* Positions => _positions;

    /// <summary>The byte at an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte At(int index) => Text[_positions[index]];

    /// <summary>Indexes a document. Any bytes are allowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    public void Scan(byte* text, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length >= _capacityBytes) Grow(length);
        Text = text;
        Length = length;
        ControlPosition = -1;
        var tail = stackalloc byte[64];
        var positions = _positions;
        var blocks = (length + 63) >> 6;
        var count = 0;
        ulong stringCarry = 0, escapeCarry = 0, scalarCarry = 0, backslashes = 0, high = 0;
        for (var b = 0; b < blocks; b++)
        {
            var offset = b << 6;
            var source = text + offset;
            if (length - offset < 64)
            {
                new Span<byte>(tail, 64).Fill((byte)' ');
                Unsafe.CopyBlockUnaligned(tail, source, (uint)(length - offset));
                source = tail;
            }

            JsonBlock.Classify(source, out var masks);
            var quotes = masks.Quote;
            if ((masks.Backslash | escapeCarry) != 0)
            {
                backslashes |= masks.Backslash;
                quotes &= ~Bytes64.Escaped(masks.Backslash, ref escapeCarry);
            }

            var inString = Bytes64.PrefixXor(quotes) ^ stringCarry;
            stringCarry = (ulong)((long)inString >> 63);
            var space = masks.Space;
            if (masks.Control != 0)
            {
                space |= JsonBlock.LineBreaksAndTabs(source);
                if ((masks.Control & inString) != 0 && ControlPosition < 0)
                    ControlPosition = offset + BitOperations.TrailingZeroCount(masks.Control & inString);
            }

            high |= masks.High;
            var open = masks.Open & ~inString;
            var close = masks.Close & ~inString;
            var operators = open | close | (masks.Separator & ~inString);
            var scalar = ~(operators | space | quotes | inString);
            var structural = operators | quotes | (scalar & ~((scalar << 1) | scalarCarry));
            scalarCarry = scalar >> 63;

            ref var map = ref _blocks[b];
            map.Open = open;
            map.Close = close;
            map.Structural = structural;
            map.First = count;
            var next = positions + count;
            count += BitOperations.PopCount(structural);

            // Eight entries at a time without a test each; what is written too much is overwritten by the next block.
            while (structural != 0)
            {
                for (var k = 0; k < 8; k++)
                {
                    next[k] = offset + BitOperations.TrailingZeroCount(structural);
                    structural &= structural - 1;
                }

                next += 8;
            }
        }

        Count = count;
        StringIsOpen = stringCarry != 0;
        HasEscapes = backslashes != 0;
        HasNonAscii = high != 0;
        for (var k = 0; k < SentinelEntries; k++) positions[count + k] = Math.Max(length - 1, 0);
    }

    /// <summary>The entry after the value that begins at entry <paramref name="index"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Skip(int index)
    {
        var first = Text[_positions[index]];
        if (first == (byte)'"') return index + 2;
        return (first | 0x20) == '{' ? SkipContainer(index) : index + 1;
    }

    /// <summary>The raw value at an entry: from its first to its last byte.</summary>
    public JsonValue ValueAt(int index) => ValueAt(index, Skip(index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal JsonValue ValueAt(int index, int after)
    {
        Debug.Assert(index < Count, "a value lies at an entry");
        var start = _positions[index];
        var first = Text[start];
        var kind = JsonValue.KindOf(first);
        int end;
        if (kind is >= JsonKind.Object and <= JsonKind.String)
        {
            end = _positions[Math.Min(after, Count) - 1] + 1;

            // A string that does not end has no content.
            if (kind == JsonKind.String && end - start < 2) kind = JsonKind.None;
        }
        else
        {
            // A scalar ends where the next entry begins, less the space between.
            end = after < Count ? _positions[after] : Length;
            while (end > start + 1 && Text[end - 1] <= ' ') end--;
        }

        return new JsonValue(this, Text + start, Math.Max(end - start, 1), kind, index);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_positions);
        NativeMemory.AlignedFree(_blocks);
        _positions = null;
        _blocks = null;
        _capacityBytes = 0;
        GC.SuppressFinalize(this);
    }

    ~JsonStructure() => Dispose();

    private int SkipContainer(int index)
    {
        var position = _positions[index];
        var b = position >> 6;
        var last = (Length - 1) >> 6;

        // In two shifts: a shift by 64 would be none.
        var beyond = ulong.MaxValue << (position & 63) << 1;
        var open = _blocks[b].Open & beyond;
        var close = _blocks[b].Close & beyond;
        var depth = 1;
        while (true)
        {
            if (BitOperations.PopCount(close) >= depth)
            {
                var seen = 0;
                for (var bits = close; bits != 0; bits &= bits - 1)
                {
                    var below = (bits & (0 - bits)) - 1;
                    seen++;
                    if (depth + BitOperations.PopCount(open & below) == seen)
                        return _blocks[b].First + BitOperations.PopCount(_blocks[b].Structural & below) + 1;
                }
            }

            depth += BitOperations.PopCount(open) - BitOperations.PopCount(close);
            if (++b > last) return Count;
            open = _blocks[b].Open;
            close = _blocks[b].Close;
        }
    }

    private void Grow(int length)
    {
        var bytes = (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Math.Max(length + 1, 4096)), 0x7FFF_FF00u);
        NativeMemory.AlignedFree(_positions);
        NativeMemory.AlignedFree(_blocks);
        _capacityBytes = 0;
        _positions = (int*)NativeMemory.AlignedAlloc(((nuint)bytes + 64 + SentinelEntries) * sizeof(int), 64);
        _blocks = (BlockMap*)NativeMemory.AlignedAlloc((nuint)((bytes >> 6) + 2) * (nuint)sizeof(BlockMap), 64);
        _capacityBytes = bytes;
    }

    private struct BlockMap
    {
        internal ulong Open;
        internal ulong Close;
        internal ulong Structural;

        /// <summary>The number of entries before this block.</summary>
        internal int First;
    }
}
