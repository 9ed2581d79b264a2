using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Privacy;

/// <summary>
/// What a profile has consented to: <c>context.consent.categoryPreferences</c> of its events, for each category the last by event time. A trait or segment
/// WITH ('consent' = 'advertising') holds profiles alone that have said yes; who has said nothing has not.
/// </summary>
internal static class Consent
{
    public const string Option = "consent";

    /// <summary>The cause of an exit by withdrawal.</summary>
    public const string Cause = "consent";

    public const string View = "profile_consent";

    /// <summary>Kept where a statement of the project asks for consent.</summary>
    public const string KeptViews = """
        CREATE MATERIALIZED VIEW IF NOT EXISTS profile_consent AS
        SELECT profile_id, category, granted, event_time, message_id FROM (
          SELECT profile_id, t.category AS category, t.granted AS granted, event_time, message_id,
            ROW_NUMBER() OVER (PARTITION BY profile_id, t.category ORDER BY event_time DESC, sequence DESC) AS n
          FROM events CROSS JOIN UNNEST(TRY_CAST(context['consent']['categoryPreferences'] AS MAP<STRING, BOOLEAN>)) AS t(category, granted))
        WHERE n = 1;
        """;

    /// <summary>The same as the text of a statement.</summary>
    public static SourceText Source { get; } = new("consent", KeptViews);

    /// <summary>The categories that a trait or segment requires, all of them.</summary>
    public static ImmutableArray<string> CategoriesOf(ImmutableArray<OptionPair> options, SourceText source)
    {
        var categories = ImmutableArray.CreateBuilder<string>();
        foreach (var option in options)
        {
            if (option.Key != Option) throw new SqlException(source, option.Span, $"A trait or segment has no option '{option.Key}'.{NearestName.Hint(option.Key, [Option])} Its option is consent.");
            string[] named = option.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (named.Length == 0) throw new SqlException(source, option.Span, "'consent' names a category of context.consent.categoryPreferences, or several joined by commas.");
            categories.AddRange(named);
        }

        return categories.ToImmutable();
    }

    /// <summary>The rows of profiles that have said yes to all of them.</summary>
    public static PlanNode Requiring(PlanNode plan, ImmutableArray<string> categories, ScriptBinder binder) =>
        categories.Aggregate(plan, (rows, category) => new SemiJoin(rows, Given(category, binder), SemiJoinType.Semi, [0], [0], null, []));

    /// <summary>Who has said yes to a category, with a segment's name behind: its rows go when consent is withdrawn.</summary>
    public static PlanNode GivenFor(string category, string segment, ScriptBinder binder)
    {
        var text = Text(category);
        var given = binder.BindQuery(((Select)SqlParser.ParseOne(text)).Query, text);
        return new Project(given, [new BoundColumn(0, given.Schema[0]), new BoundLiteral(SqlType.String.NotNull, default, System.Text.Encoding.UTF8.GetBytes(segment))], ["profile_id", "segment"]);
    }

    /// <summary>The text of a trait or segment with what it requires as conditions of its query, for whoever takes the query apart; where it requires nothing, as written.</summary>
    /// <param name="head">The statement up to its query, without options.</param>
    /// <param name="columns">The columns of its rows.</param>
    public static string Spelled(string head, string written, ImmutableArray<OptionPair> options, Query query, string columns, SourceText source)
    {
        var categories = CategoriesOf(options, source);
        return categories.IsEmpty ? written : $"{head} AS SELECT {columns} FROM ({source.Slice(query.Span)}) AS `query` ({columns}) WHERE {string.Join(" AND ", categories.Select(c => $"profile_id IN ({Text(c).Text})"))}";
    }

    private static PlanNode Given(string category, ScriptBinder binder) => binder.Bind(Text(category));

    private static SourceText Text(string category) =>
        new(View, $"SELECT profile_id FROM {View} WHERE category = '{category.Replace("'", "''", StringComparison.Ordinal)}' AND granted");
}
