using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Ranking;

/// <summary>
/// Rows that are stored or wait in a batch of the step, and their order.
/// <code>
/// stored before the step   slot
/// stored in this step      bit 62 | slot
/// waiting                  bit 63 | batch (31 bits) | row (32 bits)
/// </code>
/// </summary>
internal sealed unsafe class RowReferences(StateTable table, List<Batch> batches, SortKey[] keys)
{
    private const ulong WaitingBit = 1UL << 63;
    private const ulong InStepBit = 1UL << 62;

    private readonly bool _wordIsAll = keys.Length > 0 && RowOrder.IsWhole(table.Layout.KindOf(keys[0].Column));

    public static ulong Waiting(int batch, int row) => WaitingBit | (ulong)batch << 32 | (uint)row;

    public static ulong StoredInStep(uint slot) => InStepBit | slot;

    public static bool IsWaiting(ulong row) => (row & WaitingBit) != 0;

    public static bool IsStoredInStep(ulong row) => (row & (WaitingBit | InStepBit)) == InStepBit;

    public static int BatchOf(ulong row) => (int)(row >> 32 & int.MaxValue);

    public static int RowOf(ulong row) => (int)(uint)row;

    public static ulong SlotOf(ulong row) => (uint)row;

    /// <summary>Order of two rows whose words are equal.</summary>
    public int Compare(ulong left, ulong right, ulong word)
    {
        // A NULL has the word of the least or the greatest value: there the values decide.
        for (var i = _wordIsAll && word is not (0 or ulong.MaxValue) ? 1 : 0; i < keys.Length; i++)
        {
            var key = keys[i];
            StringView leftText, rightText;
            var nothing = 0UL;
            var l = Cell(left, key.Column, &leftText, &nothing, out var leftRow);
            var r = Cell(right, key.Column, &rightText, &nothing, out var rightRow);
            var order = CompareKernel.CompareValues(l, leftRow, r, rightRow);
            if (order == 0) continue;
            var hasNull = l.IsNull(leftRow) || r.IsNull(rightRow);
            return (hasNull ? !key.NullsFirst : key.Descending) ? -order : order;
        }

        return 0;
    }

    /// <summary>A column that has the value of a row, and where.</summary>
    private Column Cell(ulong row, int column, StringView* text, ulong* nothing, out int at)
    {
        at = 0;
        if (IsWaiting(row))
        {
            at = RowOf(row);
            return batches[BatchOf(row)].Columns[column];
        }

        var stored = table.Row((uint)SlotOf(row));
        var cell = new Column { Kind = table.Layout.KindOf(column), IsConstant = true, Values = stored + table.Layout.OffsetOf(column) };
        if (RowCells.IsNull(table.Layout, stored, column)) cell.Validity = nothing;
        if (cell.Kind != PhysicalKind.View) return cell;
        *text = table.TextAt((byte*)cell.Values, 0);
        cell.Values = text;
        return cell;
    }
}
