using Freshet.Aggregation;
using Freshet.Dataflow;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Joins;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>
/// Inner joins with a relation that a feed gives, such as that of identifiers and profiles: every trait and segment has one, so the
/// relation is indexed once for all of a circuit. Where the left side is an aggregation by the join's key, its groups are read where they are.
/// </summary>
internal static class RelationJoinLowering
{
    public static Stream Of(Join join, CircuitBuilder builder)
    {
        var groups = GroupsOf(join, builder);
        var left = builder.Exact(builder.Translate(join.Inputs[0]));
        var right = builder.Exact(builder.Translate(join.Inputs[1]));
        var spec = new RelationJoinSpec(left.Types, join.LeftKeys, join.Inputs[0].IsAppendOnly, right.Types, join.RightKeys);
        var relation = builder.Relation(right, join.Inputs[1], spec);
        var seed = builder.Seed;
        Operator Create(int share) => groups is null ? new RelationJoinOperator(spec, relation[share], seed) : new RelatedGroupsOperator(spec, relation[share], groups[share]);
        var node = builder.Add(new NodeSpec("join", join.Identity, Create, [CircuitBuilder.Input(EdgeSpec.Keyed(left.Node, join.LeftKeys)), CircuitBuilder.Input(EdgeSpec.Keyed(right.Node, join.RightKeys), 1)]));
        return CircuitBuilder.Result(node, join, left.Errors.Union(right.Errors));
    }

    private static Dictionary<int, AggregateOperator>? GroupsOf(Join join, CircuitBuilder builder) =>
        join.Inputs[0] is Aggregate aggregate && join.LeftKeys.All(k => k < aggregate.Keys.Length) ? builder.GroupsBy(aggregate, join.LeftKeys) : null;

    /// <summary>The node that keeps a relation's index; its shares are there once the node has been made, which is before those that look into them.</summary>
    public static Dictionary<int, SharedRelation> Add(CircuitBuilder builder, Stream relation, PlanNode plan, RelationJoinSpec spec)
    {
        var shares = new Dictionary<int, SharedRelation>();
        var seed = builder.Seed;
        builder.Add(new NodeSpec("relation", plan.Identity + " relation", share => new SharedRelationOperator(shares[share] = new SharedRelation(spec.RightTypes, spec.RightKeys, seed)), [CircuitBuilder.Input(EdgeSpec.Keyed(relation.Node, spec.RightKeys))]));
        return shares;
    }
}
