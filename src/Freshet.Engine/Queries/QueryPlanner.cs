using System.Collections.Immutable;
using Freshet.Engine.Planning;
using Freshet.Engine.Sources;
using Freshet.Engine.Views;
using Freshet.Log;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.State.Views;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Queries;

/// <summary>Reading statements against a running project: SELECT, EXPLAIN, SHOW, DESCRIBE.</summary>
internal sealed class QueryPlanner(ScriptBinder project, Connectors connectors, PipelineOptions options, List<ViewOutput> views, TimeZoneInfo zone, RunningFigures figures)
{
    public Query Plan(string sql, ViewPin pin, Func<Partition, LogOffset> end, CancellationToken cancellation)
    {
        var statement = Binder().Bind(new SourceText("query", sql));
        return statement.Plan is { } plan ? new Query(Run([plan], pin, end, options.QueryBytesMax, cancellation), pin) : new Query(statement.Schema, TextBatch.Of(statement.Schema.Count, [.. statement.Lines]), pin);
    }

    /// <summary>What statements from outside are bound by.</summary>
    public ReadBinder Binder()
    {
        var binder = new ReadBinder(project) { Running = figures };
        foreach (var view in views)
            if (project.MaterializedViews.All(v => v.Name != view.View.Name)) binder.AddTable(TableOf(view.View));
        return binder;
    }

    /// <param name="bytesMax">Bytes that the run may hold; 0 for no bound but that of the process.</param>
    public BoundedRun Run(IReadOnlyList<PlanNode> plans, ViewPin pin, Func<Partition, LogOffset> end, long bytesMax, CancellationToken cancellation) =>
        new(plans, [], options with { Workers = 1, Watch = circuit => new QueryWatch(circuit, bytesMax, cancellation).Look }, zone, connectors, (node, columns) => CreateSource(node, columns, pin, end));

    internal static TableDefinition TableOf(ServedView view) => new(
        view.Name, view.Schema, [], -1, null, view.Key, ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, "view"), new SourceText(view.Name, ""), default);

    private IRowSource CreateSource(SourceNode node, ImmutableArray<ScanColumn> columns, ViewPin pin, Func<Partition, LogOffset> end)
    {
        if (node.Table.Connector != "view") return connectors.CreateSource(node.Table, columns, end);
        var at = views.FindIndex(v => v.View.Name == node.Table.Name);
        return new ViewSource(node.Table.Name, pin.Of(views[at].View.Table), columns);
    }
}
