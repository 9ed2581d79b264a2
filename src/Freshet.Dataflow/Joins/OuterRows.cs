using Freshet.Dataflow.Arrangements;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// The left rows of an outer join that a step has touched, with their weight and the weight of their matches before it. At
/// the end of the step each gives the change of its row with NULLs: there as often as the left row's weight says while
/// nothing matches, and not at all otherwise.
/// </summary>
internal sealed unsafe class OuterRows(Arrangement left)
{
    private readonly List<(int Slot, long Weight, long Matches)> _touched = [];
    private int _next;

    /// <summary>Whether any left row was touched.</summary>
    public bool HasChanges => _touched.Count > 0;

    /// <summary>Left rows whose weight is about to change; <paramref name="isNew"/> says for which the matches have to be counted.</summary>
    public void Touch(int* slots, int count, byte* isNew, long step)
    {
        for (var i = 0; i < count; i++)
        {
            var row = left.At(slots[i]);

            // A row that was in no step before has not been counted; only its first appearance is.
            isNew[i] = row->Step == 0 ? (byte)1 : (byte)0;
            Touch(row, slots[i], step);
        }
    }

    /// <summary>The weight of a left row's matches changes.</summary>
    public void AddMatch(int slot, long weight, long step)
    {
        var row = left.At(slot);
        Touch(row, slot, step);
        row->Matches += weight;
    }

    /// <summary>The next changes of rows with NULLs; 0 and all forgotten when there are no more.</summary>
    public int TakeChanges(int* slots, long* weights, int max)
    {
        var count = 0;
        for (; _next < _touched.Count && count < max; _next++)
        {
            var (slot, oldWeight, oldMatches) = _touched[_next];
            var row = left.At(slot);
            var change = (row->Matches > 0 ? 0 : row->Weight) - (oldMatches > 0 ? 0 : oldWeight);
            if (change == 0) continue;
            slots[count] = slot;
            weights[count++] = change;
        }

        if (count == 0)
        {
            _touched.Clear();
            _next = 0;
        }

        return count;
    }

    private void Touch(ArrangedRow* row, int slot, long step)
    {
        if (row->Step == step) return;
        row->Step = step;
        _touched.Add((slot, row->Weight, row->Matches));
    }
}
