using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Plan.Explaining;
using Freshet.Plan.Rules;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>A statement that reads: a plan to run once, or an answer that is known without running anything.</summary>
/// <param name="Plan">The optimized plan of a SELECT; null where <paramref name="Lines"/> is the answer.</param>
/// <param name="Schema">The columns of the answer.</param>
/// <param name="Lines">The rows of SHOW, DESCRIBE and EXPLAIN, as text.</param>
public sealed record ReadStatement(PlanNode? Plan, Schema Schema, ImmutableArray<ImmutableArray<string?>> Lines);

/// <summary>
/// Statements from outside, bound against what a project declares: SELECT, EXPLAIN, SHOW and DESCRIBE. Everything else is
/// refused, and so are options of tables: files and functions come from the project alone. A materialized view is read as
/// it is served (a scan of a table whose connector is <c>view</c>); tables are read from their beginning to their end.
/// </summary>
public sealed class ReadBinder(ScriptBinder project)
{
    /// <summary>The connector of tables that stand for served views.</summary>
    public const string ViewConnector = "view";

    /// <summary>The answer of EXPLAIN WATERMARK FOR, a row for each source.</summary>
    private const string WatermarkColumns = "source, watermark, last row time, last row taken, idle since, holds back, next result at, still to go";

    private readonly Dictionary<string, TableDefinition> _further = [];

    private readonly Dictionary<string, (CreateView Statement, SourceText Source)> _views = [];

    /// <summary>What is read ends; not so in a subscription, in none of the views that it expands.</summary>
    private bool _isBounded = true;

    /// <summary>What the operators of the project's views have done; null where they do not run.</summary>
    public IRunningFigures? Running { get; init; }

    /// <summary>Makes a table known that the project does not declare, such as the errors of a view.</summary>
    public void AddTable(TableDefinition table) => _further[table.Name] = table;

    /// <summary>Makes a view known, in the place of whatever the project has of that name; it is text alone, and may read others.</summary>
    public void AddView(CreateView view, SourceText source) => _views[view.Name.Last] = (view, source);

    /// <summary>A query as a plan, which is optimized for running it once.</summary>
    /// <param name="finish">What is done to its rows.</param>
    public PlanNode BindQuery(Query query, SourceText source, Func<PlanNode, PlanNode>? finish = null)
    {
        var bound = Binder(source, source.Slice(query.Span)).Bind(query);
        return Optimizer.Optimize(finish is null ? bound : finish(bound));
    }

    /// <summary>Throws where a query could not be kept as a view, as the project's binder would: ORDER BY, other uses of the clock.</summary>
    public void CheckKept(Query query, SourceText source)
    {
        _isBounded = false;
        try
        {
            BindQuery(query, source);
        }
        finally
        {
            _isBounded = true;
        }
    }

    public ReadStatement Bind(SourceText source)
    {
        var statement = SqlParser.ParseOne(source);
        return statement switch
        {
            Select select => Query(select.Query, source),
            Syntax.Tree.Explain { Statement: Select explained } explain => Explained(Query(explained.Query, source).Plan!, explain.IsEstimated),
            Syntax.Tree.Explain { Statement: Insert or CreateView } => throw new SqlException(source, statement.Span, "EXPLAIN takes a SELECT or the name of a materialized view here; SHOW MATERIALIZED VIEWS names the views."),
            ExplainView explained => CatalogAnswers.Plan(PlanText.Of(View(explained.View, source).Plan, Measured, explained.IsEstimated)),
            ExplainWatermark explained when Running is not null => CatalogAnswers.Answer(WatermarkColumns, Running.Watermarks(View(explained.View, source).Plan)),
            ExplainMembership => throw new SqlException(source, statement.Span, "EXPLAIN MEMBERSHIP is about profiles, and this project keeps none: declare a trait or a segment, CREATE TRAIT or CREATE SEGMENT."),
            Show show => Answers(source).Show(show, source),
            Describe describe => Answers(source).Describe(describe, source),
            OtherStatement { What: "DESCRIBE FUNCTION" or "DESCRIBE FUNCTION EXTENDED" } function => CatalogAnswers.DescribeFunction(function, source),
            Subscribe => throw new SqlException(source, statement.Span, "SUBSCRIBE is answered as a stream: send it to POST /api/sql, or use freshet sql."),
            _ => throw new SqlException(source, statement.Span, "Only SELECT, EXPLAIN, SHOW and DESCRIBE are taken here: tables, views and functions are declared in the project's sql folder."),
        };
    }

