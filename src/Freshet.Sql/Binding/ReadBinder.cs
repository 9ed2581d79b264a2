using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Sql.Catalog;
using Freshet.Sql.Explaining;
using Freshet.Sql.Functions;
using Freshet.Sql.Parsing;
using Freshet.Sql.Plan;
using Freshet.Sql.Rules;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

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

    private readonly Dictionary<string, TableDefinition> _further = [];

    /// <summary>Makes a table known that the project does not declare, such as the errors of a view.</summary>
    public void AddTable(TableDefinition table) => _further[table.Name] = table;

    public ReadStatement Bind(SourceText source)
    {
        var statement = SqlParser.ParseOne(source);
        return statement switch
        {
            Select select => Query(select.Query, source),
            Syntax.Explain { Statement: Select explained } => Answer("plan", PlanText.Of(Query(explained.Query, source).Plan!).TrimEnd('\n').Split('\n').Select(line => new[] { line })),
            Syntax.Explain { Statement: Insert or CreateView } => throw new SqlException(source, statement.Span, "EXPLAIN takes a SELECT here; SHOW MATERIALIZED VIEWS names the views, EXPLAIN SELECT * FROM <view> explains the read."),
            Show show => ShowOf(show, source),
            Describe describe => DescribeOf(describe.Table, source),
            _ => throw new SqlException(source, statement.Span, "Only SELECT, EXPLAIN, SHOW and DESCRIBE are taken here: tables, views and functions are declared in the project's sql folder."),
        };
    }

    private ReadStatement Query(Query query, SourceText source)
    {
        var plan = Optimizer.Optimize(Binder(source).BindTop(query));
        return new ReadStatement(plan, plan.Schema, []);
    }

    private QueryBinder Binder(SourceText source) =>
        new(source, (name, options) => Table(name, options, source), () => project.Names().Concat(_further.Keys), ImmutableDictionary<string, PlanNode>.Empty, new QueryRules(IsBounded: true));

    private PlanNode? Table(Name name, ImmutableDictionary<string, string> options, SourceText source)
    {
        if (!options.IsEmpty) throw new SqlException(source, name.Span, "OPTIONS of tables are set in the project alone.");
        var last = TableNames.Local(name, source);
        if (_further.TryGetValue(last, out var further)) return Scan.All(further);
        if (project.MaterializedViews.FirstOrDefault(v => v.Name == last) is { } view) return Scan.All(Served(view));
        return project.View(last) is var (text, at) ? Expanded(text, at) : project.Tables.TryGetValue(last, out var table) ? Scan.All(table) : null;
    }

    private PlanNode Expanded(CreateView view, SourceText source)
    {
        var binder = Binder(source);
        return binder.Renamed(binder.Bind(view.Query), view.Columns, view.Span);
    }

    /// <summary>The table that stands for a served view.</summary>
    public static TableDefinition Served(ViewPlan view) => new(
        view.Name, view.Plan.Schema, [], -1, null, view.Key, ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, ViewConnector), new SourceText(view.Name, ""), default);

    private static ReadStatement Answer(string columns, IEnumerable<string?[]> lines) =>
        new(null, new Schema([.. columns.Split(", ").Select(c => new Field(c, SqlType.String))]), [.. lines.Select(l => l.ToImmutableArray())]);

    private ReadStatement ShowOf(Show show, SourceText source)
    {
        var materialized = project.MaterializedViews.Select(v => v.Name).ToHashSet();
        return show.What switch
        {
            "TABLES" => Names("table name", project.Names().Concat(_further.Keys)),
            "VIEWS" => Names("view name", project.Views.Concat(materialized)),
            "MATERIALIZED VIEWS" => Names("materialized view name", materialized),
            "FUNCTIONS" => Names("function name", FunctionCatalogue.Names.Concat(SpecialFunctions.Names).Concat(Grouping.Aggregates.Keys)),
            "CATALOGS" => Names("catalog name", [TableNames.Catalog]),
            "DATABASES" => Names("database name", [TableNames.Database]),
            "COLUMNS" => DescribeOf(show.Of!, source),
            "CREATE VIEW" or "CREATE TABLE" => Text(show, source),
            _ => throw new SqlException(source, show.Span, $"SHOW {show.What} is not supported."),
        };
    }

    private static ReadStatement Names(string column, IEnumerable<string> names) =>
        Answer(column, names.Distinct().Order(StringComparer.Ordinal).Select(n => new[] { n }));

    private ReadStatement Text(Show show, SourceText source)
    {
        var name = TableNames.Local(show.Of!, source);
        if (project.View(name) is var (view, at)) return Answer("result", [[at.Slice(view.Span)]]);
        if (project.Tables.TryGetValue(name, out var table) && table.Source.Text.Length > 0) return Answer("result", [[table.Source.Slice(table.Place)]]);
        if (Table(show.Of!, ImmutableDictionary<string, string>.Empty, source) is not null) throw new SqlException(source, show.Of!.Span, $"{name} is built in: DESCRIBE {name} shows its columns.");
        throw Unknown(show.Of!, source);
    }

    private ReadStatement DescribeOf(Name name, SourceText source)
    {
        if (Table(name, ImmutableDictionary<string, string>.Empty, source) is not { } plan) throw Unknown(name, source);
        var table = (plan as Scan)?.Table;
        var key = table?.PrimaryKey ?? [];
        return Answer("name, type, null, key, extras, watermark", plan.Schema.Fields.Select((f, i) => new[]
        {
            f.Name,
            f.Type.Name + (table?.RowTime == i ? " *ROWTIME*" : ""),
            f.Type.IsNullable ? "TRUE" : "FALSE",
            key.Contains(i) ? $"PRI({string.Join(", ", key.Select(k => plan.Schema.Fields[k].Name))})" : null,
            table?.Computed.FirstOrDefault(c => c.Column == i) is { } computed ? "AS " + ExpressionText.Of(computed.Expression, plan.Schema) : null,
            table is { Watermark: not null } && table.RowTime == i ? ExpressionText.Of(table.Watermark, plan.Schema) : null,
        }));
    }

    private SqlException Unknown(Name name, SourceText source) =>
        new(source, name.Span, $"There is no table or view {name}.{NearestName.Hint(name.Last, project.Names().Concat(_further.Keys))}");
}
