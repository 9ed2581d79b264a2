using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Freshet.Columns.Json;

/// <summary>
/// A part of a form: the bytes up to a scalar, the columns that take it, and the parts that have followed it.
/// The bytes lie in pinned memory, padded with zeros to whole vectors, with a mask of those that count.
/// </summary>
internal sealed unsafe class JsonShapeStep
{
    private const int MaxSteps = 16;

    private readonly byte[] _pinned;
    private readonly byte* _bytes;
    private readonly int _padded;

    /// <param name="bytes">The bytes up to the scalar.</param>
    /// <param name="columns">The columns that take the scalar.</param>
    /// <param name="isEnd">No scalar follows.</param>
    public JsonShapeStep(ReadOnlySpan<byte> bytes, int[] columns, bool isEnd)
    {
        Length = bytes.Length;
        Columns = columns;
        IsEnd = isEnd;
        _padded = Length + 31 & ~31;
        _pinned = GC.AllocateArray<byte>(2 * _padded + 1, pinned: true);
        bytes.CopyTo(_pinned);
        _pinned.AsSpan(_padded, Length).Fill(0xFF);
        _bytes = (byte*)Unsafe.AsPointer(ref _pinned[0]);
    }

    /// <summary>Texts that went on with these bytes.</summary>
    internal long Met;

    public int Length { get; }

    public int[] Columns { get; }

    public bool IsEnd { get; }

    /// <summary>The parts that have followed, <see cref="Count"/> of them, roughly by how often.</summary>
    public JsonShapeStep[] Steps { get; private set; } = [];

    public int Count { get; private set; }

    /// <summary>Whether the text goes on with these bytes. Nothing is loaded behind <paramref name="last"/> and 64 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNext(byte* at, byte* last)
    {
        if (at + _padded > last) return false;
        for (var k = 0; k < _padded; k += 32)
            if (((Vector256.Load(at + k) ^ Vector256.Load(_bytes + k)) & Vector256.Load(_bytes + _padded + k)) != Vector256<byte>.Zero) return false;

        // What was followed by a scalar does not fit where a container follows.
        return IsEnd || (at[Length] | 0x20) != '{';
    }

    /// <summary>The part with these bytes among those that follow; a new one, with columns, where there is none yet. Null when there are too many.</summary>
    public JsonShapeStep? Follow(ReadOnlySpan<byte> bytes, int[] columns, bool isEnd, out bool isNew)
    {
        isNew = false;
        for (var k = 0; k < Count; k++)
            if (Steps[k].IsEnd == isEnd && Steps[k]._pinned.AsSpan(0, Steps[k].Length).SequenceEqual(bytes)) return Steps[k];
        if (Count == MaxSteps) return null;
        isNew = true;
        if (Count == Steps.Length)
        {
            var more = new JsonShapeStep[Math.Max(2, Count * 2)];
            Steps.CopyTo(more, 0);
            Steps = more;
        }

        return Steps[Count++] = new JsonShapeStep(bytes, columns, isEnd);
    }
}
