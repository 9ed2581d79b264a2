using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>UNION, INTERSECT and EXCEPT: the sides get common types and the names of the first one.</summary>
internal sealed class SetBinder(SourceText source, Func<QueryBody, PlanNode> bind)
{
    public PlanNode Bind(SetBody set)
    {
        if (set.Operator == SetOperator.Union) return Union(set);
        var name = set.Operator.ToString().ToUpperInvariant();
        var sides = Same([set.Left, set.Right], name, set.Span);
        CheckComparable(sides[0], set.Span, name);
        return new SetOperation(sides[0], sides[1], set.Operator == SetOperator.Except, set.IsAll);
    }

    /// <summary>The different rows of a plan.</summary>
    public Aggregate Distinct(PlanNode plan, TextSpan span)
    {
        CheckComparable(plan, span, "DISTINCT");
        return new Aggregate(plan, [.. Enumerable.Range(0, plan.Schema.Count)], []);
    }

    private PlanNode Union(SetBody set)
    {
        // A chain of UNION ALL is one node of many inputs.
        var bodies = new List<QueryBody> { set.Right };
        var first = set.Left;
        while (first is SetBody { Operator: SetOperator.Union } chained && chained.IsAll && set.IsAll)
        {
            bodies.Insert(0, chained.Right);
            first = chained.Left;
        }

        bodies.Insert(0, first);
        PlanNode union = new Plan.Union([.. Same(bodies, "UNION", set.Span)]);
        return set.IsAll ? union : Distinct(union, set.Span);
    }

    /// <summary>The plans of the sides with the same types and names.</summary>
    private List<PlanNode> Same(List<QueryBody> bodies, string name, TextSpan span)
    {
        var sides = bodies.Select(bind).ToList();
        var left = sides[0];
        for (var i = 1; i < sides.Count; i++)
            if (sides[i].Schema.Count != left.Schema.Count) throw new SqlException(source, bodies[i].Span, $"The sides of {name} have {left.Schema.Count} and {sides[i].Schema.Count} columns.");
        var types = left.Schema.Fields.Select((field, c) => Common(field, sides.Select(s => s.Schema[c]), name, span)).ToImmutableArray();
        var coercion = new Coercion(source);
        return [.. sides.Select(side => As(side, types, left.Schema, coercion, span))];
    }

    private SqlType Common(Field field, IEnumerable<SqlType> types, string name, TextSpan span) =>
        types.Aggregate((common, type) => TypeRules.Common(common, type)
            ?? throw new SqlException(source, span, $"The sides of {name} have different types for {field.Name}: {common.Name} and {type.Name}. Write a CAST."));

    private static PlanNode As(PlanNode side, ImmutableArray<SqlType> types, Schema names, Coercion coercion, TextSpan span) =>
        side.Schema.Fields.Zip(names.Fields, types).All(f => f.First.Name == f.Second.Name && f.First.Type.EqualsIgnoringNullability(f.Third))
            ? side
            : new Project(side, [.. types.Select((t, i) => coercion.To(new BoundColumn(i, side.Schema[i], span), t))], [.. names.Fields.Select(f => f.Name)]);

    private void CheckComparable(PlanNode plan, TextSpan span, string what)
    {
        for (var i = 0; i < plan.Schema.Count; i++) Comparable.Check(source, new BoundColumn(i, plan.Schema[i]), span, $"{what} with the column {plan.Schema.Fields[i].Name}");
    }
}
