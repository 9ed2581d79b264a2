namespace Freshet.Log.Records;

/// <summary>Kafka's variable-length integers: zigzag, 7 bits a byte, lowest first.</summary>
internal static class Varint
{
    public const int MaxBytes = 10;

    /// <summary>Writes a value and gives the bytes used; the target holds at least <see cref="MaxBytes"/>.</summary>
    public static int Write(Span<byte> target, long value)
    {
        var zigzag = (ulong)(value << 1) ^ (ulong)(value >> 63);
        var at = 0;
        for (; zigzag >= 0x80; zigzag >>= 7) target[at++] = (byte)(zigzag | 0x80);
        target[at++] = (byte)zigzag;
        return at;
    }

    public static int SizeOf(long value)
    {
        var zigzag = (ulong)(value << 1) ^ (ulong)(value >> 63);
        var size = 1;
        for (; zigzag >= 0x80; zigzag >>= 7) size++;
        return size;
    }

    /// <summary>Reads a value and moves past it; false when the bytes end within it or it is longer than 10 bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ref int at, out long value)
    {
        ulong zigzag = 0;
        for (var shift = 0; shift < 64 && (uint)at < (uint)bytes.Length; shift += 7)
        {
            var b = bytes[at++];
            zigzag |= (ulong)(b & 0x7f) << shift;
            if (b >= 0x80) continue;
            value = (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
            return true;
        }

        value = 0;
        return false;
    }
}
