using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Consolidation;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Projection;
using Freshet.Dataflow.Results;
using Freshet.Dataflow.Sorting;
using Freshet.Dataflow.Unions;
using Freshet.Dataflow.Unnesting;
using Freshet.Engine.Sources;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Plan.Explaining;

namespace Freshet.Engine.Planning;

/// <summary>A source node of a circuit and what it must give: the columns that some query reads, then the row's position.</summary>
/// <param name="TellsWatermarks">Every row carries the watermark of its position, because a query reads it.</param>
/// <param name="Order">Its place among the circuit's sources, where its rows' positions are asked for; -1 where nothing orders by them.</param>
internal sealed record SourceNode(int Node, TableDefinition Table, ImmutableArray<ScanColumn> Columns, int Order = -1, bool TellsWatermarks = false);

/// <summary>The rows of a VALUES, which enter with the first step.</summary>
/// <param name="HasPosition">The last column is the row's position: its place in the list.</param>
internal sealed record ConstantNode(int Node, Values Values, bool HasPosition = false);

/// <summary>
/// Logical plans to one circuit. A table is read once, with the columns that any of the plans needs; equal subtrees are one
/// operator. Row errors of every operator below a result go to that result's error output.
/// </summary>
internal sealed class CircuitBuilder(ulong seed, TimeZoneInfo zone)
{
    private readonly List<NodeSpec> _nodes = [];
    private readonly Dictionary<string, string> _titles = [];
    private readonly Dictionary<string, Stream> _streams = [];
    private readonly Dictionary<string, SourceNode> _sources = [];
    private readonly Dictionary<string, int> _feeds = [];
    private readonly Dictionary<string, Dictionary<int, SharedRelation>> _relations = [];
    private readonly Dictionary<string, Dictionary<int, AggregateOperator>> _groups = [];
    private readonly List<ConstantNode> _constants = [];
    private readonly Dictionary<string, List<(int Side, int Node, Schema Schema, int Columns)>> _lates = [];
    private PositionDemand _demand = new([]);

    public ulong Seed => seed;

    public TimeZoneInfo Zone => zone;

    public IEnumerable<SourceNode> Sources => _sources.Values;

    public IReadOnlyList<ConstantNode> Constants => _constants;

    /// <summary>Columns of every error output.</summary>
    public static Schema ErrorSchema { get; } = Schema.Of(("position", SqlType.BigInt), ("column", SqlType.String.NotNull), ("value", SqlType.String), ("reason", SqlType.String.NotNull));

    /// <summary>What the operators compute, by the identity of their plan node.</summary>
    public IReadOnlyDictionary<string, string> Titles => _titles;

    public CircuitSpec Build() => new([.. _nodes]);

    /// <summary>Makes the source nodes for all tables of these plans; called once, before the outputs.</summary>
    public void AddSources(IEnumerable<PlanNode> plans)
    {
        var all = plans.ToList();
        _demand = new PositionDemand(all);
        var columns = new Dictionary<string, (TableDefinition Table, List<ScanColumn> Columns)>();
        foreach (var scan in all.SelectMany(ScansOf))
        {
            var from = scan.Table.SourceTable;
            if (!columns.TryGetValue(from.Name, out var table)) columns.Add(from.Name, table = (from, []));
            foreach (var column in FeedLowering.ColumnsOf(scan))
                if (!table.Columns.Any(c => c.ToString() == column.ToString())) table.Columns.Add(column);
        }

        var told = all.SelectMany(WatermarkReaders).SelectMany(ScansOf).Select(s => s.Table.SourceTable.Name).ToHashSet();

        // 0 is the place of constants.
        var place = 1;
        foreach (var (name, table) in columns.OrderBy(c => c.Key, StringComparer.Ordinal))
            _sources.Add(name, new SourceNode(Add(NodeSpec.Source(name)), table.Table, [.. table.Columns], _demand.OfTable(name) ? place++ : -1, told.Contains(name)));
        foreach (var feed in all.SelectMany(ScansOf).Select(s => s.Table.Feed?.Feed).OfType<TableFeed>().DistinctBy(f => f.Fingerprint).OrderBy(f => f.Fingerprint, StringComparer.Ordinal))
            _feeds.Add(feed.Fingerprint, FeedLowering.Add(this, feed, SourceOf(feed.Source), [.. all.SelectMany(ScansOf).Select(s => s.Table.Feed).Where(f => f?.Feed.Fingerprint == feed.Fingerprint).Select(f => f!.Number)]));
    }

