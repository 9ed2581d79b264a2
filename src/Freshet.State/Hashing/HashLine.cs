using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Freshet.State.Hashing;

/// <summary>
/// Seven entries in one cache line, tags and slots apart so that one comparison looks at all tags.
/// <code>
/// uint  0          1..7   8                                9..15
///       header     tags   line 0: overflow page + 1, or 0  slots
/// header: bit i set: entry i is taken (1..7) | from bit 8: entries that are at home in this line or before it and lie after it
/// </code>
/// A tag is the low half of the hash: its low 8 bits are the line that the entry is at home in, the others choose the page.
/// A search goes from the home line on until a line that nothing has passed (as in Meta's F14).
/// </summary>
internal static unsafe class HashLine
{
    public const int Words = 16;
    public const int Entries = 7;
    public const int LinesPerPage = Pages.PagePool.PageBytes / (Words * sizeof(uint));
    public const int EntriesPerPage = LinesPerPage * Entries;
    public const int SlotLane = 8;

    private const uint TakenMask = 0xFE;
    private const uint PassedOne = 1 << 8;
    private const uint PassedMax = uint.MaxValue >> 8;

    /// <summary>A bit for each taken entry with this tag.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Match(uint* line, uint tag) =>
        Vector256.Equals(Vector256.Load(line), Vector256.Create(tag)).ExtractMostSignificantBits() & *line & TakenMask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPassed(uint* line) => *line >> 8 != 0;

    public static uint Taken(uint* line) => *line & TakenMask;

    public static uint Passed(uint* line) => *line >> 8;

    public static bool TryPut(uint* line, uint tag, uint slot)
    {
        var free = ~*line & TakenMask;
        if (free == 0) return false;
        var entry = BitOperations.TrailingZeroCount(free);
        line[entry] = tag;
        line[SlotLane + entry] = slot;
        *line |= 1u << entry;
        return true;
    }

    /// <summary>The entry with this tag and slot; 0 when it is not here.</summary>
    public static int Find(uint* line, uint tag, uint slot)
    {
        for (var match = Match(line, tag); match != 0; match &= match - 1)
        {
            var entry = BitOperations.TrailingZeroCount(match);
            if (line[SlotLane + entry] == slot) return entry;
        }

        return 0;
    }

    public static void Clear(uint* line, int entry) => *line &= ~(1u << entry);

    /// <summary>An entry was put after this line. The count stays at its maximum once it is there.</summary>
    public static void AddPassed(uint* line)
    {
        if (Passed(line) != PassedMax) *line += PassedOne;
    }

    public static void RemovePassed(uint* line)
    {
        Debug.Assert(Passed(line) != 0, "an entry that lies after this line was counted");
        if (Passed(line) != PassedMax) *line -= PassedOne;
    }
}
