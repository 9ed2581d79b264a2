using System.Globalization;
using Freshet.Customers.Plans;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>
/// <c>events</c>, and the typed tables over it, as traits and segments read them, for queries from outside: those of all profiles, or of
/// one. An event keeps the number of its identifier for good, so those of one profile are those with its numbers: one pass over the log
/// that keeps nothing of anybody else.
/// </summary>
internal static class ProfileEvents
{
    private static readonly string Columns = string.Join(", ", EventsTable.Columns.Select(c => $"e.`{c.Column}`"));

    public static void AddAll(ReadBinder binder, TrackingPlan plan) =>
        Add(binder, plan, $"SELECT {Columns}, r.profile_id FROM `identity$events` AS e JOIN `identity$relation` AS r ON e.identifier = r.identifier");

    /// <param name="identifiers">The numbers of its identifiers.</param>
    public static void AddOf(ReadBinder binder, TrackingPlan plan, long profile, IReadOnlyCollection<long> identifiers) =>
        Add(binder, plan, $"SELECT {Columns}, CAST({Number(profile)} AS BIGINT) AS profile_id FROM `identity$events` AS e WHERE e.identifier IN ({string.Join(", ", identifiers.Select(Number))})");

    private static void Add(ReadBinder binder, TrackingPlan plan, string events)
    {
        binder.AddView(View(EventsTable.Name, events, out var source), source);
        foreach (var (table, sql) in plan.TypedQueries) binder.AddView(View(table, sql, out source), source);
    }

    private static CreateView View(string name, string sql, out SourceText source)
    {
        source = new SourceText(name, sql);
        return new CreateView(new Name([name], default), false, false, false, [], ((Select)SqlParser.ParseOne(source)).Query, new TextSpan(0, sql.Length));
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
