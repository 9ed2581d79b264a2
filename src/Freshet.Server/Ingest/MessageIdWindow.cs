using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freshet.Server.Ingest;

/// <summary>
/// The message ids of the last 24 hours as fingerprints, to take every event once.
/// 256 hash tables (shards) with open addressing; a slot is 10 bytes:
/// <code>
/// offset  bytes  meaning
/// 0       8      fingerprint; 0 is an empty slot
/// 8       2      tick of the last time it was added, 1/1440 of the window each, modulo 65536
/// </code>
/// With n ids remembered a new one is taken for a repeat with a chance of n in 2^72 (the shard is 8 bits more). Shards grow by a quarter, at most 85 % full, at least 68 % after growth: 11.8 to 14.7 bytes for each remembered id.
/// When the budget is used up, a full shard forgets its oldest quarter instead of growing: the window shortens and
/// <see cref="Window"/> says so.
/// Cost: one or two cache misses for each id; growth moves one shard. Not thread-safe: the caller holds its lock.
/// The hash's seed is made anew in each process; a start fills the window again from the log.
/// </summary>
internal sealed class MessageIdWindow
{
    public const int SlotBytes = 10;
    private const int ShardCount = 256;
    private const int FirstSlots = 16;
    private const int TicksPerWindow = 1440;
    private const int SweepAfterTicks = 20_000; // far below the 65536 at which an old tick would look young again
    private const double FullestLoad = 0.85;
    private const double LoadAfterGrowth = 0.68;

    private readonly Shard[] _shards = new Shard[ShardCount];
    private readonly long _tickMilliseconds;
    private readonly long _windowTicks;
    private readonly long _bytesMax;
    private long _now;
    private long _forgottenUntil = long.MinValue;

    public MessageIdWindow(TimeSpan window, long bytesMax)
    {
        Configured = window;
        _tickMilliseconds = Math.Max(1, (long)window.TotalMilliseconds / TicksPerWindow);
        _windowTicks = Math.Max(1, ((long)window.TotalMilliseconds + _tickMilliseconds - 1) / _tickMilliseconds);
        _bytesMax = Math.Max(bytesMax, (long)ShardCount * FirstSlots * SlotBytes);
        for (var i = 0; i < ShardCount; i++) _shards[i] = new Shard { Slots = new byte[FirstSlots * SlotBytes] };
        Bytes = (long)ShardCount * FirstSlots * SlotBytes;
    }

    private struct Shard
    {
        public byte[] Slots;
        public int Used;
        public long SweptAt;
    }

    public TimeSpan Configured { get; }

    /// <summary>Bytes of all slots.</summary>
    public long Bytes { get; private set; }

    public long BytesMax => _bytesMax;

    /// <summary>Ids in the tables, some of them perhaps past the window and not yet swept.</summary>
    public long Count { get; private set; }

    /// <summary>How far back every id is remembered: the configured window, or less where the budget did not suffice.</summary>
    public TimeSpan Window => _forgottenUntil == long.MinValue || _now - _forgottenUntil >= _windowTicks
        ? Configured
        : TimeSpan.FromMilliseconds((_now - _forgottenUntil) * _tickMilliseconds);

    /// <summary>The budget has shortened the window.</summary>
    public bool IsShortened => Window < Configured;

