using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Engine.Sinks;
using Freshet.Engine.Steps;
using Freshet.Engine.Views;
using Freshet.Plan;
using Freshet.Plan.Explaining;
using Freshet.Sql.Binding;

namespace Freshet.Engine.Graphs;

/// <summary>
/// Draws a circuit: which of its nodes are shown, and how they hang together, is found once; the figures are read each time. Every
/// circuit node belongs to one drawn node or to none; one that belongs to none passes its inputs on to those that read it.
/// Cost of a reading: two numbers for each node and share.
/// </summary>
internal sealed class CircuitGraphReader
{
    private readonly StepRunner _runner;
    private readonly IReadOnlyList<ViewOutput> _views;
    private readonly IReadOnlyList<SinkOutput> _sinks;
    private readonly ScriptBinder _binder;
    private readonly Dictionary<string, PlanNode> _plans = [];
    private readonly List<Drawn> _drawn = [];

    public CircuitGraphReader(StepRunner runner, IReadOnlyList<ViewOutput> views, IReadOnlyList<SinkOutput> sinks, ScriptBinder binder)
    {
        _runner = runner;
        _views = views;
        _sinks = sinks;
        _binder = binder;
        foreach (var plan in binder.MaterializedViews.Select(v => v.Plan).Concat(binder.Inserts.Select(i => i.Plan))) AddPlans(plan);
        Draw();
    }

    /// <summary>Whose circuit it draws.</summary>
    public StepRunner Runner => _runner;

    /// <summary>Between steps, on the engine's thread.</summary>
    public CircuitGraph Read(long step)
    {
        var nodes = new List<GraphNode>();
        foreach (var drawn in _drawn) nodes.Add(Read(drawn, nodes));
        return new CircuitGraph(step, nodes);
    }

    /// <summary>A drawn node and the circuit's nodes that it stands for.</summary>
    private sealed record Drawn(int Id, GraphNodeKind Kind, string Name, List<int> Members)
    {
        public string Title { get; init; } = Name;

        public PlanNode? Plan { get; init; }

        public string? Sql { get; init; }

        public ServedView? View { get; init; }

        public SortedSet<int> Inputs { get; } = [];
    }

    private void AddPlans(PlanNode plan)
    {
        if (!_plans.TryAdd(plan.Identity, plan)) return;
        foreach (var input in plan.Inputs) AddPlans(input);
    }

    private void Draw()
    {
        var nodes = _runner.Circuit.Spec.Nodes;
        // For each node of the circuit the drawn nodes whose rows leave it.
        var givers = new SortedSet<int>[nodes.Length];
        var byIdentity = new Dictionary<string, Drawn>();
        for (var n = 0; n < nodes.Length; n++)
        {
            var inputs = new SortedSet<int>(nodes[n].Inputs.Where(i => i.Edge.Output == 0 || !IsSide(n, i.Edge.From)).SelectMany(i => givers[i.Edge.From]));
            if (DrawnOf(n, nodes[n], byIdentity) is not { } drawn)
            {
                givers[n] = inputs;
                continue;
            }

            if (!_drawn.Contains(drawn)) _drawn.Add(drawn);
            drawn.Members.Add(n);
            inputs.Remove(drawn.Id);
            drawn.Inputs.UnionWith(inputs);
            givers[n] = [drawn.Id];
        }
    }

    /// <summary>Errors and late rows leave by side outputs; those of a feed are tables.</summary>
    private bool IsSide(int node, int from) => _runner.Circuit.Spec.Nodes[node].Identity.Length == 0 || _plans.ContainsKey(_runner.Circuit.Spec.Nodes[from].Identity);

