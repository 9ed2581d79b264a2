using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Plan;
using Freshet.Plan.Rules;
using Freshet.Syntax;

namespace Freshet.Sql.Binding.Subqueries;

/// <summary>
/// A subquery computed once for each different combination of the outer columns that it reads (the domain), which then tie its rows
/// to outer rows. The domain is pushed down to where its columns are read (T. Neumann and A. Kemper, Unnesting Arbitrary Queries,
/// 2015). Cost: the different combinations are kept, and each has its own rows of the subquery.
/// </summary>
internal sealed class OuterDomain(PlanNode outer, Func<string, SqlException> refuse)
{
    private int[] _columns = [];
    private PlanNode _domain = null!;

    public Uncorrelated Of(PlanNode query)
    {
        _columns = [.. Read(query).Distinct().Order()];
        var read = new Project(outer, [.. _columns.Select(c => new BoundColumn(c, outer.Schema[c]))], [.. _columns.Select(c => outer.Schema.Fields[c].Name)]);
        _domain = new Aggregate(read, [.. Enumerable.Range(0, _columns.Length)], []);
        var node = Push(query);
        var width = query.Schema.Count;
        var outputs = query.Schema.Fields.Select((_, i) => (BoundExpression)new BoundColumn(i, node.Schema[i]));
        return new Uncorrelated(node, [.. outputs], [.. _columns.Select((c, i) => Same(new BoundOuter(0, c, outer.Schema[c], default), new BoundColumn(width + i, node.Schema[width + i])))], [], false);
    }

    private static IEnumerable<int> Read(PlanNode node) =>
        node.OwnExpressions.SelectMany(e => e.Parts()).OfType<BoundOuter>().Where(o => o.Depth == 0).Select(o => o.Index).Concat(node.Inputs.SelectMany(Read));

    private static BoundCall Same(BoundExpression left, BoundExpression right) =>
        ExpressionBinder.Call("IS NOT DISTINCT FROM", ComparisonKernel.IsNotDistinct, [left, right], SqlType.Boolean.NotNull, default);

    /// <summary>The rows of a node for each combination: its columns, then those of the domain.</summary>
    private PlanNode Push(PlanNode node)
    {
        if (node is Values { Rows.Length: 1, Schema.Count: 0 }) return _domain;
        if (!Decorrelation.IsCorrelated(node)) return new Join(node, _domain, JoinType.Inner, [], [], null, []);
        switch (node)
        {
            case Filter filter: return Filtered(Push(filter.Inputs[0]), filter);
            case Project project:
                {
                    var input = Push(project.Inputs[0]);
                    var from = project.Inputs[0].Schema.Count;
                    return new Project(input, [.. project.Expressions.Select(e => Placed(e, from)), .. Domain(input, from)], [.. project.Names, .. DomainNames]);
                }

            case Values values:
                return new Union([.. values.Rows.Select(row => new Project(_domain, [.. row.Select(e => Placed(e, 0)), .. Domain(_domain, 0)], [.. values.Schema.Fields.Select(f => f.Name), .. DomainNames]))]);
            case Aggregate aggregate: return Grouped(aggregate);
            case Join join: return Joined(join);
            case SemiJoin semi: return Matched(semi);
            case Union union: return new Union([.. union.Inputs.Select(Push)]);
            case SetOperation set: return new SetOperation(Push(set.Inputs[0]), Push(set.Inputs[1]), set.IsExcept, set.IsAll);
            case Unnest unnest:
                {
                    var input = Push(unnest.Inputs[0]);
                    var (from, domain) = (unnest.Inputs[0].Schema.Count, _columns.Length);
                    var pushed = Optimizer.WithInputs(unnest, [input]);
                    return Columns(pushed, [.. Enumerable.Range(0, from), .. Enumerable.Range(from + domain, pushed.Schema.Count - from - domain), .. Enumerable.Range(from, domain)]);
                }

            case TopN top: return Partitioned(top, input => new TopN(input, top.Kind, [.. top.Partition, .. DomainOf(top)], top.Order, top.First, top.Last, top.NumberName));
            case Over over: return Partitioned(over, input => new Over(input, [.. over.Partition, .. DomainOf(over)], over.Order, over.Frame, over.Calls, over.Emission == OverEmission.AtEnd ? OverEmission.AtEnd : OverEmission.AtStep));
            default:
                throw refuse($"it reads a column of the query around it below an operator ({node.Describe().Split(' ')[0]}) that cannot be computed for all outer rows at once");
        }
    }

    /// <summary>Where the domain's columns are in the input of a node, once it has been pushed there.</summary>
    private IEnumerable<int> DomainOf(PlanNode node) => Enumerable.Range(node.Inputs[0].Schema.Count, _columns.Length);

