using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Customers.Privacy;
using Freshet.Plan;

namespace Freshet.Customers.Profiles;

/// <summary>
/// Who enters and leaves the segments of a project, as rows of the topic and table <c>segment_changes</c>.
/// </summary>
internal static class SegmentChanges
{
    /// <summary>What the INSERT reads.</summary>
    public const string Source = "segments$changes";

    public const string Table = "segment_changes";

    public const string Statements = """
        CREATE TABLE segment_changes (profile_id BIGINT NOT NULL, segment STRING NOT NULL, change STRING NOT NULL, due TIMESTAMP_LTZ(3), step_time TIMESTAMP_LTZ(3) NOT NULL, cause STRING NOT NULL)
        WITH ('connector' = 'log', 'topic' = 'segment_changes');
        INSERT INTO segment_changes SELECT profile_id, segment, change, due, step_time, cause FROM `segments$changes`;
        """;

    /// <param name="segments">Each segment's name and plan, of one column: that of its view, whose operators it shares.</param>
    /// <param name="causes">What a step has done to profiles.</param>
    /// <param name="consents">For each segment that requires a consent: who has given it, and the segment's name.</param>
    public static PlanNode Plan(IReadOnlyList<(string Name, PlanNode Plan)> segments, PlanNode causes, IReadOnlyList<PlanNode> consents)
    {
        var named = segments.Select(PlanNode (s) => new Project(
            new OptimizedPlan(s.Plan, s.Plan),
            [new BoundColumn(0, s.Plan.Schema[0]), new BoundLiteral(SqlType.String.NotNull, default, System.Text.Encoding.UTF8.GetBytes(s.Name))],
            ["profile_id", "segment"])).ToImmutableArray();
        var withdrawal = consents.Count == 0 ? null : new Withdrawal(consents.Count == 1 ? consents[0] : new Union([.. consents]), Consent.Cause, ["merge", "split", "erase"]);
        return new StepChanges(named.Length == 1 ? named[0] : new Union(named), causes, "entered", "exited", "time", withdrawal);
    }
}
