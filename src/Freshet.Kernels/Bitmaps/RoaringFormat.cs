using System.Buffers.Binary;
using System.Numerics;
using Freshet.Columns.Formats;

namespace Freshet.Kernels.Bitmaps;

/// <summary>
/// The portable serialization of Roaring bitmaps (RoaringFormatSpec), little endian. As in Flink a container is written as runs where that is smaller.
/// <code>
/// u32 12346, u32 containers          or  u32 12347 | (containers - 1) &lt;&lt; 16, bits that say which are runs
/// for each container: u16 high half, u16 members - 1
/// u32 offset of each container       (left out with runs and fewer than four containers)
/// containers: up to 4096 members u16 each; more: 8192 bytes of bits; runs: u16 count, then u16 first, u16 length - 1
/// </code>
/// </summary>
internal static class RoaringFormat
{
    private const int NoRuns = 12346;
    private const int WithRuns = 12347;
    private const int ArrayMax = 4096;
    private const int BitsBytes = 8192;

    internal static void Write(List<uint> members, Utf8Buffer buffer)
    {
        buffer.Clear();
        var containers = new List<Container>();
        for (var i = 0; i < members.Count; i++)
        {
            if (i == 0 || members[i] >> 16 != members[i - 1] >> 16) containers.Add(new Container { Start = i });
            var last = containers[^1];
            containers[^1] = last with { Count = last.Count + 1, Runs = last.Runs + (last.Count == 0 || members[i] != members[i - 1] + 1 ? 1 : 0) };
        }

        var hasRuns = containers.Any(static c => c.IsRun);
        Write32(hasRuns ? WithRuns | (containers.Count - 1) << 16 : NoRuns, buffer);
        if (!hasRuns) Write32(containers.Count, buffer);
        for (var c = 0; hasRuns && c < containers.Count; c += 8)
        {
            var flags = 0;
            for (var k = c; k < Math.Min(c + 8, containers.Count); k++) flags |= containers[k].IsRun ? 1 << (k - c) : 0;
            buffer.Write((byte)flags);
        }

        foreach (var container in containers)
        {
            Write16((int)(members[container.Start] >> 16), buffer);
            Write16(container.Count - 1, buffer);
        }

        if (!hasRuns || containers.Count >= 4)
        {
            var offset = buffer.Length + 4 * containers.Count;
            foreach (var container in containers)
            {
                Write32(offset, buffer);
                offset += container.Bytes;
            }
        }

        foreach (var container in containers) WriteContainer(members, container, buffer);
    }

    internal static bool TryRead(ReadOnlySpan<byte> bytes, List<uint> members)
    {
        members.Clear();
        if (bytes.Length < 8 && !(bytes.Length >= 4 && (ushort)BinaryPrimitives.ReadInt32LittleEndian(bytes) == WithRuns)) return false;
        var cookie = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        var hasRuns = (ushort)cookie == WithRuns;
        if (!hasRuns && cookie != NoRuns) return false;
        var containers = hasRuns ? (cookie >>> 16) + 1 : BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        var at = hasRuns ? 4 : 8;
        if (containers is < 0 or > 65536) return false;
        var flags = hasRuns ? bytes[Math.Min(at, bytes.Length)..] : [];
        if (hasRuns) at += (containers + 7) / 8;
        var headers = at;
        at += 4 * containers;
        if (!hasRuns || containers >= 4) at += 4 * containers;
        if (at > bytes.Length) return false;
        for (var c = 0; c < containers; c++)
        {
            var high = (uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(headers + 4 * c)..]) << 16;
            var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(headers + 4 * c + 2)..]) + 1;
            var isRun = hasRuns && (flags[c / 8] >> (c % 8) & 1) != 0;
            if (!TryReadContainer(bytes[at..], high, count, isRun, members, out var used)) return false;
            at += used;
        }

        return true;
    }

    private static bool TryReadContainer(ReadOnlySpan<byte> bytes, uint high, int count, bool isRun, List<uint> members, out int used)
    {
        used = 0;
        if (isRun)
        {
            if (bytes.Length < 2) return false;
            var runs = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            used = 2 + 4 * runs;
            if (bytes.Length < used) return false;
            for (var r = 0; r < runs; r++)
            {
                uint first = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 + 4 * r)..]);
                uint length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(4 + 4 * r)..]);
                for (var m = first; m <= first + length && m <= 0xFFFF; m++)
                    if (!TryAdd(high | m, members)) return false;
            }

            return true;
        }

        used = count <= ArrayMax ? 2 * count : BitsBytes;
        if (bytes.Length < used) return false;
        if (count <= ArrayMax)
        {
            for (var i = 0; i < count; i++)
                if (!TryAdd(high | BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]), members)) return false;
            return true;
        }

        for (var i = 0; i < BitsBytes; i++)
            for (int bits = bytes[i]; bits != 0; bits &= bits - 1) members.Add(high | (uint)(8 * i + BitOperations.TrailingZeroCount(bits)));
        return true;
    }

    private static bool TryAdd(uint member, List<uint> members)
    {
        if (members.Count > 0 && member <= members[^1]) return false;
        members.Add(member);
        return true;
    }

    private static void WriteContainer(List<uint> members, Container container, Utf8Buffer buffer)
    {
        var end = container.Start + container.Count;
        if (container.IsRun)
        {
            Write16(container.Runs, buffer);
            for (var i = container.Start; i < end;)
            {
                var next = i + 1;
                while (next < end && members[next] == members[next - 1] + 1) next++;
                Write16((int)(members[i] & 0xFFFF), buffer);
                Write16(next - i - 1, buffer);
                i = next;
            }

            return;
        }

        if (container.Count <= ArrayMax)
        {
            for (var i = container.Start; i < end; i++) Write16((int)(members[i] & 0xFFFF), buffer);
            return;
        }

        var bits = buffer.GetSpan(BitsBytes)[..BitsBytes];
        bits.Clear();
        for (var i = container.Start; i < end; i++) bits[(int)(members[i] & 0xFFFF) >> 3] |= (byte)(1 << (int)(members[i] & 7));
        buffer.Advance(BitsBytes);
    }

    private static void Write16(int value, Utf8Buffer buffer)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.GetSpan(2), (ushort)value);
        buffer.Advance(2);
    }

    private static void Write32(int value, Utf8Buffer buffer)
    {
        BinaryPrimitives.WriteInt32LittleEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
    }

    /// <summary>The members of one high half: from a place in the list, so many, in so many runs.</summary>
    private readonly record struct Container(int Start, int Count, int Runs)
    {
        /// <summary>Runs where they are smaller.</summary>
        public bool IsRun => RunBytes < PlainBytes;

        public int Bytes => Math.Min(RunBytes, PlainBytes);

        private int RunBytes => 2 + 4 * Runs;

        private int PlainBytes => Count <= ArrayMax ? 2 * Count : BitsBytes;
    }
}
