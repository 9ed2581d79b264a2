using System.Collections.Immutable;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Engine.Planning;
using Freshet.Engine.Sources;
using Freshet.Engine.Views;
using Freshet.Log;
using Freshet.Sql;
using Freshet.Sql.Binding;
using Freshet.Sql.Catalog;
using Freshet.Sql.Parsing;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;
using Freshet.State.Views;

namespace Freshet.Engine.Queries;

/// <summary>Reading statements against a running project: SELECT, EXPLAIN, SHOW, DESCRIBE. Everything else is refused.</summary>
internal sealed class QueryPlanner(ScriptBinder project, IReadOnlyList<SourceText> scripts, Connectors connectors, PipelineOptions options, List<ViewOutput> views, TimeZoneInfo zone)
{
    public Query Plan(string sql, ViewPin pin, Func<Partition, LogOffset> end)
    {
        var source = new SourceText("query", sql);
        var statement = SqlParser.ParseOne(source);
        switch (statement)
        {
            case Select select:
                var plan = Binder().BindQuery(select.Query, source);
                var run = new BoundedRun([plan], [], options with { Workers = 1 }, zone, connectors, (node, columns) => CreateSource(node, columns, pin, end));
                return new Query(run, pin);
            case Explain { Statement: Select explained }:
                return Lines("plan", PlanText.Of(Binder().BindQuery(explained.Query, source)), pin);
            case Explain explain:
                throw new SqlException(source, explain.Statement.Span, "EXPLAIN takes a SELECT; of a view: EXPLAIN SELECT * FROM its tables, or DESCRIBE it.");
            case Show show:
                return Lines("name", NamesOf(show, source), pin);
            case Describe describe:
                return DescribeOf(describe, source, pin);
            default:
                throw new SqlException(source, statement.Span, "Only SELECT, EXPLAIN, SHOW and DESCRIBE are answered here; tables, views and functions come from the project's folder.");
        }
    }

    /// <summary>The project's names for a reader: kept views are what is served, other views are text.</summary>
    private ScriptBinder Binder()
    {
        var binder = new ScriptBinder(isBounded: true);
        foreach (var table in project.Tables.Values) binder.AddTable(table);
        foreach (var view in views) binder.AddTable(TableOf(view.View));
        foreach (var script in scripts)
        {
            foreach (var statement in SqlParser.ParseScript(script))
                if (statement is CreateView { IsMaterialized: false }) binder.Execute(statement, script);
        }

        return binder;
    }

    private static TableDefinition TableOf(ServedView view) => new(
        view.Name, view.Schema, [], -1, null, view.Key, ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, "view"), new SourceText(view.Name, ""), default);

    private IRowSource CreateSource(SourceNode node, ImmutableArray<ScanColumn> columns, ViewPin pin, Func<Partition, LogOffset> end)
    {
        if (node.Table.Connector != "view") return connectors.CreateSource(node.Table, columns, end);
        var at = views.FindIndex(v => v.View.Name == node.Table.Name);
        return new ViewSource(node.Table.Name, pin.Of(views[at].View.Table), columns);
    }

    private IEnumerable<string> NamesOf(Show show, SourceText source) => show.What switch
    {
        "TABLES" => project.Tables.Keys.Concat(project.Views).Concat(views.Select(v => v.View.Name)).Order(StringComparer.Ordinal),
        "VIEWS" => project.Views.Order(StringComparer.Ordinal),
        "MATERIALIZED VIEWS" => project.MaterializedViews.Select(v => v.Name).Order(StringComparer.Ordinal),
        "FUNCTIONS" => Sql.Functions.FunctionCatalogue.Names.Order(StringComparer.Ordinal),
        "CATALOGS" => ["default_catalog"],
        "DATABASES" => ["default_database"],
        _ => throw new SqlException(source, show.Span, $"SHOW {show.What} is not supported yet."),
    };

    private Query DescribeOf(Describe describe, SourceText source, ViewPin pin)
    {
        var name = describe.Table.Last;
        var schema = views.FirstOrDefault(v => v.View.Name == name)?.View.Schema
            ?? (project.Tables.TryGetValue(name, out var table) ? table.Schema : null)
            ?? throw new SqlException(source, describe.Table.Span, $"There is no table or view {name}.{NearestName.Hint(name, project.Names().Concat(views.Select(v => v.View.Name)))}");
        return Rows(Schema.Of(("name", SqlType.String), ("type", SqlType.String)), [.. schema.Fields.Select(f => new[] { f.Name, f.Type.ToString() })], pin);
    }

    private static Query Lines(string column, IEnumerable<string> lines, ViewPin pin) =>
        Rows(Schema.Of((column, SqlType.String)), [.. lines.Select(l => new[] { l })], pin);

    private static unsafe Query Rows(Schema schema, List<string[]> rows, ViewPin pin)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[schema.Count];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = Column.Allocate(PhysicalKind.View, rows.Count, memory);
            for (var r = 0; r < rows.Count; r++) columns[c].As<StringView>()[r] = StringView.Copy(Encoding.UTF8.GetBytes(rows[r][c]), memory);
        }

        return new Query(schema, new Batch(memory, columns, rows.Count), pin);
    }
}
