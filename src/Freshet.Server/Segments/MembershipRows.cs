using Freshet.Customers.Segments;
using Freshet.Syntax.Printing;

namespace Freshet.Server.Segments;

/// <summary>
/// A <see cref="Membership"/> as rows of text, for EXPLAIN MEMBERSHIP: what, its text (set in by how deep it stands), its value, whether
/// it holds.
/// </summary>
internal static class MembershipRows
{
    public static readonly string[] Columns = ["what", "text", "value", "holds"];

    public static IReadOnlyList<string?[]> Of(Membership membership)
    {
        var rows = new List<string?[]> { new[] { "segment", membership.Segment.Name, membership.IsMember ? "member" : "no member", Holds(membership.IsMember) } };
        AddLevel(rows, membership.Segment, 0);
        foreach (var one in membership.Events) rows.Add(["event", one.Event is null ? one.MessageId : $"{one.Event} ({one.MessageId})", one.Time, null]);
        if (membership.ChangesAtMicros is { } at) rows.Add(["by time", membership.IsMember ? "exits" : "enters", MembershipJson.Time(at), null]);
        rows.AddRange(membership.Notes.Select(n => new[] { "note", n, null, null }));
        return rows;
    }

    private static void AddLevel(List<string?[]> rows, SegmentLevel level, int depth)
    {
        if (level.Where is not null) AddCondition(rows, level.Where, level.Rows, depth);
        if (level.Having is not null) AddCondition(rows, level.Having, null, depth);
        foreach (var source in level.Sources)
        {
            rows.Add([source.Kind, Indent(depth) + source.Name, source.Value ?? $"{source.Rows} row{(source.Rows == 1 ? "" : "s")}", Holds(source.Holds)]);
            AddLevel(rows, source, depth + 1);
        }
    }

    /// <param name="of">Rows that there are; null for groups.</param>
    private static void AddCondition(List<string?[]> rows, Condition condition, long? of, int depth)
    {
        var values = condition.Operands.Zip(condition.Values, (o, v) => $"{Condition.Shown(SqlPrinter.Print(o))} = {v}").ToList();
        if (of > 1) values.Insert(0, $"{condition.RowsHolding} of {of} rows");
        var text = condition.Kind switch { ConditionKind.All => "all of", ConditionKind.Any => "any of", ConditionKind.Not => "not", _ => condition.Text };
        rows.Add([condition.Clause, Indent(depth) + text, values.Count == 0 ? null : string.Join(", ", values), Holds(condition.Holds)]);
        foreach (var part in condition.Parts) AddCondition(rows, part, of, depth + 1);
        if (condition.Query is not { } query) return;
        rows.Add([query.Kind, Indent(depth + 1) + "its query", $"{query.Rows} row{(query.Rows == 1 ? "" : "s")}", Holds(query.Holds)]);
        AddLevel(rows, query, depth + 2);
    }

    private static string Holds(bool? holds) => holds switch { true => "yes", false => "no", _ => "unknown" };

    private static string Indent(int depth) => new(' ', depth * 2);
}