    private Drawn? DrawnOf(int n, NodeSpec node, Dictionary<string, Drawn> byIdentity)
    {
        if (node.IsSource) return new Drawn(n, GraphNodeKind.Source, node.Name, []);
        if (_views.FirstOrDefault(v => v.Node == n)?.View is { } view)
            return view.Rows == ServedRows.Result ? new Drawn(n, GraphNodeKind.View, view.Name, []) { View = view, Sql = _binder.MaterializedViews.FirstOrDefault(v => v.Name == view.Name)?.Sql } : null;
        if (_sinks.FirstOrDefault(s => s.Node == n) is { } sink)
            return new Drawn(n, GraphNodeKind.Sink, sink.Name, []) { Title = "INSERT INTO " + sink.Name, Plan = null };
        var plan = _plans.GetValueOrDefault(node.Identity);
        // What reads a feed's output only moves its rows; the feed itself is no part of any plan.
        if (plan is Scan || (plan is null && (node.Identity.Length == 0 || node.Identity.Contains(' ', StringComparison.Ordinal)))) return null;
        if (byIdentity.TryGetValue(node.Identity, out var known)) return known;
        var drawn = new Drawn(n, GraphNodeKind.Operator, node.Name, []) { Plan = plan, Title = TitleOf(node, plan) };
        byIdentity.Add(node.Identity, drawn);
        return drawn;
    }

    /// <summary>A filter and the columns above it are one operator.</summary>
    private static string TitleOf(NodeSpec node, PlanNode? plan) => plan switch
    {
        null => node.Name,
        Project { Inputs: [Filter filter] } when node.Name == "filter" => $"{PlanText.TitleOf(filter)}; {PlanText.TitleOf(plan)}",
        _ => PlanText.TitleOf(plan),
    };

    private GraphNode Read(Drawn drawn, List<GraphNode> before)
    {
        var circuit = _runner.Circuit;
        var all = drawn.Members.Select(circuit.FiguresOf).ToList();
        var sum = all.Aggregate(NodeFigures.Add);
        var due = drawn.Members.Select(circuit.DueWatermarkOf).Min();
        var watermark = circuit.WatermarkOf(drawn.Members[^1]);
        var node = new GraphNode(drawn.Id, drawn.Kind, drawn.Name, drawn.Title, [.. drawn.Inputs], sum with { RowsIn = all[0].RowsIn, RowsOut = all[^1].RowsOut })
        {
            Notes = drawn.Plan is { } plan ? PlanText.NotesOf(plan) : [],
            WatermarkMicros = watermark is Operator.NoWatermark or Operator.EndWatermark ? null : watermark,
            DueMicros = due is Operator.EndWatermark or Operator.NoWatermark ? null : due,
            Sql = drawn.Sql,
        };
        node = drawn.Kind switch
        {
            GraphNodeKind.Source => OfSource(node),
            GraphNodeKind.View => OfView(node, drawn.View!),
            GraphNodeKind.Sink => node with { Figures = node.Figures with { RowsOut = node.Figures.RowsIn } },
            _ => node,
        };
        return node with { Why = Reasons.WhyNothing(node, drawn.Plan, before) };
    }

    private GraphNode OfSource(GraphNode node)
    {
        if (_runner.Inputs.FirstOrDefault(i => i.Node == node.Id) is not { } input) return node;
        return node with
        {
            Title = "Source " + node.Name,
            Figures = new NodeFigures(input.RowsTaken, input.RowsTaken, 0, 0, 0),
            ErrorRows = input.Errors,
            WatermarkMicros = input.Watermark is Operator.NoWatermark or Operator.EndWatermark ? null : input.Watermark,
            Notes = input.Source.Problem is { } problem ? [problem] : [],
        };
    }

    private GraphNode OfView(GraphNode node, ServedView view) => node with
    {
        Title = "View " + node.Name,
        Figures = node.Figures with { RowsOut = node.Figures.RowsIn, StateRows = view.Table.Rows, StateBytes = view.Table.Bytes },
        LateRows = RowsOf(view.Name, ServedRows.Late),
        ErrorRows = RowsOf(view.Name, ServedRows.Errors),
    };

    private long RowsOf(string name, ServedRows kind) => _views.Where(v => v.View.Rows == kind && v.View.Of == name).Sum(v => v.View.Table.Rows);
}
