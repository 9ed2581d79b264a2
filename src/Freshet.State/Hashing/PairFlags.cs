using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Freshet.State.Pages;

namespace Freshet.State.Hashing;

/// <summary>
/// Up to 32 flags for each pair of an owner and a value of 64 bits: which values a group has seen, and through which filters.
/// Pairs come and never go; whoever must forget some uses a <see cref="KeyedTable"/>.
/// <code>
/// line, 64 bytes:  4 values of 8 bytes | 4 owners of 4 bytes, 0 for a free place | 4 times flags
/// page, 16 KiB:    256 lines;  hash: line (low 8 bits) | page bits
/// </code>
/// The pages are those of linear hashing, as in <see cref="HashIndex"/>, but the pair lies in the line itself, so that a look-up
/// waits for one cache line; a batch overlaps these waits. A page is full at 1,024 pairs; should one get there, the
/// index grows until that page has been split.
/// Invariants: a pair is in at most once, in the page of its hash, in the first line from its home on that had a free place;
/// so a search ends at a line with a free place. Cost: 28 to 40 bytes a pair.
/// One thread uses it.
/// </summary>
public sealed unsafe class PairFlags(PageVersions versions, ulong seed) : IDisposable
{
    /// <summary>Flags of a pair.</summary>
    public const int MaxFlags = 32;

    private const int LineBytes = 64;
    private const int LineEntries = 4;
    private const int LinesPerPage = PageStore.PageBytes / LineBytes;
    private const int OwnerLane = 8;
    private const int FlagLane = 12;
    private const int GroupRows = 32;
    private const int PageBits = 24;

    // Splitting runs from 56 % to 81 % of a page.
    private const long SplitStartEntries = LinesPerPage * LineEntries * 9L / 16;
    private const long SplitEveryEntries = LinesPerPage * LineEntries / 4;

    private readonly PageStore _pages = new(versions);
    private int _level;
    private uint _pageCount;
    private uint _narrowMask;

    /// <summary>Pairs.</summary>
    public long Entries { get; private set; }

    /// <summary>Native bytes held.</summary>
    public long Bytes => _pages.Bytes;

    /// <summary>Sets flags of pairs, in order: a pair that is listed twice has the first one's flags at the second.</summary>
    /// <param name="owners">Any numbers but the greatest.</param>
    /// <param name="flags">Flags to set; 0 sets none, and stores no pair.</param>
    /// <param name="added">Result: the flags that were not set before.</param>
    public void Add(uint* owners, ulong* values, uint* flags, int count, uint* added)
    {
        if (_pageCount == 0)
        {
            _pages.Allocate();
            SetShape(0, 1);
        }

        var hashes = stackalloc uint[GroupRows];
        for (var start = 0; start < count; start += GroupRows)
        {
            Reserve(GroupRows);
            var group = Math.Min(GroupRows, count - start);
            for (var i = 0; i < group; i++)
            {
                hashes[i] = Hash(owners[start + i], values[start + i]);
                if (Sse.IsSupported) Sse.Prefetch0(_pages.At(PageOf(hashes[i])) + (byte)hashes[i] * LineBytes);
            }

            for (var i = 0; i < group; i++)
                added[start + i] = flags[start + i] == 0 ? 0 : AddOne(hashes[i], owners[start + i] + 1, values[start + i], flags[start + i]);
        }
    }

    /// <summary>Checks everything that must hold, in time proportional to the pairs.</summary>
    public void CheckInvariants()
    {
        var seen = new HashSet<(uint, ulong)>();
        for (uint page = 0; page < _pageCount; page++)
        {
            for (var l = 0; l < LinesPerPage; l++)
            {
                var line = LineAt(page, l);
                for (var entry = 0; entry < LineEntries; entry++)
                {
                    var (owner, value) = (line[OwnerLane + entry], ((ulong*)line)[entry]);
                    if (owner == 0) continue;
                    var hash = Hash(owner - 1, value);
                    Check.That(PageOf(hash) == page, "a pair is in its page");
                    Check.That(seen.Add((owner, value)), "a pair is in once");
                    for (var before = (byte)hash; before != l; before++) Check.That(Free(LineAt(page, before)) == 0, "no line before a pair's has room");
                }
            }
        }

        Check.That(seen.Count == Entries, "the pairs are counted");
    }

