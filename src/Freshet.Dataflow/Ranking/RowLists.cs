using Freshet.Dataflow.Tables;

namespace Freshet.Dataflow.Ranking;

/// <summary>
/// Lists of stored rows with their words, between steps. A list lies in one row of a table of lists of about its length, so that a
/// partition with few rows takes little.
/// <code>
/// words | slots (4 bytes each), as many of either as lists of the table have room for
/// </code>
/// Cost: 12 bytes a row, and at the most half as much again.
/// </summary>
internal sealed unsafe class RowLists : IDisposable
{
    private readonly int[] _rooms;
    private readonly RowPages?[] _tables;

    /// <param name="last">Most rows of a list.</param>
    public RowLists(int last)
    {
        var rooms = new List<int>();
        for (var room = 1; room < last; room += Math.Max(1, room / 2)) rooms.Add(room);
        _rooms = [.. rooms, last];
        _tables = new RowPages?[_rooms.Length];
    }

    public long Bytes => _tables.Sum(t => t?.Bytes ?? 0);

    /// <summary>Reads a list of so many rows.</summary>
    public void Read(uint list, int count, Span<RankedRow> rows)
    {
        if (count == 0) return;
        var place = ClassOf(count);
        var words = (ulong*)_tables[place]!.Read((int)list);
        var slots = (uint*)(words + _rooms[place]);
        for (var i = 0; i < count; i++) rows[i] = new RankedRow(words[i], slots[i]);
    }

    /// <summary>Writes a list in the place of another one, which may have been empty; gives its number.</summary>
    public uint Write(uint list, int before, ReadOnlySpan<RankedRow> rows)
    {
        var place = ClassOf(rows.Length);
        var table = _tables[place] ??= new RowPages(_rooms[place] * (sizeof(ulong) + sizeof(uint)));
        if (before == 0 || ClassOf(before) != place)
        {
            if (before > 0) _tables[ClassOf(before)]!.Remove((int)list);
            list = (uint)table.Add();
        }

        var words = (ulong*)table.At((int)list);
        var slots = (uint*)(words + _rooms[place]);
        for (var i = 0; i < rows.Length; i++) (words[i], slots[i]) = (rows[i].Word, (uint)rows[i].Row);
        return list;
    }

    public void EndOfStep()
    {
        foreach (var table in _tables) table?.EndOfStep();
    }

    public void Dispose()
    {
        foreach (var table in _tables) table?.Dispose();
    }

    private int ClassOf(int count)
    {
        var place = 0;
        while (_rooms[place] < count) place++;
        return place;
    }
}
