using Freshet.Plan;
using Freshet.Sql.Binding.Subqueries;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// A join of two bound sides. Its condition stays whole here: what of it becomes a key is found when the plan is made.
/// USING and NATURAL merge the columns of each name to one, COALESCE of both sides', which comes first in SELECT *; the sides' own
/// are found by their tables' names.
/// </summary>
internal sealed class JoinBinder(SourceText source, QueryBinder queries)
{
    public (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind(JoinTable join, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) right)
    {
        var type = join.Kind switch
        {
            JoinKind.Left => JoinType.Left,
            JoinKind.Right => JoinType.Right,
            JoinKind.Full => JoinType.Full,
            _ => JoinType.Inner,
        };
        var width = left.Node.Schema.Count;
        // The condition is over the rows as they are before NULLs are added.
        IReadOnlyList<ScopeColumn> before = [.. left.Columns, .. right.Columns.Select(c => c with { Index = c.Index + width })];
        var binder = new ExpressionBinder(source, new Scope(source, before, queries.Rules.Functions)) { Outer = queries.Outer };
        // What asks a subquery restricts the pairs: only of an inner join is that the same as its condition.
        var parts = type == JoinType.Inner && join.Condition is not null ? ExpressionWalk.Chain(join.Condition, "AND").ToLookup(SubqueryHost.IsAskedIn) : Enumerable.Repeat(join.Condition!, join.Condition is null ? 0 : 1).ToLookup(_ => false);
        var condition = BoundLogical.All(parts[false].Select(p => binder.Coerce.Boolean(binder.Bind(p), "ON")));
        var names = join.IsNatural ? Common(left.Columns, right.Columns) : [.. join.Using];
        var merged = names.Select(name => (Left: Named(left.Columns, name, join), Right: Named(right.Columns, name, join))).ToList();
        foreach (var (l, r) in merged)
        {
            var equal = binder.Compare("=", new BoundColumn(l.Index, l.Type, join.Span), new BoundColumn(r.Index + width, r.Type, join.Span), join.Span);
            condition = condition is null ? equal : new BoundLogical(true, condition, equal, join.Span);
        }

        if (condition is not null) QueryBinder.CheckClock(source, condition, queries.Rules);
        PlanNode node = new Join(left.Node, right.Node, type, [], [], condition, []);
        foreach (var part in parts[true]) node = queries.Restricted(node, part, binder, "ON");
        IReadOnlyList<ScopeColumn> columns = [.. before.Select(c => c with { Type = node.Schema[c.Index] })];
        return merged.Count == 0 ? (node, columns) : Merged(node, columns, merged, width, join.Span);
    }

    private (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Merged(PlanNode node, IReadOnlyList<ScopeColumn> columns, List<(ScopeColumn Left, ScopeColumn Right)> pairs, int width, TextSpan span)
    {
        var coercion = new Coercion(source);
        var expressions = node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)).ToList();
        var names = node.Schema.Fields.Select(f => f.Name).ToList();
        var result = new List<ScopeColumn>();
        var hidden = new HashSet<int>();
        foreach (var (left, right) in pairs)
        {
            BoundExpression[] both = [new BoundColumn(left.Index, node.Schema[left.Index], span), new BoundColumn(right.Index + width, node.Schema[right.Index + width], span)];
            var type = coercion.Common(both, $"the column {left.Name} of both sides").WithNullable(both.All(b => b.Type.IsNullable));
            result.Add(new ScopeColumn(null, left.Name, type, expressions.Count));
            expressions.Add(new BoundCoalesce([.. both.Select(b => coercion.To(b, type))], type, span));
            names.Add(left.Name);
            hidden.Add(left.Index);
            hidden.Add(right.Index + width);
        }

        result.AddRange(columns.Select(c => hidden.Contains(c.Index) ? c with { IsMerged = true } : c));
        return (new Project(node, [.. expressions], [.. names]), result);
    }

    /// <summary>The names that both sides have, in the order of the left one.</summary>
    private static List<string> Common(IReadOnlyList<ScopeColumn> left, IReadOnlyList<ScopeColumn> right) =>
        [.. left.Where(l => !l.IsMerged && right.Any(r => !r.IsMerged && r.Name == l.Name)).Select(l => l.Name).Distinct()];

    private ScopeColumn Named(IReadOnlyList<ScopeColumn> columns, string name, JoinTable join)
    {
        var found = columns.Where(c => c.Name == name && !c.IsMerged).ToList();
        if (found.Count == 0) throw Error(join.Span, $"USING names the column {name}, which a side of the join does not have.{NearestName.Hint(name, columns.Select(c => c.Name))}");
        return found.Count == 1 ? found[0] : throw Error(join.Span, $"The column {name} of the join is ambiguous: a side has it twice. Write the condition with ON.");
    }

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);
}
