using System.Collections.Immutable;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
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
    public Query Plan(string sql, ViewPin pin, Func<Partition, LogOffset> end)
    {
        var binder = new ReadBinder(project) { Running = figures };
        foreach (var view in views)
            if (project.MaterializedViews.All(v => v.Name != view.View.Name)) binder.AddTable(TableOf(view.View));
        var statement = binder.Bind(new SourceText("query", sql));
        if (statement.Plan is not { } plan) return Rows(statement.Schema, statement.Lines, pin);
        var run = new BoundedRun([plan], [], options with { Workers = 1 }, zone, connectors, (node, columns) => CreateSource(node, columns, pin, end));
        return new Query(run, pin);
    }

    internal static TableDefinition TableOf(ServedView view) => new(
        view.Name, view.Schema, [], -1, null, view.Key, ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, "view"), new SourceText(view.Name, ""), default);

    private IRowSource CreateSource(SourceNode node, ImmutableArray<ScanColumn> columns, ViewPin pin, Func<Partition, LogOffset> end)
    {
        if (node.Table.Connector != "view") return connectors.CreateSource(node.Table, columns, end);
        var at = views.FindIndex(v => v.View.Name == node.Table.Name);
        return new ViewSource(node.Table.Name, pin.Of(views[at].View.Table), columns);
    }

    private static unsafe Query Rows(Schema schema, ImmutableArray<ImmutableArray<string?>> rows, ViewPin pin)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[schema.Count];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = Column.Allocate(PhysicalKind.View, rows.Length, memory);
            columns[c].Validity = memory.AllocateBits(rows.Length, true);
            for (var r = 0; r < rows.Length; r++)
            {
                columns[c].As<StringView>()[r] = rows[r][c] is { } text ? StringView.Copy(Encoding.UTF8.GetBytes(text), memory) : default;
                if (rows[r][c] is null) columns[c].Validity[r >> 6] &= ~(1UL << r);
            }
        }

        return new Query(schema, new Batch(memory, columns, rows.Length), pin);
    }
}