    private static IEnumerable<PlanNode> WatermarkReaders(PlanNode plan) => BoundCurrentWatermark.IsIn(plan) ? [plan] : plan.Inputs.SelectMany(WatermarkReaders);

    /// <summary>A kept result: consolidated by key, collected in each share. Gives the collector and the collector of its row errors.</summary>
    public (int Rows, int Errors) AddResult(string name, PlanNode plan, ImmutableArray<int> key)
    {
        var stream = Exact(Translate(plan));
        Func<int, Operator> consolidate = FeedLowering.IsConsolidated(plan) ? _ => new UnionOperator() : _ => new ConsolidatorOperator();
        var consolidated = Add(new NodeSpec(name + " delta", plan.Identity + " delta", consolidate, [Input(EdgeSpec.Keyed(stream.Node, key))]));
        var rows = Add(new NodeSpec(name, plan.Identity + " rows", _ => new CollectorOperator(), [Input(EdgeSpec.Local(consolidated))]));
        return (rows, AddErrors(name, stream.Errors));
    }

    /// <summary>A result's changes in content order, for who writes them elsewhere. Gives the collector and that of its row errors.</summary>
    public (int Rows, int Errors) AddChanges(string name, PlanNode plan)
    {
        var stream = Exact(Translate(plan));
        var consolidated = Add(new NodeSpec(name + " delta", plan.Identity + " delta", _ => new ConsolidatorOperator(), [Input(EdgeSpec.Single(stream.Node))]));
        return (Add(new NodeSpec(name, plan.Identity + " rows", _ => new CollectorOperator(), [Input(EdgeSpec.Local(consolidated))])), AddErrors(name, stream.Errors));
    }

