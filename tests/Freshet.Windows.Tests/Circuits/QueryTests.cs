using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Consolidation;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Projection;
using Freshet.Dataflow.Results;
using Freshet.Kernels.Expressions;
using Freshet.Tests;
using Freshet.Windows;

namespace Freshet.Dataflow.Tests.Circuits;

/// <summary>
/// A query of several operators over two sources: orders left joined with customers, counted and summed by the customer's city,
/// and orders by customer and window. Its result may depend neither on the cut into batches and steps, nor on the number of
/// shares, nor on the hash seed.
/// </summary>
public sealed class QueryTests
{
    private static readonly ImmutableArray<SqlType> Orders = [SqlType.BigInt, SqlType.Timestamp(3), SqlType.Double];
    private static readonly ImmutableArray<SqlType> Customers = [SqlType.BigInt, SqlType.String];
    private static readonly PhysicalKind[][] Kinds = [[.. Orders.Select(t => t.Physical)], [.. Customers.Select(t => t.Physical)]];

    private static readonly int[] Results = [5, 8];

    [Theory]
    [InlineData(400)]
    [InlineData(12_000)]
    public void Neither_the_cut_nor_the_shares_nor_the_seed_show_in_the_result(int count)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var rows = RandomInput(random, count);
        var expected = Run(rows, 1, 1, [count]);
        foreach (var shares in new[] { 1, 2, 3 })
        {
            var cut = new List<int>();
            for (var left = count; left > 0; left -= cut[^1]) cut.Add(Math.Min(left, 1 + random.Next(random.Next(2) == 0 ? 5 : count)));
            var found = Run(rows, shares, (ulong)random.NextInt64(), cut);
            foreach (var node in Results) Assert.True(expected.Sums[node].SequenceEqual(found.Sums[node]), $"random seed {seed}, {shares} shares, node {node}");
        }
    }

    [Fact]
    public void The_deltas_of_each_step_are_the_same_with_any_number_of_shares()
    {
        var seed = Seeds.Next();
        var rows = RandomInput(new Random(seed), 9_000);
        int[] cut = [5000, 1, 3, 3996];
        var expected = Run(rows, 1, 1, cut);
        foreach (var shares in new[] { 2, 3 })
        {
            var found = Run(rows, shares, 99, cut);
            for (var step = 0; step < expected.Deltas.Count; step++)
                Assert.True(expected.Deltas[step].SequenceEqual(found.Deltas[step]), $"random seed {seed}, {shares} shares, step {step}");
        }
    }

    [Fact]
    public void Taking_everything_back_leaves_no_state()
    {
        var rows = RandomInput(new Random(5), 2_000);
        var both = rows.Concat(rows.Select(r => (r.Port, r.Values, -r.Weight)).Reverse()).ToArray();
        var found = Run(both, 2, 7, [700, 1300, 2000], endsAt: Operator.NoWatermark);
        foreach (var node in Results) Assert.Empty(found.Sums[node]);
        Assert.Equal(0, found.StateRows);
    }

    private sealed record Outcome(Dictionary<int, List<string>> Sums, List<List<string>> Deltas, long StateRows);

    private static Outcome Run((int Port, object?[] Values, long Weight)[] rows, int shares, ulong seed, IReadOnlyList<int> cut, long endsAt = Operator.EndWatermark)
    {
        using var circuit = new Circuit(Spec(seed), shares, seed);
        var step = new StepContext();
        var sums = Results.ToDictionary(r => r, _ => new Dictionary<string, long>());
        var deltas = new List<List<string>>();
        var at = 0;
        for (var n = 0; n < cut.Count; n++)
        {
            step.Begin(n + 1, 0);
            var batches = new List<SourceBatch>();
            foreach (var chunk in rows.AsSpan(at, cut[n]).ToArray().Chunk(1000))
            {
                foreach (var side in chunk.GroupBy(r => r.Port))
                    batches.Add(new SourceBatch(side.Key, TestRows.Weighted(Kinds[side.Key], [.. side.Select(r => (r.Values, r.Weight))])));
            }

            at += cut[n];
            if (n == cut.Count - 1)
            {
                circuit.AdvanceWatermark(0, endsAt);
                circuit.AdvanceWatermark(1, endsAt);
            }

            circuit.Run(step, batches.ToArray());
            deltas.Add(Take(circuit, sums));
        }

        circuit.EndStep();
        long state = 0;
        for (var node = 2; node < circuit.Spec.Nodes.Length; node++) state += circuit.FiguresOf(node).StateRows;
        return new Outcome(sums.ToDictionary(s => s.Key, s => s.Value.Select(p => $"{p.Key} x{p.Value}").Order(StringComparer.Ordinal).ToList()), deltas, state);
    }

    private static List<string> Take(Circuit circuit, Dictionary<int, Dictionary<string, long>> sums)
    {
        var delta = new List<string>();
        var batches = new List<Batch>();
        foreach (var node in Results)
        {
            for (var share = 0; share < circuit.Shares; share++) ((CollectorOperator)circuit.OperatorOf(node, share)).Take(batches);
            foreach (var batch in batches)
            {
                foreach (var (values, weight) in TestRows.Read(batch))
                {
                    var text = string.Join("|", values.Select(TestRows.Text));
                    delta.Add($"{node}: {text} x{weight}");
                    var sum = sums[node];
                    sum[text] = sum.GetValueOrDefault(text) + weight;
                    if (sum[text] == 0) sum.Remove(text);
                }

                batch.Release();
            }

            batches.Clear();
        }

        delta.Sort(StringComparer.Ordinal);
        return delta;
    }

    private static CircuitSpec Spec(ulong seed)
    {
        var join = new JoinSpec(JoinKind.LeftOuter, Orders, Customers, [0], [0], null, [4, 2]);
        var byCity = new AggregateSpec([SqlType.String, SqlType.Double], [0], [AggregateCall.CountStar("n"), new("s", AggregateKind.Sum, 1, SqlType.Double), new("m", AggregateKind.Max, 1, SqlType.Double)], false);
        var input = Schema.Of(("customer", SqlType.BigInt), ("ts", SqlType.Timestamp(3)), ("total", SqlType.Double));
        var windows = new WindowAggregateSpec(WindowSpec.Hop(1_000_000, 3_000_000), input, 1, [0], [AggregateCall.CountStar("n"), new("s", AggregateKind.Sum, 2, SqlType.Double)], false, []);
        var kept = new FilterProjectSpec(new GreaterThan(0, 2), [.. Orders.Select((t, i) => new Dataflow.Projection.Projection("c" + i, new ColumnReference(i, t)))], []);
        return new CircuitSpec(
        [
            NodeSpec.Source("orders"),
            NodeSpec.Source("customers"),
            new NodeSpec("join", "", _ => new JoinOperator(join, seed), [new(0, EdgeSpec.Keyed(0, [0])), new(1, EdgeSpec.Keyed(1, [0]))]),
            new NodeSpec("by city", "", share => new AggregateOperator(byCity, share, seed), [new(0, EdgeSpec.Keyed(2, [0]))]),
            new NodeSpec("delta", "", _ => new ConsolidatorOperator(), [new(0, EdgeSpec.Keyed(3, [0]))]),
            new NodeSpec("result", "", _ => new CollectorOperator(), [new(0, EdgeSpec.Local(4))]),
            new NodeSpec("filter", "", _ => new FilterProjectOperator(kept), [new(0, EdgeSpec.Local(0))]),
            new NodeSpec("windows", "", _ => new WindowAggregateOperator(windows, seed), [new(0, EdgeSpec.Keyed(6, [0]))]),
            new NodeSpec("window result", "", _ => new CollectorOperator(), [new(0, EdgeSpec.Local(7))]),
        ]);
    }

    private static (int Port, object?[] Values, long Weight)[] RandomInput(Random random, int count)
    {
        var rows = new List<(int Port, object?[] Values, long Weight)>();
        var live = new List<(int Port, object?[] Values, long Weight)>();
        var clock = 0L;
        while (rows.Count < count)
        {
            clock += random.Next(20_000);
            if (live.Count > 0 && random.Next(4) == 0)
            {
                var at = random.Next(live.Count);
                rows.Add((live[at].Port, live[at].Values, -1));
                live[at] = live[^1];
                live.RemoveAt(live.Count - 1);
                continue;
            }

            object? customer = random.Next(15) == 0 ? null : random.Next(40);
            (int, object?[], long) row = random.Next(8) == 0
                ? (1, [customer, random.Next(6) == 0 ? null : "a city with a long name " + random.Next(7)], 1)
                : (0, [customer, clock - random.Next(100_000), random.Next(10_000) / 100.0], 1);
            rows.Add(row);
            live.Add(row);
        }

        return [.. rows];
    }
}
