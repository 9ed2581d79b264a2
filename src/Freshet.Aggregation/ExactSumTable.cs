using System.Numerics;
using Freshet.Dataflow.Tables;

namespace Freshet.Aggregation;

/// <summary>
/// Exact sums of doubles in the rows of groups, with a table beside them for the few that do not fit three parts. Whoever owns a
/// sum gives it back with <see cref="Release"/>.
/// </summary>
internal sealed unsafe class ExactSumTable : IDisposable
{
    private readonly RowPages _wide = new(sizeof(WideSum));

    public long Rows => _wide.Rows;

    public long Bytes => _wide.Bytes;

    /// <summary>Adds a value <paramref name="weight"/> times (takes it back when negative).</summary>
    public void Add(ExactSum* sum, double value, long weight)
    {
        if (weight is 1 or -1 && sum->TryAdd(weight == 1 ? value : -value)) return;
        AddRarely(sum, value, weight);
    }

    /// <summary>Adds another sum of the same table.</summary>
    public void AddAll(ExactSum* into, ExactSum* from)
    {
        if (from->IsSpilled)
        {
            Spill(into);
            Wide(into)->Add(Wide(from));
            return;
        }

        for (var part = 0; part < from->Count; part++) Add(into, from->Part(part), 1);
    }

    public double ToDouble(ExactSum* sum) => sum->IsSpilled ? Wide(sum)->ToDouble() : sum->ToDouble();

    public float ToSingle(ExactSum* sum) => sum->IsSpilled ? Wide(sum)->ToSingle() : sum->ToSingle();

    /// <summary>The sum in units of the smallest double; false where a value was not finite.</summary>
    public bool TryToInteger(ExactSum* sum, out BigInteger units)
    {
        if (sum->IsSpilled) return Wide(sum)->TryToInteger(out units);
        WideSum wide = default;
        sum->MoveTo(&wide);
        return wide.TryToInteger(out units);
    }

    public void Release(ExactSum* sum)
    {
        if (sum->IsSpilled) _wide.Remove(sum->Slot);
    }

    public void EndOfStep() => _wide.EndOfStep();

    public void Dispose() => _wide.Dispose();

    /// <summary>A weight other than 1 or -1, or a sum that does not fit its parts.</summary>
    private void AddRarely(ExactSum* sum, double value, long weight)
    {
        if (!sum->IsSpilled)
        {
            // Doubling is exact, so a weight is added bit by bit.
            var trial = *sum;
            var fits = true;
            var power = weight < 0 ? -value : value;
            for (var left = weight < 0 ? 0UL - (ulong)weight : (ulong)weight; left != 0 && fits; left >>= 1, power *= 2)
                fits = (left & 1) == 0 || trial.TryAdd(power);
            if (fits)
            {
                *sum = trial;
                return;
            }

            Spill(sum);
        }

        Wide(sum)->Add(value, weight);
    }

    private void Spill(ExactSum* sum)
    {
        if (sum->IsSpilled) return;
        var slot = _wide.Add();
        sum->MoveTo((WideSum*)_wide.At(slot));
        sum->Spill(slot);
    }

    private WideSum* Wide(ExactSum* sum) => (WideSum*)_wide.At(sum->Slot);
}
