using Freshet.Columns.Types;
using Freshet.Customers.Privacy;
using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Profiles;

/// <summary>
/// CREATE TRAIT and CREATE SEGMENT as kept views. A trait has one row for each profile: profile_id and value. A segment is a set:
/// each profile once, whatever the query repeats. In both, <c>events</c> are those of somebody.
/// </summary>
internal static class ProfileViews
{
    public static void AddTrait(CreateTrait create, SourceText source, ScriptBinder binder)
    {
        var consent = Consent.CategoriesOf(create.Options, source);
        var view = new CreateView(create.Name, true, false, create.IfNotExists, ["profile_id", "value"], create.Query, create.Span);
        binder.AddView(view, source, plan => Consent.Requiring(TraitRows(plan, create.Name, create.Query.Span, source), consent, binder));
        var added = binder.MaterializedViews[^1];
        if (added.Name == create.Name.Last) CheckTrait(added.Plan, create.Name, create.Query.Span, source);
    }

    public static void AddSegment(CreateSegment create, SourceText source, ScriptBinder binder)
    {
        var consent = Consent.CategoriesOf(create.Options, source);
        var view = new CreateView(create.Name, true, false, create.IfNotExists, ["profile_id"], create.Query, create.Span);
        binder.AddView(view, source, plan => Consent.Requiring(SegmentRows(plan, create.Name, create.Query.Span, source), consent, binder));
    }

    /// <summary>The rows of a trait's query, which has the shape of one.</summary>
    public static PlanNode TraitRows(PlanNode plan, Name name, TextSpan place, SourceText source)
    {
        Check(plan, 2, $"A trait has two columns, profile_id and its value, and {name} has {plan.Schema.Count}.", place, source);
        return plan;
    }

    /// <param name="plan">Optimized.</param>
    public static void CheckTrait(PlanNode plan, Name name, TextSpan place, SourceText source)
    {
        if (plan.Key is [0]) return;
        throw new SqlException(source, place, $"A trait has one value for each profile, and the query of {name} may give several: write GROUP BY profile_id, or keep one row by ROW_NUMBER() OVER (PARTITION BY profile_id ORDER BY ...) = 1.");
    }

    /// <summary>The profiles of a segment's query, each once.</summary>
    public static PlanNode SegmentRows(PlanNode plan, Name name, TextSpan place, SourceText source)
    {
        Check(plan, 1, $"A segment has one column, profile_id, and {name} has {plan.Schema.Count}.", place, source);
        return plan.Key is [0] ? plan : new Aggregate(plan, [0], []);
    }

    private static void Check(PlanNode plan, int columns, string sentence, TextSpan span, SourceText source)
    {
        if (plan.Schema.Count != columns) throw new SqlException(source, span, sentence);
        if (plan.Schema[0].Kind != TypeKind.BigInt) throw new SqlException(source, span, $"The first column is the profile_id, a BIGINT, and here it is {plan.Schema[0]}.");
    }
}
