using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Aggregation;

/// <summary>
/// The moments at which groups leave by the clock, in order. Each group that is there has one, of the key that says it, and none other.
/// Cost: one entry of an ordered index a group.
/// </summary>
internal sealed unsafe class GroupTimers : IDisposable
{
    // Words: moment, slot.
    private readonly OrderedIndex<WordOrder> _timers = new(2, new WordOrder(2), new PageVersions());
    private int[] _due = [];

    public long Bytes => _timers.Bytes;

    /// <summary>The first moment, µs; <see cref="Operator.EndWatermark"/> without a group.</summary>
    public long First => From(0);

    /// <summary>The first moment after another.</summary>
    public long After(long clockMicros) => From(OrderedKey.Of(clockMicros) + 1);

    /// <summary>The latest clock reading at which about <paramref name="groups"/> of them leave.</summary>
    public long Stride(long clockMicros, int groups)
    {
        var cursor = Start();
        for (var i = 0; _timers.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= clockMicros; i++)
            if (i >= groups) return OrderedKey.ToInt64(entry[0]);
        return clockMicros;
    }

    /// <summary>The rows whose moment is still to come.</summary>
    public static int* NotOver(in Column until, int* rows, ref int count, long clockMicros, BatchMemory scratch)
    {
        var kept = scratch.Allocate<int>(count);
        var keptCount = 0;
        for (var i = 0; i < count; i++)
            if (until.IsValid(rows[i]) && until.As<long>()[until.IndexOf(rows[i])] > clockMicros) kept[keptCount++] = rows[i];
        count = keptCount;
        return kept;
    }

    /// <summary>Sets the timers of groups that had no rows before.</summary>
    /// <param name="rows">A row of each group.</param>
    public void Add(in Column until, int* rows, ChangedGroups groups)
    {
        var words = stackalloc ulong[2];
        for (var i = 0; i < groups.Count; i++)
        {
            if (groups.HadRows[i] != 0) continue;
            words[0] = OrderedKey.Of(until.As<long>()[until.IndexOf(rows[i])]);
            words[1] = (uint)groups.Slots[i];
            _timers.Put(words, 0);
        }
    }

    /// <summary>The slots of the groups whose moment has come, in order of it; good until the next call.</summary>
    public ReadOnlySpan<int> TakeDue(long clockMicros)
    {
        var until = stackalloc ulong[2] { OrderedKey.Of(clockMicros) + 1, 0 };
        var count = 0;
        for (var cursor = Start(); _timers.TryNext(ref cursor, out var entry) && entry[0] < until[0];)
        {
            if (count == _due.Length) Array.Resize(ref _due, Math.Max(64, 2 * count));
            _due[count++] = (int)entry[1];
        }

        var from = stackalloc ulong[2] { 0, 0 };
        if (count > 0) _timers.RemoveRange(from, until);
        return _due.AsSpan(0, count);
    }

    /// <summary>Removes the timers of groups that end; those that were due have none any more.</summary>
    public void Remove(in Column until, int* slots, int count)
    {
        var words = stackalloc ulong[2];
        for (var i = 0; i < count; i++)
        {
            words[0] = OrderedKey.Of(until.As<long>()[until.IndexOf(i)]);
            words[1] = (uint)slots[i];
            _timers.Remove(words);
        }
    }

    public void Dispose() => _timers.Dispose();

    private long From(ulong word)
    {
        var from = stackalloc ulong[2] { word, 0 };
        var cursor = _timers.Seek(from);
        return _timers.TryRead(ref cursor, out var entry) ? OrderedKey.ToInt64(entry[0]) : Operator.EndWatermark;
    }

    private OrderedCursor Start()
    {
        var from = stackalloc ulong[2] { 0, 0 };
        return _timers.Seek(from);
    }
}
