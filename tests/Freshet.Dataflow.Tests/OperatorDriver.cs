using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests;

/// <summary>Drives one operator through steps as a circuit does, and adds up what comes out.</summary>
internal sealed class OperatorDriver(Operator op)
{
    private readonly StepContext _context = new();
    private readonly Dictionary<string, long> _sum = [];
    private readonly Dictionary<string, long>[] _sides = [[], []];
    private long _step;

    public Operator Operator { get; } = op;

    /// <summary>Batches made so far.</summary>
    public int Batches { get; private set; }

    /// <summary>Rows of the last step's output in the order in which they came, as <c>1|a x+1</c>.</summary>
    public List<string> Delta { get; } = [];

    /// <summary>The result after all steps: rows with their net weights, sorted.</summary>
    public List<string> Result => Sorted(_sum);

    public List<string> Side(int side) => Sorted(_sides[side]);

    /// <summary>One step with the given batches.</summary>
    public List<string> Step(long watermark, params (int Port, Batch Batch)[] inputs)
    {
        _context.Begin(++_step, 1_700_000_000_000_000 + _step);
        Delta.Clear();
        foreach (var (port, batch) in inputs)
        {
            Operator.Accept(port, batch, _context);
            Drain();
        }

        Operator.EndOfInput(_context, watermark);
        Drain();
        Operator.EndOfStep();
        return Delta;
    }

    public List<string> Step(params Batch[] inputs) => Step(Operator.NoWatermark, [.. inputs.Select(b => (0, b))]);

    /// <summary>Feeds rows to port 0 cut at random into batches and steps.</summary>
    public void Feed(Random random, PhysicalKind[] kinds, (object?[] Values, long Weight)[] rows) =>
        Feed(random, [kinds], [.. rows.Select(r => (0, r.Values, r.Weight))]);

    /// <summary>Feeds rows to several ports cut at random into batches and steps.</summary>
    public void Feed(Random random, PhysicalKind[][] kinds, (int Port, object?[] Values, long Weight)[] rows, Func<int, long>? watermarkAfter = null)
    {
        for (var at = 0; at < rows.Length;)
        {
            var length = Math.Min(rows.Length - at, 1 + random.Next(random.Next(2) == 0 ? 3 : 60));
            var batches = new List<(int, Batch)>();
            for (var from = at; from < at + length;)
            {
                var port = rows[from].Port;
                var to = from + 1;
                while (to < at + length && rows[to].Port == port && random.Next(4) != 0) to++;
                batches.Add((port, TestRows.Weighted(kinds[port], [.. rows[from..to].Select(r => (r.Values, r.Weight))])));
                from = to;
            }

            at += length;
            Step(watermarkAfter?.Invoke(at) ?? Operator.NoWatermark, [.. batches]);
        }
    }

    private void Drain()
    {
        while (Operator.Produce(_context) is { } output)
        {
            Batches++;
            foreach (var (values, weight) in TestRows.Read(output))
            {
                Delta.Add(TestRows.Text(values, weight));
                Add(_sum, values, weight);
            }

            output.Release();
        }

        for (var side = 0; side < 2; side++)
        {
            while (Operator.TakeSide(side) is { } rows)
            {
                foreach (var (values, weight) in TestRows.Read(rows)) Add(_sides[side], values, weight);
                rows.Release();
            }
        }
    }

    private static void Add(Dictionary<string, long> sum, object?[] values, long weight)
    {
        var key = string.Join("|", values.Select(TestRows.Text));
        sum[key] = sum.GetValueOrDefault(key) + weight;
        if (sum[key] == 0) sum.Remove(key);
    }

    private static List<string> Sorted(Dictionary<string, long> sum) =>
        [.. sum.Select(p => p.Key + (p.Value >= 0 ? " x+" : " x") + p.Value).Order(StringComparer.Ordinal)];
}
