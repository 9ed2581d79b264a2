using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Plan.Rules;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>JOIN ... FOR SYSTEM_TIME AS OF: by a time attribute of the left side, over the versions of the right one.</summary>
internal sealed class TemporalJoinBinder(SourceText source, JoinTable join, SystemTimeTable table, QueryRules rules)
{
    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    public (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind((PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) right)
    {
        if (join.Kind is not (JoinKind.Inner or JoinKind.Left)) throw Error(join.Span, "FOR SYSTEM_TIME AS OF is joined by JOIN or LEFT JOIN: of the right table there is only the row that a left row asks for.");
        if (join.Condition is null) throw Error(join.Span, "A FOR SYSTEM_TIME AS OF join needs ON with an equality on the key of its right table.");
        var time = new ExpressionBinder(source, new Scope(source, left.Columns, rules.Functions)).Bind(table.AsOf);
        var isLookup = ProcessingTime.Is(time) || (time is BoundColumn proc && left.Node.ProcTimes.Contains(proc.Index));
        if (!isLookup && (time is not BoundColumn row || !left.Node.RowTimes.Contains(row.Index)))
            throw Error(table.AsOf.Span, "FOR SYSTEM_TIME AS OF takes a time attribute of the left side: an event time with a watermark, or a column that is PROCTIME().");
        var (node, added) = isLookup ? Lookup(left, right) : ByEventTime(left, right, ((BoundColumn)time).Index);
        var width = left.Node.Schema.Count;
        IReadOnlyList<ScopeColumn> columns = [.. left.Columns, .. right.Columns.Select(c => c with { Index = c.Index + width, Type = node.Schema[c.Index + width] })];
        if (added == 0) return (node, columns);
        var kept = Enumerable.Range(0, width + right.Node.Schema.Count);
        return (new Project(node, [.. kept.Select(k => new BoundColumn(k, node.Schema[k]))], [.. kept.Select(k => node.Schema.Fields[k].Name)]), columns);
    }

    private (PlanNode Node, int Added) Lookup((PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) right)
    {
        if (TableOf(right.Node) is not { } looked || looked.Option("disable-lookup", "false") == "true")
            throw Error(table.Span, "Processing-time temporal join is not supported for a view: join a table that can be looked up.");
        var found = Found(left, right, right.Node, -1);
        return Above(found, j => new TemporalJoin(j.Inputs[0], j.Inputs[1], join.Kind == JoinKind.Left, j.LeftKeys, j.RightKeys, j.Residual, -1, -1, looked.Connector is not ("log" or EventsTable.Connector)), 0);
    }

    private (PlanNode Node, int Added) ByEventTime((PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) right, int time)
    {
        if (rules.IsBounded && right.Node.RowTimes.IsEmpty) throw Error(table.Span, "FOR SYSTEM_TIME AS OF an event time needs a watermark on both tables.");
        var versions = VersionedTable.Of(right.Node) ?? VersionedTable.Of(Optimizer.Optimize(right.Node))
            ?? throw Error(table.Span, "Temporal Table Join requires primary key in versioned table, but no primary key can be found: declare a PRIMARY KEY and a watermark, or keep the last row of each key by ROW_NUMBER() OVER (PARTITION BY key ORDER BY time DESC) = 1.");
        var found = Found(left, right, versions.Rows, versions.Condition);
        if ((found as Join ?? (found as Project)?.Inputs[0] as Join) is not { } joined || !versions.Key.All(joined.RightKeys.Contains))
            throw Error(join.Condition!.Span, $"Temporal table's primary key [{string.Join(", ", versions.Key.Select(k => versions.Rows.Schema.Fields[k].Name))}] must be included in the equivalence condition of the temporal join.");
        return Above(found, j => new TemporalJoin(j.Inputs[0], j.Inputs[1], join.Kind == JoinKind.Left, j.LeftKeys, j.RightKeys, j.Residual, time, versions.Time, false), versions.Rows.Schema.Count - right.Node.Schema.Count);
    }

    /// <summary>The join with its keys found: an ordinary one, or a projection over it where keys are computed.</summary>
    private PlanNode Found((PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) right, PlanNode rows, int further)
    {
        var width = left.Node.Schema.Count;
        var binder = new ExpressionBinder(source, new Scope(source, [.. left.Columns, .. right.Columns.Select(c => c with { Index = c.Index + width })], rules.Functions));
        var condition = binder.Coerce.Boolean(binder.Bind(join.Condition!), "ON");
        QueryBinder.CheckClock(source, condition, rules);
        if (further >= 0) condition = new BoundLogical(true, condition, new BoundColumn(width + further, rows.Schema[further]), condition.Span);
        return FindJoinKeys.Apply(new Join(left.Node, rows, JoinType.Inner, [], [], condition, []));
    }

    private static (PlanNode, int) Above(PlanNode found, Func<Join, TemporalJoin> make, int added)
    {
        if (found is Join join) return (make(join), added);
        var project = (Project)found;
        var made = make((Join)project.Inputs[0]);
        // NULLs may have been added to the columns since.
        return (new Project(made, [.. project.Expressions.Select(e => new BoundColumn(((BoundColumn)e).Index, made.Schema[((BoundColumn)e).Index]))], project.Names), added);
    }

    private static TableDefinition? TableOf(PlanNode node) => node switch
    {
        Scan scan => scan.Table,
        Upserts upserts => TableOf(upserts.Inputs[0]),
        _ => null,
    };
}
