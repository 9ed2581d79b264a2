using Freshet.Dataflow.Arrangements;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// The rows of one side of a join that a step has touched, with their weight and the weight of their matches before it. At the
/// end of the step each gives the change of what it is with a match, or without one: there as often as the row's weight says,
/// and not at all otherwise.
/// </summary>
internal sealed unsafe class MatchedRows(Arrangement side)
{
    private readonly List<(int Slot, long Weight, long Matches)> _touched = [];
    private int _next;

    /// <summary>Whether any row was touched.</summary>
    public bool HasChanges => _touched.Count > 0;

    /// <summary>Rows whose weight is about to change; <paramref name="isNew"/> says for which the matches have to be counted.</summary>
    public void Touch(int* slots, int count, byte* isNew, long step)
    {
        for (var i = 0; i < count; i++)
        {
            var row = side.At(slots[i]);

            // A row that was in no step before has not been counted; only its first appearance is.
            isNew[i] = row->Step == 0 ? (byte)1 : (byte)0;
            Touch(row, slots[i], step);
        }
    }

    /// <summary>The weight of a row's matches changes.</summary>
    public void AddMatch(int slot, long weight, long step)
    {
        var row = side.At(slot);
        Touch(row, slot, step);
        row->Matches += weight;
    }

    /// <summary>The next changes of rows with a match, or of rows without; 0 when there are no more, and the next call begins again.</summary>
    public int TakeChanges(bool withMatch, int* slots, long* weights, int max)
    {
        var count = 0;
        for (; _next < _touched.Count && count < max; _next++)
        {
            var (slot, oldWeight, oldMatches) = _touched[_next];
            var row = side.Peek(slot);
            var change = (row->Matches > 0 == withMatch ? row->Weight : 0) - (oldMatches > 0 == withMatch ? oldWeight : 0);
            if (change == 0) continue;
            slots[count] = slot;
            weights[count++] = change;
        }

        if (count == 0) _next = 0;
        return count;
    }

    /// <summary>The changes have been taken.</summary>
    public void Clear() => _touched.Clear();

    private void Touch(ArrangedRow* row, int slot, long step)
    {
        if (row->Step == step) return;
        row->Step = step;
        _touched.Add((slot, row->Weight, row->Matches));
    }
}
