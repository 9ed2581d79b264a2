using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Ranking;

/// <summary>
/// What a step changes in the result of a Top-N: stored rows with the number that they have or had, and a weight. They leave in
/// the order in which they were added, in batches of bounded size. The rows must stay readable until they have left.
/// </summary>
internal sealed unsafe class RankedChanges(RankSpec spec)
{
    private readonly List<Change> _changes = [];
    private int _taken;

    public int Count => _changes.Count;

    public bool HasMore => _taken < _changes.Count;

    public void Add(uint slot, long number, long weight)
    {
        if (weight != 0) _changes.Add(new Change(slot, number, weight));
    }

    public void Clear()
    {
        _changes.Clear();
        _taken = 0;
    }

    /// <summary>The next of them.</summary>
    /// <param name="table">Holds the rows, with all columns of the input.</param>
    public Batch Take(StateTable table)
    {
        var memory = BatchMemory.Create();
        var count = Math.Min(_changes.Count - _taken, Batch.TypicalRows);
        var slots = memory.Allocate<uint>(count);
        var weights = memory.Allocate<long>(count);
        var numbers = Column.Allocate(PhysicalKind.Int64, count, memory);
        for (var i = 0; i < count; i++)
        {
            var change = _changes[_taken + i];
            slots[i] = change.Slot;
            numbers.As<long>()[i] = change.Number;
            weights[i] = change.Weight;
        }

        _taken += count;
        var rows = RowCells.Addresses(table, slots, count, memory);
        var columns = new Column[spec.Output.Length];
        for (var c = 0; c < columns.Length; c++)
            columns[c] = spec.Output[c] == spec.Types.Length ? numbers : RowCells.Read(table, spec.Output[c], rows, count, memory, copiesTexts: false);
        return new Batch(memory, columns, count) { Weights = weights };
    }

    private readonly record struct Change(uint Slot, long Number, long Weight);
}
