using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// The columns of one batch of events, as far as they are read; a null pointer means that nobody reads the field. Times of all three
/// entities are one array, and each entity's columns share one validity bitmap.
/// </summary>
internal unsafe struct NexmarkColumns
{
    public const int Fields = (int)NexmarkField.BidExtra + 1;

    private static readonly (NexmarkField First, NexmarkField Last)[] Entities =
        [(NexmarkField.PersonId, NexmarkField.PersonExtra), (NexmarkField.AuctionId, NexmarkField.AuctionExtra), (NexmarkField.BidAuction, NexmarkField.BidExtra)];

    private fixed long _values[Fields];
    private fixed long _present[3];
    private long* _times;

    public readonly long* Numbers(NexmarkField field) => (long*)_values[(int)field];

    public readonly StringView* Texts(NexmarkField field) => (StringView*)_values[(int)field];

    public readonly int* EventTypes => (int*)_values[0];

    public readonly long* Times => _times;

    /// <summary>One bit a row: whether it is the entity's (0 person, 1 auction, 2 bid).</summary>
    public readonly ulong* Present(int entity) => (ulong*)_present[entity];

    public static bool IsTime(NexmarkField field) => field is NexmarkField.PersonTime or NexmarkField.AuctionTime or NexmarkField.BidTime;

    public static PhysicalKind KindOf(NexmarkField field) => field switch
    {
        NexmarkField.EventType => PhysicalKind.Int32,
        NexmarkField.PersonName or NexmarkField.PersonEmail or NexmarkField.PersonCard or NexmarkField.PersonCity or NexmarkField.PersonState or NexmarkField.PersonExtra
            or NexmarkField.AuctionName or NexmarkField.AuctionDescription or NexmarkField.AuctionExtra
            or NexmarkField.BidChannel or NexmarkField.BidUrl or NexmarkField.BidExtra => PhysicalKind.View,
        _ => PhysicalKind.Int64,
    };

    /// <summary>Room for the fields that are read.</summary>
    public static NexmarkColumns Allocate(ReadOnlySpan<NexmarkField> fields, int rows, BatchMemory memory)
    {
        NexmarkColumns columns = default;
        columns._times = memory.Allocate<long>(rows);
        for (var entity = 0; entity < 3; entity++) columns._present[entity] = (long)memory.AllocateBits(rows, false);
        foreach (var field in fields)
        {
            if (IsTime(field) || columns._values[(int)field] != 0) continue;
            var bytes = (long)rows * KindOf(field).WidthBytes();
            columns._values[(int)field] = (long)memory.Allocate(bytes);
            // Texts of rows of other entities are empty, so that they can be copied.
            if (KindOf(field) == PhysicalKind.View) new Span<byte>((void*)columns._values[(int)field], (int)bytes).Clear();
        }

        return columns;
    }

    /// <summary>The filled field as a column of a batch.</summary>
    public readonly Column Column(NexmarkField field)
    {
        var column = new Column { Kind = KindOf(field), Values = IsTime(field) ? _times : (void*)_values[(int)field] };
        for (var entity = 0; entity < 3; entity++)
            if (field >= Entities[entity].First && field <= Entities[entity].Last) column.Validity = (ulong*)_present[entity];
        return column;
    }
}
