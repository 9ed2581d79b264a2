using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Freshet.Columns.Formats;

/// <summary>
/// A growable run of UTF-8 bytes: what writers write to and sinks, answers and files read from. Reused by <see cref="Clear"/>;
/// then it allocates only while it still grows. Owned by one thread; <see cref="Written"/> is valid until the next write.
/// </summary>
public sealed class Utf8Buffer : IBufferWriter<byte>
{
    private byte[] _bytes;

    public Utf8Buffer(int capacity = 4096) => _bytes = GC.AllocateUninitializedArray<byte>(Math.Max(capacity, 64));

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Takes back all after <paramref name="length"/>.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        Length = length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(byte value)
    {
        if (Length == _bytes.Length) Grow(1);
        _bytes[Length++] = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ReadOnlySpan<byte> value)
    {
        if (_bytes.Length - Length < value.Length) Grow(value.Length);
        value.CopyTo(_bytes.AsSpan(Length));
        Length += value.Length;
    }

    public void Write(long value)
    {
        Utf8Formatter.TryFormat(value, GetSpan(20), out var written);
        Length += written;
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - Length), nameof(count));
        Length += count;
    }

    /// <summary>Room for at least <paramref name="sizeHint"/> bytes after what is written.</summary>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        sizeHint = Math.Max(sizeHint, 1);
        if (_bytes.Length - Length < sizeHint) Grow(sizeHint);
        return _bytes.AsSpan(Length);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        GetSpan(sizeHint);
        return _bytes.AsMemory(Length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int need)
    {
        var capacity = Math.Max((long)Length + need, Math.Min(_bytes.Length * 2L, Array.MaxLength));
        if (capacity > Array.MaxLength) throw new OutOfMemoryException("A text is longer than 2 GiB.");
        Array.Resize(ref _bytes, (int)capacity);
    }
}
