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
/// </summary>
internal sealed unsafe class RecentEvents : IDisposable
{
    private readonly StateTable _rows = new(new RowLayout(ReadOnlySpan<Columns.Types.PhysicalKind>.Empty, new ExtraField(sizeof(RecentRow))), new PageVersions());
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

    public long Rows => _rows.Rows;

    public long Bytes => _rows.Bytes;

    public RecentRow* Row(uint slot) => (RecentRow*)_rows.Row(slot);

    /// <summary>An event belongs to an identifier.</summary>
    public void Add(NameRow* name, uint slot, long time, long place)
    {
        // An event older than the ten changes nothing, and says so: a row that goes and comes again as it was would be no row.
        if (name->Recent != NameRow.None && PlaceOf(Row(name->Recent), time, place) == RecentRow.Max) return;
        Touch(name, slot);
        if (name->Recent == NameRow.None)
        {
            name->Recent = _rows.Add();
            Row(name->Recent)->Count = 0;
        }

        var row = (RecentRow*)_rows.Change(name->Recent);
        var at = PlaceOf(row, time, place);
        if (row->Count < RecentRow.Max) row->Count++;
        for (var i = row->Count - 1; i > at; i--) (row->Times[i], row->Places[i]) = (row->Times[i - 1], row->Places[i - 1]);
        (row->Times[at], row->Places[at]) = (time, place);
    }

    /// <summary>An identifier is forgotten.</summary>
    public void Forget(NameRow* name, uint slot)
    {
        if (name->Recent == NameRow.None) return;
        Touch(name, slot);
        _rows.Remove(name->Recent);
        name->Recent = NameRow.None;
    }

    public void EndOfStep()
    {
        _changed.Clear();
        _rows.EndOfStep();
    }

    public void Dispose() => _rows.Dispose();

    /// <summary>Where in the list an event belongs.</summary>
    private static int PlaceOf(RecentRow* row, long time, long place)
    {
        var at = row->Count;
        while (at > 0 && (row->Times[at - 1] < time || (row->Times[at - 1] == time && row->Places[at - 1] < place))) at--;
        return at;
    }

    /// <summary>Remembers what readers saw of an identifier before the step first changes it.</summary>
    public void Touch(NameRow* name, uint slot)
    {
        if (name->IsRecent != 0) return;
        name->IsRecent = 1;
        ref var before = ref _changed.Add();
        (before.Name, before.Number) = (slot, name->Number);
        if (name->Recent != NameRow.None && name->IsHidden == 0) before.Row = *Row(name->Recent);
        else before.Row.Count = 0;
    }
}