    /// <summary>
    /// The plan of a SUBSCRIBE: its result is kept up from the changes of the views that it reads, so it may read nothing else, and
    /// nothing in it may wait for a watermark or the clock.
    /// </summary>
    public PlanNode BindSubscription(SourceText source)
    {
        if (SqlParser.ParseOne(source) is not Subscribe { Query: var query }) throw new SqlException(source, default, "Expected SUBSCRIBE view or SUBSCRIBE (SELECT ...).");
        _isBounded = false;
        var bound = Binder(source).BindTop(query);
        BoundCurrentWatermark.Check(bound, source);
        var plan = Optimizer.Optimize(bound);
        BoundRowPosition.Refuse(plan, source, query.Span);
        if (PlanText.Scans(plan).FirstOrDefault(s => s.Table.Connector != ViewConnector) is { } scan)
            throw new SqlException(source, query.Span, $"SUBSCRIBE follows materialized views, and {scan.Table.DeclaredName} is a table: keep the query as a view (CREATE MATERIALIZED VIEW name AS ...) and subscribe to that.");
        if (Waits(plan))
            throw new SqlException(source, query.Span, "SUBSCRIBE takes no query that waits for a watermark or for the clock: keep it as a materialized view and subscribe to that.");
        return plan;
    }

    private static bool Waits(PlanNode plan) => plan.WaitsForWatermark || plan is TemporalFilter || plan.Inputs.Any(Waits);

    private Func<PlanNode, string?>? Measured => Running is null ? null : Running.Of;

    /// <summary>The plan of the read, then those of the kept views that it reads, with what their operators have done.</summary>
    private ReadStatement Explained(PlanNode plan, bool isEstimated)
    {
        var text = PlanText.Of(plan, isEstimated: isEstimated);
        foreach (var view in project.MaterializedViews.Where(v => PlanText.Scans(plan).Any(s => s.Table.Connector == ViewConnector && s.Table.Name == v.Name)))
            text += $"\nView {view.Name}:\n{PlanText.Of(view.Plan, Measured, isEstimated)}";
        return CatalogAnswers.Plan(text);
    }

    private ViewPlan View(Name name, SourceText source) =>
        project.MaterializedViews.FirstOrDefault(v => v.Name == project.Catalogs.KeyOf(name, source))
        ?? throw new SqlException(source, name.Span, $"There is no materialized view {name}.{NearestName.Hint(name.Last, project.MaterializedViews.Select(v => v.Name))}");

    private CatalogAnswers Answers(SourceText source) => new(project, _further.Keys, name => Table(name, ImmutableDictionary<string, string>.Empty, source));

    private ReadStatement Query(Query query, SourceText source)
    {
        var bound = Binder(source).BindTop(query);
        BoundCurrentWatermark.Check(bound, source);
        var plan = Optimizer.Optimize(bound);
        BoundRowPosition.Refuse(plan, source, query.Span);
        return new ReadStatement(plan, plan.Schema, []);
    }

    private QueryBinder Binder(SourceText source, string? statement = null) =>
        new(source, (name, options) => Table(name, options, source, statement), () => project.Names().Concat(_further.Keys).Concat(_views.Keys), ImmutableDictionary<string, PlanNode>.Empty, new QueryRules(_isBounded) { Functions = project.Functions });

    private PlanNode? Table(Name name, ImmutableDictionary<string, string> options, SourceText source, string? statement = null)
    {
        if (!options.IsEmpty) throw new SqlException(source, name.Span, "OPTIONS of tables are set in the project alone.");
        var last = project.Catalogs.KeyOf(name, source);
        if (_views.TryGetValue(last, out var own)) return Expanded(own.Statement, own.Source);
        if (_further.TryGetValue(last, out var further)) return Scan.All(further);
        if (project.MaterializedViews.FirstOrDefault(v => v.Name == last) is { } view) return Scan.All(Served(view));
        if (project.Layer?.Read(last, statement ?? source.Text) is { } layered) return layered;
        return project.View(last) is var (text, at) ? Expanded(text, at) : project.Tables.TryGetValue(last, out var table) ? Upserts.Read(table) : null;
    }

    private PlanNode Expanded(CreateView view, SourceText source)
    {
        var binder = Binder(source, source.Slice(view.Span));
        return binder.Renamed(binder.Bind(view.Query), view.Columns, view.Span);
    }

    /// <summary>The table that stands for a served view.</summary>
    public static TableDefinition Served(ViewPlan view) => new(
        view.Name, view.Plan.Schema, [], -1, null, view.Key, ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, ViewConnector), new SourceText(view.Name, ""), default);
}
