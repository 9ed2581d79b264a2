using System.Collections.Immutable;
using Freshet.Plan;

namespace Freshet.Customers.Identity;

/// <summary>
/// The identity as tables of SQL. <c>events</c> with profiles is a join: an event keeps the number of its identifier for good, and the
/// relation says whose that is now.
/// </summary>
internal sealed class IdentityTables
{
    public const string ProfileId = "profile_id";

    /// <summary>What the identity keeps for readers, over its own tables.</summary>
    public const string KeptViews = """
        CREATE MATERIALIZED VIEW IF NOT EXISTS identifiers AS
        SELECT type, `value`, profile_id, first_seen, last_seen, message_id, source FROM `identity$identifiers`;

        CREATE MATERIALIZED VIEW IF NOT EXISTS profiles AS
        SELECT profile_id, identifiers, first_seen, last_seen FROM `identity$profiles`;

        CREATE MATERIALIZED VIEW IF NOT EXISTS profile_merges AS
        SELECT profile_id, merged_profile_id, message_id, event_time, received_at, sequence FROM `identity$merges`;

        CREATE MATERIALIZED VIEW IF NOT EXISTS identity_drops AS
        SELECT type, `value`, rule, COUNT(*) AS drops, MIN(sequence) AS first_sequence, MAX(received_at) AS last_received_at, FIRST_VALUE(message_id) AS message_id
        FROM `identity$drops` GROUP BY type, `value`, rule;
        """;

    private readonly Dictionary<string, PlanNode> _plans;
    private readonly Scan _events;
    private readonly Scan _relation;

    public IdentityTables(IdentityFeed feed)
    {
        var relation = Scan.All(feed.Table("identity$relation", IdentityFeed.Relation, IdentityFeed.RelationSchema, [0], "retract"));
        _plans = new Dictionary<string, PlanNode>
        {
            ["identity$events"] = Scan.All(feed.Events),
            ["identity$relation"] = relation,
            ["identity$identifiers"] = Scan.All(feed.Table("identity$identifiers", IdentityFeed.Identifiers, IdentityFeed.IdentifiersSchema, [0, 1], "retract")),
            ["identity$merges"] = Scan.All(feed.Table("identity$merges", IdentityFeed.Merges, IdentityFeed.MergesSchema, [], null)),
            ["identity$causes"] = Scan.All(feed.Table("identity$causes", IdentityFeed.Causes, IdentityFeed.CausesSchema, [], null)),
            ["identity$erasures"] = Scan.All(feed.Table("identity$erasures", IdentityFeed.Erasures, IdentityFeed.ErasuresSchema, [], null)),
            ["identity$recent"] = Scan.All(feed.Table("identity$recent", IdentityFeed.Recent, IdentityFeed.RecentSchema, [0, 1], "retract")),
            ["identity$profiles"] = Scan.All(feed.Table("identity$profiles", IdentityFeed.Profiles, IdentityFeed.ProfilesSchema, [0], "retract")),
            ["identity$drops"] = Scan.All(feed.Table("identity$drops", IdentityFeed.Drops, IdentityFeed.DropsSchema, [], null)),
        };
        _events = Scan.All(feed.Events);
        _relation = relation;
    }

    /// <summary>Names in FROM, besides those of the kept views.</summary>
    public static ImmutableArray<string> Names { get; } = ["identity$events", "identity$relation", "identity$identifiers", "identity$merges", "identity$drops", "identity$causes", "identity$erasures", "identity$recent", "identity$profiles"];

    public PlanNode Read(string name) => _plans[name];

    /// <summary>The columns of events, then profile_id.</summary>
    /// <param name="type">Left: it is NULL for an event that carries no identifier that counts. Inner: such events are not there.</param>
    public PlanNode Events(JoinType type)
    {
        var own = _events.Schema.Count - 1;
        var join = new Join(_events, _relation, type, [own], [0], null, []);
        IEnumerable<BoundExpression> columns = Enumerable.Range(0, own).Append(own + 2).Select(c => new BoundColumn(c, join.Schema[c]));
        return new Project(join, [.. columns], [.. _events.Schema.Fields.Take(own).Select(f => f.Name), ProfileId]);
    }
}