    /// <summary>A result as it comes, or sorted at the end of the input. Gives the collector and that of its row errors.</summary>
    /// <param name="takesChanges">Whoever reads the result takes rows back too: they leave with each step.</param>
    public (int Rows, int Errors) AddQuery(string name, PlanNode plan, bool takesChanges = false)
    {
        SortSpec? spec = null;
        var isCut = false;
        var final = plan as Project;
        if (final?.Inputs[0] is Sort) plan = final.Inputs[0];
        else final = null;
        if (plan is Sort sort)
        {
            plan = sort.Inputs[0];
            isCut = sort.OrdersByPosition;
            spec = new SortSpec([.. sort.Columns.Select(c => new SortKey(c.Column, c.IsDescending, c.NullsFirst))], sort.Offset, sort.Limit, plan.IsAppendOnly);
        }
        else if (!plan.IsAppendOnly && !takesChanges)
        {
            spec = new SortSpec([], 0, null, false);
        }

        var stream = isCut ? ExactWithOrder(Translate(plan)) : Exact(Translate(plan));
        if (stream.Order >= 0) spec = spec! with { Keys = spec.Keys.Add(new SortKey(stream.Order)) };
        var last = spec is null
            ? stream.Node
            : Add(new NodeSpec(name + " sorted", "", _ => new SortOperator(spec), [Input(EdgeSpec.Single(stream.Node))]));
        if (final is not null || stream.Order >= 0)
        {
            // Columns that were there for the order alone go after the sort.
            var kept = final?.Expressions ?? [.. plan.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))];
            var taken = new FilterProjectSpec(null, [.. kept.Select((e, i) => new Projection($"c{i}", e.Lower()))], []) { TimeZone = zone };
            var sorted = last;
            last = Add(new NodeSpec(name + " columns", "", _ => new FilterProjectOperator(taken), [Input(EdgeSpec.Local(sorted))]));
        }

        var rows = Add(new NodeSpec(name, "", _ => new CollectorOperator(), [Input(EdgeSpec.Single(last))]));
        return (rows, AddErrors(name, stream.Errors));
    }

    private static IEnumerable<Scan> ScansOf(PlanNode plan) => plan is Scan scan ? [scan] : plan.Inputs.SelectMany(ScansOf);

    internal int Add(NodeSpec node)
    {
        _nodes.Add(node);
        return _nodes.Count - 1;
    }

    internal static InputSpec Input(EdgeSpec edge, int port = 0) => new(port, edge);

    private int AddErrors(string name, ImmutableHashSet<ErrorOutput> errors)
    {
        var inputs = new List<InputSpec>();
        foreach (var error in errors.OrderBy(e => e.Node))
        {
            // Errors of no single row get an empty position, so that all have the same columns.
            var node = error.Node;
            var output = 1;
            if (!error.HasPosition)
            {
                var nothing = new LiteralExpression(SqlType.BigInt, true, 0, null);
                ImmutableArray<Projection> columns = [new("position", nothing), .. Enumerable.Range(0, ErrorRows.OwnColumns).Select(i => new Projection(ErrorSchema.Fields[i + 1].Name, new ColumnReference(i, ErrorSchema[i + 1])))];
                var spec = new FilterProjectSpec(null, columns, []);
                node = Add(new NodeSpec("errors", "", _ => new FilterProjectOperator(spec), [Input(EdgeSpec.Local(node, 1))]));
                output = 0;
            }

            inputs.Add(Input(EdgeSpec.Local(node, output), inputs.Count));
        }

        if (inputs.Count == 0) return -1;
        var union = inputs.Count == 1 && inputs[0].Edge.Output == 0 ? inputs[0].Edge.From : Add(new NodeSpec("errors", "", _ => new UnionOperator(), [.. inputs]));
        var single = Add(new NodeSpec(name + "$errors delta", "", _ => new ConsolidatorOperator(), [Input(EdgeSpec.Single(union))]));
        return Add(new NodeSpec(name + "$errors", "", _ => new CollectorOperator(), [Input(EdgeSpec.Local(single))]));
    }

    internal Stream Translate(PlanNode plan)
    {
        if (_streams.TryGetValue(plan.Text, out var known)) return known;
        var stream = plan switch
        {
            Scan scan => ScanOf(scan),
            Values values => ValuesOf(values),
            Project { Inputs: [Filter filter] } project => FilterProject(Translate(filter.Inputs[0]), filter.Condition, project.Expressions, project.Names, project),
            Project project => FilterProject(Translate(project.Inputs[0]), null, project.Expressions, project.Names, project),
            Filter filter => FilterProject(Translate(filter.Inputs[0]), filter.Condition, [.. filter.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))], [.. filter.Schema.Fields.Select(f => f.Name)], filter),
            Plan.Aggregate aggregate => AggregateLowering.Lower(this, aggregate, seed),
            PaneAggregate panes => PaneAggregateLowering.Of(panes, this),
            WindowAssign assign => WindowLowering.Assign(this, assign, zone),
            SessionAssign session => WindowLowering.Session(this, session, seed, zone),
            WindowAggregate window => WindowLowering.Aggregate(this, window, seed, zone),
            AttachedWindowAggregate window => WindowLowering.Aggregate(this, window, seed, zone),
            Join { OneKey: { } oneKey } join => OneKeyJoinLowering.Of(join, oneKey, this),
            Join { IsWithRelation: true } join => RelationJoinLowering.Of(join, this),
            Join join => _demand.Of(join) ? JoinPositions.Join(this, join, seed, zone) : JoinLowering.Of(join, this),
            SemiJoin semi => JoinLowering.Of(semi, this),
            SetOperation set => SetLowering.Of(set, this),
            TimedJoin timed => TimedJoinLowering.Of(timed, this),
            Expand expand => ExpandLowering.Of(expand, this),
            TemporalFilter filter => TemporalFilterLowering.Of(filter, this),
            TemporalJoin temporal => TemporalJoinLowering.Of(temporal, this),
            Union union => UnionOf(union),
            Upserts upserts => UpsertLowering.Of(upserts, this, _demand.Of(upserts)),
            UpsertChanges changes => ChangelogLowering.Of(changes, this),
            ChangesOfRows changes => ChangelogLowering.Of(changes, this),
            StepChanges changes => StepChangesLowering.Of(changes, this),
            Unnest unnest => UnnestOf(unnest),
            TopN top => RankLowering.Lower(this, top, seed),
            Over over => OverLowering.Lower(this, over, seed),
            _ => throw new InvalidOperationException($"No operator is known for '{plan.Describe()}'."),
        };
        _streams.Add(plan.Text, stream);
        _titles.TryAdd(plan.Identity, PlanText.TitleOf(plan));
        return stream;
    }

    private Stream ScanOf(Scan scan)
    {
        var source = _sources[scan.Table.SourceTable.Name];
        if (scan.Table.Feed is { } output) return FeedLowering.Read(this, scan, _feeds[output.Feed.Fingerprint], SourceOf(output.Feed.Source), _demand.Of(scan));
        return SourceOf(scan.Table) with { Places = [.. scan.Columns.Select(c => PlaceOf(source, c))], Order = _demand.Of(scan) ? source.Columns.Length + 1 : -1 };
    }

    /// <summary>All that a source gives: its columns, the row's offset, and its position where something asks for it.</summary>
    private Stream SourceOf(TableDefinition table)
    {
        var source = _sources[table.Name];
        ImmutableArray<SqlType> types = [.. source.Columns.Select(c => c.Type), SqlType.BigInt.NotNull];
        return new Stream(source.Node, [.. Enumerable.Range(0, source.Columns.Length)], source.Order < 0 ? types : [.. types, RowPosition.Type], source.Columns.Length, []) { Order = source.Order < 0 ? -1 : types.Length };
    }

    /// <summary>Where a source gives a column.</summary>
    internal static int PlaceOf(SourceNode source, ScanColumn column) => source.Columns.ToList().FindIndex(s => s.ToString() == column.ToString());

    internal SourceNode NodeOf(TableDefinition table) => _sources[table.Name];

    private Stream ValuesOf(Values values)
    {
        var node = Add(NodeSpec.Source("values"));
        var hasPosition = _demand.Of(values);
        _constants.Add(new ConstantNode(node, values, hasPosition));
        ImmutableArray<SqlType> types = [.. values.Schema.Fields.Select(f => f.Type)];
        return new Stream(node, [.. Enumerable.Range(0, types.Length)], hasPosition ? types.Add(RowPosition.Type) : types, -1, []) { Order = hasPosition ? types.Length : -1 };
    }

    internal Stream FilterProject(Stream input, BoundExpression? condition, ImmutableArray<BoundExpression> expressions, ImmutableArray<string> names, PlanNode plan)
    {
        var canFail = expressions.Any(e => e.CanFail) || condition?.CanFail == true;
        var shared = SharedParts.Of(condition is null ? expressions : [condition, .. expressions]);
        VectorExpression Lowered(BoundExpression expression) => Placed(shared.Mark(expression), input).Lower();
        var columns = expressions.Select((e, i) => new Projection(names[i], Lowered(e))).ToList();
        if (input.Position >= 0) columns.Add(new Projection("position", new ColumnReference(input.Position, SqlType.BigInt)));
        var order = input.Order >= 0 && _demand.Of(plan) ? columns.Count : -1;
        if (order >= 0) columns.Add(new Projection("order", new ColumnReference(input.Order, RowPosition.Type)));
        var spec = new FilterProjectSpec(condition is null ? null : Lowered(condition), [.. columns], input.Position >= 0 ? [input.Position] : []) { TimeZone = zone };
        var node = Add(new NodeSpec(condition is null ? "project" : "filter", plan.Identity, _ => new FilterProjectOperator(spec), [Input(EdgeSpec.Local(input.Node))]));
        var types = columns.Select(c => c.Expression.Type).ToImmutableArray();
        return new Stream(node, [.. Enumerable.Range(0, expressions.Length)], types, input.Position >= 0 ? expressions.Length : -1, canFail ? input.Errors.Add(new ErrorOutput(node, input.Position >= 0)) : input.Errors) { Order = order };
    }

    /// <summary>An expression over the columns of a stream, with the hidden column of positions where the position is read.</summary>
    private static BoundExpression Placed(BoundExpression expression, Stream input) =>
        expression.Shift(c => input.Places[c]).Rewrite(e => e is BoundRowPosition position ? new BoundColumn(input.Order, position.Type, position.Span) : e);

    /// <summary>Only the plan's columns, in its order: what is kept in state carries nothing else.</summary>
    internal Stream Exact(Stream input)
    {
        if (input.IsExact) return input;
        return Taken(input, [.. input.Places]);
    }

    /// <summary>The plan's columns, then the position where the plan's rows have one that is asked for.</summary>
    internal Stream ExactWithOrder(Stream input)
    {
        if (input.Order < 0) return Exact(input);
        int[] places = [.. input.Places, input.Order];
        if (places.Length == input.Types.Length && places.SequenceEqual(Enumerable.Range(0, places.Length))) return input;
        return Taken(input, places) with { Places = [.. Enumerable.Range(0, places.Length - 1)], Order = places.Length - 1 };
    }

    private Stream Taken(Stream input, int[] places)
    {
        var columns = places.Select((p, i) => new Projection($"c{i}", new ColumnReference(p, input.Types[p]))).ToImmutableArray();
        var spec = new FilterProjectSpec(null, columns, []);
        var node = Add(new NodeSpec("columns", "", _ => new FilterProjectOperator(spec), [Input(EdgeSpec.Local(input.Node))]));
        return new Stream(node, [.. Enumerable.Range(0, columns.Length)], [.. columns.Select(c => c.Expression.Type)], -1, input.Errors);
    }

    /// <summary>Says that a side output of a plan's operator has the rows of an input that came too late for it: the input's columns, perhaps a position, by how much, and the watermark.</summary>
    /// <param name="input">The input's columns.</param>
    internal void AddLate(PlanNode plan, int node, Schema input, int side = 1) => AddLate(plan, node, input, side, plan.Inputs[side - 1].Schema.Count);

    /// <param name="columns">How many of the input's columns the rows show.</param>
    internal void AddLate(PlanNode plan, int node, Schema input, int side, int columns)
    {
        if (!_lates.TryGetValue(plan.Text, out var outputs)) _lates.Add(plan.Text, outputs = []);
        outputs.Add((side, node, input, columns));
    }

    /// <summary>The rows that came too late for some operator of a result: a table for each such input, <c>name$late</c>, then <c>name$late2</c>.</summary>
    public IReadOnlyList<(string Name, Schema Schema, int Node)> AddLates(string name, PlanNode plan)
    {
        var added = new List<(string, Schema, int)>();
        var seen = new HashSet<string>();
        Visit(plan);
        return added;

        void Visit(PlanNode node)
        {
            if (!seen.Add(node.Text)) return;
            foreach (var (side, operatorNode, input, columns) in _lates.GetValueOrDefault(node.Text) ?? []) AddOne(side, operatorNode, input, columns);
            // What is done for the sessions in one with their grouping is not what another result keeps of the same sessions.
            var grouped = node is AttachedWindowAggregate window ? GroupedSessions.Of(window) : null;
            foreach (var below in grouped?.Sessions.Inputs ?? node.Inputs) Visit(below);
        }

        void AddOne(int side, int operatorNode, Schema input, int columns)
        {
            var table = name + "$late" + (added.Count == 0 ? "" : (added.Count + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
            var schema = WindowLowering.LateRowsSchema(input);
            var single = Add(new NodeSpec(table + " delta", "", _ => new ConsolidatorOperator(), [Input(EdgeSpec.Single(operatorNode, side + 1))]));
            if (input.Count > columns)
            {
                // The position by which an operator orders its input is nobody's column.
                int[] places = [.. Enumerable.Range(0, columns), .. Enumerable.Range(input.Count, schema.Count - input.Count)];
                single = Taken(new Stream(single, [], [.. schema.Fields.Select(f => f.Type)], -1, []), places).Node;
                schema = new Schema([.. places.Select(p => schema.Fields[p])]);
            }

            added.Add((table, schema, Add(new NodeSpec(table, "", _ => new CollectorOperator(), [Input(EdgeSpec.Local(single))]))));
        }
    }

    /// <summary>The index of a relation that joins share, made with the first of them.</summary>
    internal Dictionary<int, SharedRelation> Relation(Stream relation, PlanNode plan, RelationJoinSpec spec)
    {
        var name = plan.Text + " by " + string.Join(',', spec.RightKeys);
        if (!_relations.TryGetValue(name, out var shares)) _relations.Add(name, shares = RelationJoinLowering.Add(this, relation, plan, spec));
        return shares;
    }

    /// <summary>The operators of an aggregation whose groups are found by some of its keys; null where it has been made for others already.</summary>
    internal Dictionary<int, AggregateOperator>? GroupsBy(Plan.Aggregate aggregate, ImmutableArray<int> by)
    {
        var name = aggregate.Text + " by " + string.Join(',', by);
        if (_groups.TryGetValue(name, out var shares)) return shares;
        if (_streams.ContainsKey(aggregate.Text)) return null;
        _groups.Add(name, shares = []);
        _streams.Add(aggregate.Text, AggregateLowering.Lower(this, aggregate, seed, by, shares));
        _titles.TryAdd(aggregate.Identity, PlanText.TitleOf(aggregate));
        return shares;
    }

    /// <summary>Whether something above asks for the positions of a plan's rows.</summary>
    internal bool AsksPosition(PlanNode plan) => _demand.Of(plan);

    /// <summary>A result behind whose columns comes the position.</summary>
    internal static Stream Ordered(Stream stream, bool hasOrder) =>
        hasOrder ? stream with { Types = stream.Types.Add(RowPosition.Type), Order = stream.Types.Length } : stream;

    internal static Stream Result(int node, PlanNode plan, ImmutableHashSet<ErrorOutput> errors) =>
        new(node, [.. Enumerable.Range(0, plan.Schema.Count)], [.. plan.Schema.Fields.Select(f => f.Type)], -1, errors);

    private Stream UnionOf(Union union)
    {
        var inputs = union.Inputs.Select(Translate).ToList();
        var asks = _demand.Of(union) && inputs.All(i => i.Order >= 0);
        inputs = [.. inputs.Select(i => asks ? ExactWithOrder(i) : Exact(i))];
        var node = Add(new NodeSpec("union", union.Identity, _ => new UnionOperator(), [.. inputs.Select((s, i) => Input(EdgeSpec.Local(s.Node), i))]));
        return Ordered(Result(node, union, [.. inputs.SelectMany(i => i.Errors)]), asks);
    }

    private Stream UnnestOf(Unnest unnest)
    {
        var input = Translate(unnest.Inputs[0]);
        // The input's columns, the position if there is one, then the elements.
        var asks = input.Order >= 0 && _demand.Of(unnest);
        ImmutableArray<int> kept = input.Position < 0 ? input.Places : [.. input.Places, input.Position];
        if (asks) kept = [.. kept, input.Order];
        var spec = new UnnestSpec(input.Types, input.Places[unnest.Collection], kept, unnest.WithOrdinality, unnest.IsOuter);
        var node = Add(new NodeSpec("unnest", unnest.Identity, _ => new UnnestOperator(spec), [Input(EdgeSpec.Local(input.Node))]));
        var width = unnest.Inputs[0].Schema.Count;
        ImmutableArray<int> places = [.. Enumerable.Range(0, width), .. unnest.Elements.Select((_, i) => kept.Length + i)];
        ImmutableArray<SqlType> types = [.. kept.Select(k => input.Types[k]), .. unnest.Elements.Select(e => e.Type)];
        return new Stream(node, places, types, input.Position < 0 ? -1 : width, input.Errors) { Order = asks ? kept.Length - 1 : -1 };
    }
}
