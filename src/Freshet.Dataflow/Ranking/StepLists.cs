using Freshet.Columns.Memory;

namespace Freshet.Dataflow.Ranking;

/// <summary>A row in an order: the word of its first sort column, and which row it is (see <see cref="RowReferences"/>).</summary>
internal record struct RankedRow(ulong Word, ulong Row);

/// <summary>
/// The rows of partitions in order as a step leaves them so far: at most N a partition. The lists lie in memory that the step gives back
/// whole; a list that grows moves, and its old place is lost until then.
/// </summary>
internal sealed unsafe class StepLists(int last)
{
    private const int FirstRoom = 4;
    private const int RowsAtOnce = 4096;

    private List[] _lists = new List[64];
    private BatchMemory? _memory;
    private RankedRow* _next;
    private int _left;

    public int Count { get; private set; }

    /// <summary>The partition of a list.</summary>
    public int PartitionOf(int list) => _lists[list].Partition;

    public Span<RankedRow> Rows(int list) => new(_lists[list].Rows, _lists[list].Count);

    /// <summary>A new list of so many rows, which the caller writes.</summary>
    public int Open(int partition, int count)
    {
        if (Count == _lists.Length) Array.Resize(ref _lists, Count * 2);
        var room = Math.Min(last, Math.Max(FirstRoom, count + 1));
        _lists[Count] = new List { Partition = partition, Count = count, Room = room, Rows = Take(room) };
        return Count++;
    }

    /// <summary>Puts a row at a place; where the list is full its last row is lost. Gives the rows as they are then.</summary>
    public Span<RankedRow> Insert(int list, int at, RankedRow row)
    {
        ref var into = ref _lists[list];
        if (into.Count == last) into.Count--;
        if (into.Count == into.Room)
        {
            var room = Math.Min(last, into.Room * 2);
            var rows = Take(room);
            new Span<RankedRow>(into.Rows, into.Count).CopyTo(new Span<RankedRow>(rows, room));
            into.Room = room;
            into.Rows = rows;
        }

        new Span<RankedRow>(into.Rows + at, into.Count - at).CopyTo(new Span<RankedRow>(into.Rows + at + 1, into.Count - at));
        into.Rows[at] = row;
        into.Count++;
        return new(into.Rows, into.Count);
    }

    public void Clear()
    {
        Count = 0;
        _left = 0;
        _memory?.Release();
        _memory = null;
    }

    private RankedRow* Take(int room)
    {
        if (room > _left)
        {
            _memory ??= BatchMemory.Create();
            _left = Math.Max(room, RowsAtOnce);
            _next = _memory.Allocate<RankedRow>(_left);
        }

        var rows = _next;
        _next += room;
        _left -= room;
        return rows;
    }

    private struct List
    {
        public int Partition;
        public int Count;
        public int Room;
        public RankedRow* Rows;
    }
}
