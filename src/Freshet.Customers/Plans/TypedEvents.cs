using System.Text;
using Freshet.Columns.Types;
using Freshet.Syntax.Printing;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Plans;

/// <summary>
/// The typed table of an event as a query over <c>events</c>: what all events have, then the planned properties. History from before the plan is read
/// by the same rules. Where violations block, rows that break the plan are not in it; where they warn they are, with NULL for what has another type.
/// </summary>
internal static class TypedEvents
{
    /// <summary>Columns that give way to a property of the same name.</summary>
    private static readonly string[] Yielding = ["context", "source"];

    private static readonly string[] Fixed = ["message_id", "user_id", "anonymous_id", "profile_id", "event_time", "received_at", "sequence"];

    /// <summary>Whether a property cannot have this name.</summary>
    public static bool IsTaken(string property) => Fixed.Contains(property, StringComparer.OrdinalIgnoreCase);

    /// <param name="hasProfile">Whether profile_id, which costs the identity, is a column.</param>
    public static string Query(EventPlan plan, CreateEvent statement, bool hasProfile)
    {
        var columns = Fixed.Where(c => hasProfile || c != "profile_id").Concat(Yielding.Where(c => plan.Properties.All(p => !p.Name.Equals(c, StringComparison.OrdinalIgnoreCase))));
        var text = new StringBuilder("SELECT * FROM (SELECT ").AppendJoin(", ", columns);
        foreach (var property in plan.Properties) text.Append(", ").Append(Typed(property)).Append(" AS ").Append(Quoted(property.Name));
        text.Append(" FROM events WHERE type = 'track' AND event = ").Append(Text(plan.Event));
        if (plan.Version is { } version)
        {
            const string Said = "TRY_CAST(context['protocols']['event_version'] AS INT)";
            text.Append(plan.IsOldest ? $" AND COALESCE({Said}, {version}) = {version}" : $" AND {Said} = {version}");
        }

        if (plan.Blocks)
            foreach (var property in plan.Properties)
                if (property.Type.Kind != TypeKind.Variant) text.Append($" AND (properties[{Text(property.Name)}] IS NULL OR {Typed(property)} IS NOT NULL)");
        text.Append(')');
        if (!plan.Blocks) return text.ToString();
        var conditions = plan.Properties.Where(p => !p.Type.IsNullable).Select(p => $"{Quoted(p.Name)} IS NOT NULL")
            .Concat(statement.Properties.SelectMany(p => p.Checks).Concat(statement.Checks).Select(c => $"({SqlPrinter.Print(c.Condition)}) IS NOT FALSE")).ToList();
        return conditions.Count == 0 ? text.ToString() : text.Append(" WHERE ").AppendJoin(" AND ", conditions).ToString();
    }

    /// <summary>'Order Completed' and 'orderCompleted' are order_completed.</summary>
    public static string NameOf(string planned, int? version, bool isOldest)
    {
        var name = new StringBuilder();
        for (var i = 0; i < planned.Length; i++)
        {
            var c = planned[i];
            var begins = char.IsUpper(c) && i > 0 && char.IsLower(planned[i - 1]);
            if (!char.IsLetterOrDigit(c) || begins)
                if (name.Length > 0 && name[^1] != '_') name.Append('_');
            if (char.IsLetterOrDigit(c)) name.Append(char.ToLowerInvariant(c));
        }

        var made = name.ToString().TrimEnd('_');
        if (made.Length > 0 && char.IsDigit(made[0])) made = "_" + made;
        return isOldest || version is null ? made : $"{made}_v{version}";
    }

    private static string Typed(PlannedProperty property)
    {
        var value = $"properties[{Text(property.Name)}]";
        return property.Type.Kind == TypeKind.Variant ? value : $"TRY_CAST({value} AS {property.Type.WithNullable(true)})";
    }

    private static string Quoted(string name) => "`" + name.Replace("`", "``", StringComparison.Ordinal) + "`";

    private static string Text(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