    public void Dispose()
    {
        _pages.Dispose();
        Entries = 0;
    }

    private uint AddOne(uint hash, uint owner, ulong value, uint flags)
    {
        while (true)
        {
            var page = PageOf(hash);
            for (var i = 0; i < LinesPerPage; i++)
            {
                var line = LineAt(page, (byte)(hash + i));
                var match = Match(line, owner, value);
                if (match != 0)
                {
                    ref var stored = ref line[FlagLane + BitOperations.TrailingZeroCount(match)];
                    var added = flags & ~stored;
                    if (added == 0) return 0;
                    _pages.Touch(page);
                    stored |= flags;
                    return added;
                }

                if (Free(line) == 0) continue;
                _pages.Touch(page);
                Put(line, owner, value, flags);
                Entries++;
                return flags;
            }

            Split();
        }
    }

    private void Reserve(int entries)
    {
        while (Entries + entries > SplitStartEntries * (1L << _level) + SplitEveryEntries * (_pageCount - (1L << _level))) Split();
    }

    private void Split()
    {
        if (_level == PageBits) throw new InvalidOperationException("An index of values cannot grow any more.");
        var page = _pageCount - (1u << _level);
        var made = _pages.Allocate();
        Debug.Assert(made == _pageCount, "pages are numbered without gaps");
        _pages.Touch(page);
        SetShape(page + 1 == 1u << _level ? _level + 1 : _level, _pageCount + 1);
        var old = stackalloc byte[PageStore.PageBytes];
        Unsafe.CopyBlock(old, _pages.At(page), PageStore.PageBytes);
        new Span<byte>(_pages.At(page), PageStore.PageBytes).Clear();
        for (var l = 0; l < LinesPerPage; l++)
        {
            var line = (uint*)(old + l * LineBytes);
            for (var entry = 0; entry < LineEntries; entry++)
            {
                var (owner, value) = (line[OwnerLane + entry], ((ulong*)line)[entry]);
                if (owner == 0) continue;
                var hash = Hash(owner - 1, value);
                var target = PageOf(hash);
                var home = (byte)hash;
                while (Free(LineAt(target, home)) == 0) home++;
                Put(LineAt(target, home), owner, value, line[FlagLane + entry]);
            }
        }
    }

    private void SetShape(int level, uint pageCount)
    {
        _level = level;
        _pageCount = pageCount;
        _narrowMask = (1u << level) - 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint PageOf(uint hash)
    {
        var page = hash >> 8 & (_narrowMask << 1 | 1);
        return page >= _pageCount ? page & _narrowMask : page;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint* LineAt(uint page, int line) => (uint*)(_pages.At(page) + (nint)line * LineBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Hash(uint owner, ulong value)
    {
        var high = Math.BigMul(value ^ seed, (owner + 1) * 0x9E3779B97F4A7C15 ^ 0xA0761D6478BD642F, out var low);
        return (uint)((high ^ low) * 0xD1B54A32D192ED03 >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Match(uint* line, uint owner, ulong value) =>
        Vector256.Equals(Vector256.Load((ulong*)line), Vector256.Create(value)).ExtractMostSignificantBits()
        & Vector128.Equals(Vector128.Load(line + OwnerLane), Vector128.Create(owner)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Free(uint* line) => Vector128.Equals(Vector128.Load(line + OwnerLane), Vector128<uint>.Zero).ExtractMostSignificantBits();

    private static void Put(uint* line, uint owner, ulong value, uint flags)
    {
        var entry = BitOperations.TrailingZeroCount(Free(line));
        ((ulong*)line)[entry] = value;
        line[OwnerLane + entry] = owner;
        line[FlagLane + entry] = flags;
    }
}