    /// <summary>Remembers an id; false where it was remembered already.</summary>
    /// <param name="nowMilliseconds">Arrival of the event; an earlier one than before counts as the latest.</param>
    public bool Add((ulong High, ulong Low) id, long nowMilliseconds)
    {
        _now = Math.Max(_now, nowMilliseconds / _tickMilliseconds);
        ref var shard = ref _shards[(int)(id.High >> 56)];
        if (_now - shard.SweptAt > SweepAfterTicks) Sweep(ref shard);
        var fingerprint = id.Low == 0 ? 1 : id.Low;
        var capacity = shard.Slots.Length / SlotBytes;
        ref var first = ref MemoryMarshal.GetArrayDataReference(shard.Slots);
        for (var slot = Home(fingerprint, capacity); ; slot = slot + 1 == capacity ? 0 : slot + 1)
        {
            ref var at = ref Unsafe.Add(ref first, slot * SlotBytes);
            var seen = Unsafe.ReadUnaligned<ulong>(ref at);
            if (seen == fingerprint)
            {
                var isNew = Age(ref at) > _windowTicks;
                if (isNew) Unsafe.WriteUnaligned(ref Unsafe.Add(ref at, 8), (ushort)_now);
                return isNew;
            }

            if (seen != 0) continue;
            Unsafe.WriteUnaligned(ref at, fingerprint);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref at, 8), (ushort)_now);
            Count++;
            if (++shard.Used > capacity * FullestLoad) MakeRoom(ref shard);
            return true;
        }
    }

    /// <summary>Forgets an id whose event was not taken in the end.</summary>
    public void Remove((ulong High, ulong Low) id)
    {
        ref var shard = ref _shards[(int)(id.High >> 56)];
        var fingerprint = id.Low == 0 ? 1 : id.Low;
        var capacity = shard.Slots.Length / SlotBytes;
        ref var first = ref MemoryMarshal.GetArrayDataReference(shard.Slots);
        for (var slot = Home(fingerprint, capacity); ; slot = slot + 1 == capacity ? 0 : slot + 1)
        {
            ref var at = ref Unsafe.Add(ref first, slot * SlotBytes);
            var seen = Unsafe.ReadUnaligned<ulong>(ref at);
            if (seen == 0) return;
            if (seen != fingerprint) continue;
            // The slot stays in its chain, with an age past every window, until the shard is rebuilt.
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref at, 8), (ushort)(_now - _windowTicks - 1));
            return;
        }
    }

    private long Age(ref byte slot) => (ushort)((ushort)_now - Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref slot, 8)));

    private static int Home(ulong fingerprint, int capacity) => (int)Math.BigMul(fingerprint, (ulong)capacity, out _);

    /// <summary>Drops what has left the window before its tick could look young again; after a very long rest, all.</summary>
    private void Sweep(ref Shard shard)
    {
        if (_now - shard.SweptAt > 3 * SweepAfterTicks) shard.Slots.AsSpan().Clear();
        Rebuild(ref shard, shard.Slots.Length / SlotBytes, int.MaxValue, 0);
    }

    private void MakeRoom(ref Shard shard)
    {
        var capacity = shard.Slots.Length / SlotBytes;
        var live = 0;
        for (var at = 0; at < shard.Slots.Length; at += SlotBytes)
            if (Unsafe.ReadUnaligned<ulong>(ref shard.Slots[at]) != 0 && Age(ref shard.Slots[at]) <= _windowTicks) live++;
        var wanted = Math.Max(FirstSlots, (int)(live / LoadAfterGrowth) + 1);
        if (wanted <= capacity || Bytes + (long)(wanted - capacity) * SlotBytes <= _bytesMax)
        {
            Rebuild(ref shard, wanted, int.MaxValue, 0);
            return;
        }

        var oldestKept = AgeOfOldestQuarter(shard, live);
        _forgottenUntil = Math.Max(_forgottenUntil, _now - oldestKept);
        Rebuild(ref shard, capacity, oldestKept, live / 4);
    }

    /// <summary>The age, in ticks, that a quarter of the shard's ids have reached.</summary>
    private int AgeOfOldestQuarter(in Shard shard, int live)
    {
        var ages = new int[live];
        var count = 0;
        for (var at = 0; at < shard.Slots.Length; at += SlotBytes)
        {
            if (Unsafe.ReadUnaligned<ulong>(ref shard.Slots[at]) == 0) continue;
            var age = Age(ref shard.Slots[at]);
            if (age <= _windowTicks) ages[count++] = (int)age;
        }

        Array.Sort(ages);
        return ages[live - Math.Max(1, live / 4)];
    }

    /// <summary>
    /// Writes the ids that are in the window into new slots, but forgets those older than <paramref name="oldestKept"/> ticks
    /// and, of that age, as many as are needed to forget <paramref name="forget"/> in all.
    /// </summary>
    private void Rebuild(ref Shard shard, int capacity, int oldestKept, int forget)
    {
        var old = shard.Slots;
        Bytes += (long)capacity * SlotBytes - old.Length;
        Count -= shard.Used;
        shard.Slots = new byte[capacity * SlotBytes];
        shard.Used = 0;
        shard.SweptAt = _now;
        for (var pass = 0; pass < 2; pass++)
        {
            // The ids of exactly the oldest age come last, when it is known how many must go.
            for (var from = 0; from < old.Length; from += SlotBytes)
            {
                var fingerprint = Unsafe.ReadUnaligned<ulong>(ref old[from]);
                if (fingerprint == 0) continue;
                var age = Age(ref old[from]);
                if (age > _windowTicks || (age == oldestKept) != (pass == 1)) continue;
                if (age > oldestKept || (pass == 1 && forget > 0)) forget--;
                else Put(shard.Slots, capacity, fingerprint, old.AsSpan(from, SlotBytes), ref shard.Used);
            }
        }

        Count += shard.Used;
    }

    private static void Put(byte[] slots, int capacity, ulong fingerprint, ReadOnlySpan<byte> entry, ref int used)
    {
        var slot = Home(fingerprint, capacity);
        while (Unsafe.ReadUnaligned<ulong>(ref slots[slot * SlotBytes]) != 0) slot = slot + 1 == capacity ? 0 : slot + 1;
        entry.CopyTo(slots.AsSpan(slot * SlotBytes));
        used++;
    }
}
