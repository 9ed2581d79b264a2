using System.Runtime.InteropServices;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Customers.Identity;

/// <summary>The places of an identifier's latest events in the log, the latest by event time first; of equal times the one later in the log.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RecentRow
{
    public const int Max = 10;

    public fixed long Times[Max];
    public fixed long Places[Max];
    public int Count;
}

/// <summary>
/// The latest events of each identifier that events belong to. They are kept where the events are folded, because all that is ever asked
/// of them is ten places: an insertion into a list of ten, and no row of state for an event.
/// <code>
/// row:  long events | time of each, room for 2 or 10 | place of each, as much room
/// </code>
/// Most identifiers have few events: a list begins in a row for two and moves to one for ten.
/// </summary>
internal sealed unsafe class RecentEvents : IDisposable
{
    private const int Few = 2;

    /// <summary>The bit of a slot whose row has room for ten.</summary>
    private const uint Long = 1u << 31;

    private readonly StateTable _few = Table(Few);
    private readonly StateTable _many = Table(RecentRow.Max);
    private readonly Buffer<Before> _changed = new();

    /// <summary>What an identifier had before the step.</summary>
    public struct Before
    {
        public uint Name;
        public long Number;
        public RecentRow Row;
    }

    /// <summary>The identifiers whose latest events this step has changed, each once.</summary>
    public Buffer<Before> Changed => _changed;

    public long Rows => _few.Rows + _many.Rows;

    public long Bytes => _few.Bytes + _many.Bytes;

    /// <summary>Reads a list.</summary>
    public void Read(uint slot, out RecentRow row)
    {
        row.Count = (int)*Stored(slot);
        for (var i = 0; i < row.Count; i++) (row.Times[i], row.Places[i]) = (Times(slot)[i], Places(slot)[i]);
    }

    /// <summary>An event belongs to an identifier.</summary>
    public void Add(NameRow* name, uint slot, long time, long place)
    {
        // An event older than the ten changes nothing, and says so: a row that goes and comes again as it was would be no row.
        if (name->Recent != NameRow.None && PlaceOf(name->Recent, time, place) == RecentRow.Max) return;
        Touch(name, slot);
        if (name->Recent == NameRow.None) name->Recent = _few.Add();
        else if (*Stored(name->Recent) == Few && !IsLong(name->Recent)) name->Recent = Moved(name->Recent);
        var row = name->Recent;
        if (IsLong(row)) _many.Change(row & ~Long);
        else _few.Change(row);
        var at = PlaceOf(row, time, place);
        var count = Stored(row);
        var times = Times(row);
        var places = Places(row);
        if (*count < RecentRow.Max) ++*count;
        for (var i = (int)*count - 1; i > at; i--) (times[i], places[i]) = (times[i - 1], places[i - 1]);
        (times[at], places[at]) = (time, place);
    }

    /// <summary>An identifier is forgotten.</summary>
    public void Forget(NameRow* name, uint slot)
    {
        if (name->Recent == NameRow.None) return;
        Touch(name, slot);
        Remove(name->Recent);
        name->Recent = NameRow.None;
    }

    public void EndOfStep()
    {
        _changed.Clear();
        _few.EndOfStep();
        _many.EndOfStep();
    }

    public void Dispose()
    {
        _few.Dispose();
        _many.Dispose();
    }

    private static StateTable Table(int events) => new(new RowLayout(ReadOnlySpan<Columns.Types.PhysicalKind>.Empty, new ExtraField(sizeof(long) * (1 + 2 * events))), new PageVersions());

    private static bool IsLong(uint slot) => (slot & Long) != 0;

    private long* Stored(uint slot) => (long*)(IsLong(slot) ? _many.Row(slot & ~Long) : _few.Row(slot));

    private long* Times(uint slot) => Stored(slot) + 1;

    private long* Places(uint slot) => Stored(slot) + 1 + (IsLong(slot) ? RecentRow.Max : Few);

    private void Remove(uint slot)
    {
        if (IsLong(slot)) _many.Remove(slot & ~Long);
        else _few.Remove(slot);
    }

    private uint Moved(uint slot)
    {
        var moved = _many.Add() | Long;
        *Stored(moved) = Few;
        for (var i = 0; i < Few; i++) (Times(moved)[i], Places(moved)[i]) = (Times(slot)[i], Places(slot)[i]);
        Remove(slot);
        return moved;
    }

    /// <summary>Where in the list an event belongs.</summary>
    private int PlaceOf(uint slot, long time, long place)
    {
        var times = Times(slot);
        var places = Places(slot);
        var at = (int)*Stored(slot);
        while (at > 0 && (times[at - 1] < time || (times[at - 1] == time && places[at - 1] < place))) at--;
        return at;
    }

    /// <summary>Remembers what readers saw of an identifier before the step first changes it.</summary>
    public void Touch(NameRow* name, uint slot)
    {
        if (name->IsRecent != 0) return;
        name->IsRecent = 1;
        ref var before = ref _changed.Add();
        (before.Name, before.Number) = (slot, name->Number);
        if (name->Recent != NameRow.None && name->IsHidden == 0) Read(name->Recent, out before.Row);
        else before.Row.Count = 0;
    }
}
