using System.Collections.Immutable;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// INSERT INTO a table: the query's columns by position or by a list of names, columns that are not given NULL, fixed values of
/// PARTITION, all cast to what the table takes.
/// </summary>
internal sealed class InsertBinder(SourceText source, QueryBinder queries, TableDefinition target)
{
    public PlanNode Bind(Insert insert, ImmutableArray<Syntax.Tree.Assignment> partition)
    {
        var plan = queries.BindTop(insert.Query);
        var fixedValues = Fixed(insert, partition);
        List<int> writable = [.. target.Writable];
        var columns = insert.Columns.IsEmpty ? [.. writable.Where(c => !fixedValues.ContainsKey(c))] : insert.Columns.Select(c => Place(c, insert.Table.Span)).ToList();
        foreach (var column in columns.Where(c => !writable.Contains(c)))
            throw new SqlException(source, insert.Table.Span, $"The column {NameOf(column)} of {target.Name} is computed and cannot be written.");
        if (columns.GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new SqlException(source, insert.Table.Span, $"The column {NameOf(twice.Key)} is given twice.");
        if (plan.Schema.Count != columns.Count)
            throw new SqlException(source, insert.Query.Span, $"The query gives {plan.Schema.Count} columns, {target.Name} takes {columns.Count}: {string.Join(", ", columns.Select(NameOf))}.");
        var expressions = writable.Select(c => Given(c, columns.IndexOf(c), plan, insert, fixedValues)).ToImmutableArray();
        return new Project(plan, expressions, [.. writable.Select(NameOf)]);
    }

    private BoundExpression Given(int column, int from, PlanNode plan, Insert insert, Dictionary<int, BoundExpression> fixedValues)
    {
        var type = target.Schema[column];
        var value = fixedValues.TryGetValue(column, out var given) ? given : from < 0 ? null : new BoundColumn(from, plan.Schema[from], insert.Query.Span);
        if (value is null)
        {
            return type.IsNullable
                ? new BoundLiteral(type, insert.Span, null)
                : throw new SqlException(source, insert.Table.Span, $"The column {NameOf(column)} of {target.Name} is NOT NULL, so the INSERT must give it.");
        }

        if (!Assignment.IsPossible(value.Type, type))
            throw new SqlException(source, insert.Query.Span, $"The column {NameOf(column)} of {target.Name} is {type.Name}, the query gives {value.Type.Name}: write a CAST.");
        return new Coercion(source).To(value, type);
    }

    private Dictionary<int, BoundExpression> Fixed(Insert insert, ImmutableArray<Syntax.Tree.Assignment> partition)
    {
        var values = new Dictionary<int, BoundExpression>();
        var binder = new ExpressionBinder(source, new Scope(source, []));
        foreach (var assignment in partition)
        {
            var column = Place(assignment.Column, insert.Table.Span);
            if (!target.PartitionKeys.Contains(column)) throw new SqlException(source, insert.Table.Span, $"{assignment.Column} is not a column of PARTITIONED BY in {target.Name}.");
            if (assignment.Value is not null) values[column] = new Coercion(source).To(binder.Bind(assignment.Value), target.Schema[column]);
        }

        return values;
    }

    private int Place(string name, TextSpan span) => target.Schema.IndexOf(name) is >= 0 and var place
        ? place
        : throw new SqlException(source, span, $"The table {target.Name} has no column {name}.{NearestName.Hint(name, target.Schema.Fields.Select(f => f.Name))}");

    private string NameOf(int column) => target.Schema.Fields[column].Name;
}
