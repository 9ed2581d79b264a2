using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows.Overs;

/// <summary>What the watermark has to pass: rows that wait for it, and rows that are kept until then, in order of time.</summary>
internal sealed unsafe class DueRows : IDisposable
{
    private const int Words = 2;

    private readonly OrderedIndex<WordOrder> _rows = new(Words, new WordOrder(Words), new PageVersions());
    private readonly OrderedIndex<WordOrder> _expiries = new(Words, new WordOrder(Words), new PageVersions());

    public long Bytes => _rows.Bytes + _expiries.Bytes;

    /// <summary>The least watermark at which something is due.</summary>
    public long Next => Math.Min(First(_rows), First(_expiries));

    /// <param name="time">The row's time as a word of an order.</param>
    public void AddRow(ulong time, uint slot) => Put(_rows, time, slot);

    public void AddExpiry(Int128 time, uint slot) => Put(_expiries, OrderedKey.Of((long)Int128.Min(time, long.MaxValue - 1)), slot);

    public void TakeRows(long watermark, Action<uint> action) => Take(_rows, watermark, action);

    public void TakeExpired(long watermark, Action<uint> action) => Take(_expiries, watermark, action);

    public void Dispose()
    {
        _rows.Dispose();
        _expiries.Dispose();
    }

    private static void Put(OrderedIndex<WordOrder> index, ulong time, uint slot)
    {
        var key = stackalloc ulong[Words];
        (key[0], key[1]) = (time, slot);
        index.Put(key, 0);
    }

    private static long First(OrderedIndex<WordOrder> index)
    {
        var key = stackalloc ulong[Words];
        (key[0], key[1]) = (0, 0);
        var cursor = index.Seek(key);
        return index.TryRead(ref cursor, out var entry) ? OrderedKey.ToInt64(entry[0]) : long.MaxValue;
    }

    private static void Take(OrderedIndex<WordOrder> index, long watermark, Action<uint> action)
    {
        var from = stackalloc ulong[Words];
        (from[0], from[1]) = (0, 0);
        var last = OrderedKey.Of(watermark);
        var cursor = index.Seek(from);
        while (index.TryNext(ref cursor, out var entry) && entry[0] <= last) action((uint)entry[1]);
        var until = stackalloc ulong[Words];
        (until[0], until[1]) = (last, ulong.MaxValue);
        index.RemoveRange(from, until);
    }
}
