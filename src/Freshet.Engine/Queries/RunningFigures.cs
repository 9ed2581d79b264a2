using System.Diagnostics;
using System.Globalization;
using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Engine.Steps;
using Freshet.Plan;
using Freshet.Plan.Explaining;

namespace Freshet.Engine.Queries;

/// <summary>
/// The figures of a running circuit for EXPLAIN. They are read once, between two steps, when the first is asked for. An operator is
/// found by its plan node's identity; one that is lowered to several nodes is their sum: what the first takes, what the last gives.
/// </summary>
internal sealed class RunningFigures(StepRunner runner, StepLoop loop) : IRunningFigures
{
    private Reading? _reading;

    private Reading Figures => _reading ??= loop.Between(() => new Reading(runner));

    public string? Of(PlanNode node)
    {
        if (node is Scan scan)
            return Figures.Sources.FirstOrDefault(s => s.Name == scan.Table.SourceTable.Name) is { } source ? Text($"{source.Rows:N0} rows taken{(source.Errors == 0 ? "" : Text($", {source.Errors:N0} could not be decoded"))}") : null;
        var nodes = Figures.NodesOf(node).Select(n => n.Figures).ToList();
        if (nodes.Count == 0) return null;
        var sum = nodes.Aggregate(NodeFigures.Add);
        var state = sum.StateRows == 0 ? "" : Text($", state of {sum.StateRows:N0} row{(sum.StateRows == 1 ? "" : "s")} and {Bytes(sum.StateBytes)}");
        return Text($"{nodes[0].RowsIn:N0} rows in, {nodes[^1].RowsOut:N0} rows out, {sum.BusyTicks * 1000.0 / Stopwatch.Frequency:N1} ms{state}");
    }

    public IEnumerable<string?[]> Watermarks(PlanNode plan)
    {
        var tables = PlanText.Scans(plan).Where(s => s.Table.Watermark is not null).Select(s => s.Table.SourceTable.Name).ToHashSet();
        var sources = Figures.Sources.Where(s => tables.Contains(s.Name)).ToList();
        var waits = Waiting(plan).DistinctBy(n => n.Identity).ToList();
        var due = waits.SelectMany(Figures.NodesOf).Select(n => n.DueWatermark).DefaultIfEmpty(Operator.EndWatermark).Min();
        foreach (var source in sources)
        {
            var isLast = !source.IsIdle && sources.All(s => s.IsIdle || s.Watermark >= source.Watermark);
            var isAhead = due == Operator.EndWatermark || source.Watermark == Operator.NoWatermark || source.Watermark >= due;
            yield return
            [
                source.Name,
                Time(source.Watermark),
                Time(source.LastRowTime),
                source.LastTaken == 0 ? null : Time(source.LastTaken),
                source.IsIdle ? Time(source.LastTaken) : null,
                waits.Count == 0 ? "nothing waits" : isLast ? "yes" : "no",
                due == Operator.EndWatermark ? null : Time(due),
                isAhead ? null : Text($"{(due - source.Watermark) / 1_000_000.0:0.###} s"),
            ];
        }
    }

    private static IEnumerable<PlanNode> Waiting(PlanNode plan) => plan.Inputs.SelectMany(Waiting).Concat(plan.WaitsForWatermark ? [plan] : []);

    private static string? Time(long micros) => micros switch
    {
        Operator.NoWatermark => null,
        > 253_402_300_799_000_000 => "the end",
        _ => DateTime.UnixEpoch.AddMicroseconds(micros).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture),
    };

    private static string Bytes(long bytes) => bytes switch
    {
        < 1024 => Text($"{bytes} B"),
        < 1024 * 1024 => Text($"{bytes / 1024.0:N1} KiB"),
        _ => Text($"{bytes / (1024.0 * 1024):N1} MiB"),
    };

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private sealed record SourceReading(string Name, long Rows, long Errors, long Watermark, long LastRowTime, long LastTaken, bool IsIdle);

    private sealed record NodeReading(NodeFigures Figures, long DueWatermark);

    /// <summary>Everything as it is between two steps; made on the engine's thread.</summary>
    private sealed class Reading
    {
        private readonly ILookup<string, NodeReading> _nodes;

        public Reading(StepRunner runner)
        {
            var circuit = runner.Circuit;
            _nodes = Enumerable.Range(0, circuit.Spec.Nodes.Length)
                .Where(n => !circuit.Spec.Nodes[n].IsSource && circuit.Spec.Nodes[n].Identity.Length > 0)
                .ToLookup(n => circuit.Spec.Nodes[n].Identity, n => new NodeReading(circuit.FiguresOf(n), circuit.DueWatermarkOf(n)));
            Sources =
            [
                .. runner.Inputs.Select(i =>
                {
                    var partitions = Enumerable.Range(0, i.Source.Partitions).ToList();
                    return new SourceReading(i.Source.Name, i.RowsTaken, i.Errors, circuit.WatermarkOf(i.Node), partitions.Max(i.LastRowTime), partitions.Max(i.LastTakenMicros), i.IsIdle);
                }),
            ];
        }

        public IReadOnlyList<SourceReading> Sources { get; }

        public IEnumerable<NodeReading> NodesOf(PlanNode node) => _nodes[node.Identity];
    }
}
