using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;

namespace Freshet.Sql.Binding;

/// <summary>
/// What FOR SYSTEM_TIME AS OF an event time reads: the versions of rows by key. They are the rows of a table with a primary key and a time
/// attribute, or those below a ROW_NUMBER() = 1 that keeps the last row of each key by time. Behind the columns may stand
/// the time, and a condition that a version must satisfy to match.
/// </summary>
/// <param name="Rows">The versions.</param>
/// <param name="Key">Columns of the key.</param>
/// <param name="Time">The column from whose time a version is valid.</param>
/// <param name="Condition">A BOOLEAN column; -1 for none.</param>
internal sealed record VersionedTable(PlanNode Rows, ImmutableArray<int> Key, int Time, int Condition)
{
    /// <summary>The versions behind a plan, whose columns come first; null where it has none.</summary>
    public static VersionedTable? Of(PlanNode plan)
    {
        switch (plan)
        {
            case Scan { Table.PrimaryKey.IsEmpty: false, RowTimes: [var time, ..] } scan:
                var key = scan.Table.PrimaryKey.Select(k => IndexOf(scan, k)).ToImmutableArray();
                return key.Contains(-1) ? null : new VersionedTable(scan, key, time, -1);
            case Upserts upserts:
                return Of(upserts.Inputs[0]);
            case TopN { Kind: RankKind.RowNumber, First: 1, Last: 1, Partition.IsEmpty: false } top when top.Order is [{ IsDescending: true } order, ..] && top.Inputs[0].RowTimes.Contains(order.Column):
                var input = top.Inputs[0];
                var columns = All(input);
                if (!top.GivesNumber) return new VersionedTable(input, top.Partition, order.Column, -1);
                return new VersionedTable(new Project(input, [.. columns, new BoundLiteral(SqlType.BigInt.NotNull, default, (Int128)1)], [.. input.Schema.Fields.Select(f => f.Name), top.NumberName!]), top.Partition, order.Column, -1);
            case Filter filter when Of(filter.Inputs[0]) is { } below:
                var condition = below.Condition < 0 ? filter.Condition : new BoundLogical(true, filter.Condition, Column(below.Rows, below.Condition), filter.Condition.Span);
                var width = below.Rows.Schema.Count;
                return below with { Rows = new Project(below.Rows, [.. All(below.Rows), condition], [.. below.Rows.Schema.Fields.Select(f => f.Name), "condition$"]), Condition = width };
            case Project project when Of(project.Inputs[0]) is { } below:
                return Projected(project, below);
            default:
                return null;
        }
    }

    private static VersionedTable? Projected(Project project, VersionedTable below)
    {
        var key = below.Key.Select(project.IndexOfColumn).ToImmutableArray();
        if (key.Contains(-1)) return null;
        List<BoundExpression> expressions = [.. project.Expressions, Column(below.Rows, below.Time)];
        List<string> names = [.. project.Names, "version$"];
        if (below.Condition >= 0)
        {
            expressions.Add(Column(below.Rows, below.Condition));
            names.Add("condition$");
        }

        return new VersionedTable(new Project(below.Rows, [.. expressions], [.. names]), key, project.Expressions.Length, below.Condition < 0 ? -1 : project.Expressions.Length + 1);
    }

    private static int IndexOf(Scan scan, int column)
    {
        for (var i = 0; i < scan.Columns.Length; i++)
            if (scan.Columns[i].Column == column && scan.Columns[i].Path is null) return i;
        return -1;
    }

    private static BoundColumn Column(PlanNode node, int column) => new(column, node.Schema[column]);

    private static IEnumerable<BoundExpression> All(PlanNode node) => Enumerable.Range(0, node.Schema.Count).Select(c => Column(node, c));
}
