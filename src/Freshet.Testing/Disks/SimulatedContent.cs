namespace Freshet.Testing.Disks;

/// <summary>
/// A file's bytes: as programs see them, as they lie on the medium, and the changes between the two in their order.
/// </summary>
internal sealed class SimulatedContent
{
    private readonly List<Change> _unsynced = [];
    private byte[] _seen = [];
    private byte[] _durable = [];

    /// <summary>A write (bytes at an offset) or, without bytes, a new length.</summary>
    private sealed record Change(long Offset, byte[]? Bytes);

    public long Length { get; private set; }

    private long DurableLength { get; set; }

    public int Read(long offset, Span<byte> target)
    {
        var count = (int)Math.Min(target.Length, Math.Max(0, Length - offset));
        _seen.AsSpan((int)Math.Min(offset, Length), count).CopyTo(target);
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _unsynced.Add(new Change(offset, bytes.ToArray()));
        Grow(ref _seen, offset + bytes.Length);
        bytes.CopyTo(_seen.AsSpan((int)offset));
        Length = Math.Max(Length, offset + bytes.Length);
    }

    public void Truncate(long length)
    {
        _unsynced.Add(new Change(length, null));
        Grow(ref _seen, length);
        if (length < Length) _seen.AsSpan((int)length, (int)(Length - length)).Clear();
        Length = length;
    }

    public void Sync()
    {
        foreach (var change in _unsynced) Apply(change, null);
        _unsynced.Clear();
    }

    /// <summary>A sync that fails: some changes may have reached the medium, and all count as written from now on.</summary>
    public void FailSync(Random random)
    {
        foreach (var change in _unsynced)
            if (random.Next(2) == 0) Apply(change, random);
        _unsynced.Clear();
    }

    /// <summary>Keeps none, the first, any or all of the unsynced changes; those that stay may be torn.</summary>
    public void LosePower(Random random)
    {
        var mode = random.Next(4);
        var first = random.Next(_unsynced.Count + 1);
        for (var i = 0; i < _unsynced.Count; i++)
        {
            var stays = mode switch { 0 => false, 1 => i < first, 2 => random.Next(2) == 0, _ => true };
            if (stays) Apply(_unsynced[i], mode == 3 && random.Next(2) == 0 ? null : random);
        }

        _unsynced.Clear();
        _seen = _durable.AsSpan(0, (int)DurableLength).ToArray();
        Length = DurableLength;
    }

    public void FlipBit(long bit)
    {
        _seen[bit / 8] ^= (byte)(1 << (int)(bit % 8));
        _durable[bit / 8] ^= (byte)(1 << (int)(bit % 8));
    }

    /// <param name="tearing">Where given, each sector of a write is there or not, and the last may end early.</param>
    private void Apply(Change change, Random? tearing)
    {
        if (change.Bytes is not { } bytes)
        {
            Grow(ref _durable, change.Offset);
            if (change.Offset < DurableLength) _durable.AsSpan((int)change.Offset, (int)(DurableLength - change.Offset)).Clear();
            DurableLength = change.Offset;
            return;
        }

        var length = bytes.Length;
        if (tearing is not null && tearing.Next(3) == 0) length = tearing.Next(bytes.Length + 1);
        Grow(ref _durable, change.Offset + bytes.Length);
        for (var at = 0; at < length;)
        {
            var end = (int)Math.Min(length, ((change.Offset + at) / SimulatedDisk.SectorBytes + 1) * SimulatedDisk.SectorBytes - change.Offset);
            if (tearing is null || tearing.Next(4) > 0) bytes.AsSpan(at, end - at).CopyTo(_durable.AsSpan((int)change.Offset + at));
            at = end;
        }

        // The length may be ahead of the data: the gap reads as zeros.
        DurableLength = Math.Max(DurableLength, change.Offset + bytes.Length);
    }

    private static void Grow(ref byte[] bytes, long length)
    {
        if (bytes.Length < length) Array.Resize(ref bytes, (int)Math.Max(length, bytes.Length * 2L));
    }
}