    /// <summary>A node that adds columns behind those of its input, for each combination by itself.</summary>
    private Project Partitioned(PlanNode node, Func<PlanNode, PlanNode> create)
    {
        var pushed = create(Push(node.Inputs[0]));
        var (from, added) = (node.Inputs[0].Schema.Count, node.Schema.Count - node.Inputs[0].Schema.Count);
        return Columns(pushed, [.. Enumerable.Range(0, from), .. Enumerable.Range(from + _columns.Length, added), .. DomainOf(node)]);
    }

    private Filter Filtered(PlanNode input, Filter filter) => new(input, Placed(filter.Condition, filter.Schema.Count));

    private IEnumerable<string> DomainNames => _domain.Schema.Fields.Select(f => f.Name);

    /// <summary>An expression over a node whose domain's columns begin at a place.</summary>
    private BoundExpression Placed(BoundExpression expression, int domain) =>
        expression.Rewrite(e => e is BoundOuter { Depth: 0 } o ? new BoundColumn(domain + Array.IndexOf(_columns, o.Index), o.Type, o.Span) : e);

    private IEnumerable<BoundExpression> Domain(PlanNode node, int from) => Enumerable.Range(from, _columns.Length).Select(c => new BoundColumn(c, node.Schema[c]));

    private static Project Columns(PlanNode node, IEnumerable<int> columns)
    {
        var list = columns.ToList();
        return new Project(node, [.. list.Select(c => new BoundColumn(c, node.Schema[c]))], [.. list.Select(c => node.Schema.Fields[c].Name)]);
    }

    private PlanNode Grouped(Aggregate aggregate)
    {
        var input = Push(aggregate.Inputs[0]);
        var from = aggregate.Inputs[0].Schema.Count;
        var count = _columns.Length;
        var node = new Aggregate(input, [.. aggregate.Keys, .. Enumerable.Range(from, count)], aggregate.Calls);
        var keys = aggregate.Keys.Length;
        ImmutableArray<string> names = [.. aggregate.Schema.Fields.Select(f => f.Name), .. DomainNames];
        if (keys > 0) return new Project(node, [.. Decorrelation.Outputs(aggregate, node, count), .. Domain(node, keys)], names);
        // Every combination has its one row, also where it has nothing to aggregate.
        var all = new Join(_domain, node, JoinType.Left, [], [], BoundLogical.All(Enumerable.Range(0, count).Select(i => Same(new BoundColumn(i, _domain.Schema[i]), new BoundColumn(count + i, node.Schema[i])))), []);
        return new Project(all, [.. Decorrelation.Outputs(aggregate, node, count).Select(e => e.Shift(c => c + count)), .. Domain(all, 0)], names);
    }

    private Project Joined(Join join)
    {
        if (join.Type is JoinType.Right or JoinType.Full) throw refuse("it reads a column of the query around it below a RIGHT or FULL JOIN");
        var (left, right) = (join.Inputs[0], join.Inputs[1]);
        var (l, r, d) = (left.Schema.Count, right.Schema.Count, _columns.Length);
        var pushed = Push(left);
        // Left columns, the domain, right columns and, where those read it too, the domain again.
        var residual = join.Residual is null ? null : Placed(join.Residual.Shift(c => c < l ? c : c + d), l);
        if (Decorrelation.IsCorrelated(right))
        {
            right = Push(right);
            var same = Enumerable.Range(0, d).Select(i => Same(new BoundColumn(l + i, pushed.Schema[l + i]), new BoundColumn(l + d + r + i, right.Schema[r + i])));
            residual = BoundLogical.All([.. same, .. BoundLogical.Conjuncts(residual)]);
        }

        var node = new Join(pushed, right, join.Type, [], [], residual, []);
        return Columns(node, [.. Enumerable.Range(0, l), .. Enumerable.Range(l + d, r), .. Enumerable.Range(l, d)]);
    }

    private PlanNode Matched(SemiJoin semi)
    {
        var (left, right) = (semi.Inputs[0], semi.Inputs[1]);
        var (l, r, d) = (left.Schema.Count, right.Schema.Count, _columns.Length);
        var pushed = Push(left);
        var residual = semi.Residual is null ? null : Placed(semi.Residual.Shift(c => c < l ? c : c + d), l);
        if (Decorrelation.IsCorrelated(right))
        {
            right = Push(right);
            var same = Enumerable.Range(0, d).Select(i => Same(new BoundColumn(l + i, pushed.Schema[l + i]), new BoundColumn(l + d + r + i, right.Schema[r + i])));
            residual = BoundLogical.All([.. same, .. BoundLogical.Conjuncts(residual)]);
        }

        var node = semi.Over(pushed, right, semi.LeftKeys, semi.RightKeys, residual);
        return semi.Type == SemiJoinType.Mark ? Columns(node, [.. Enumerable.Range(0, l), l + d, .. Enumerable.Range(l, d)]) : node;
    }
}
