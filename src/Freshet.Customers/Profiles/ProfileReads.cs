using System.Text;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Customers.Identity;
using Freshet.Plan.Catalog;

namespace Freshet.Customers.Profiles;

/// <summary>
/// What is kept so that a profile is read by look-ups alone: its identifiers, its told traits, its groups as JSON, and what has gone into
/// what. Recent events are kept for each identifier, by their place in the log, so that a merge moves nothing.
/// </summary>
internal static class ProfileReads
{
    public const string Identifiers = "identifiers";
    public const string Profiles = "profiles";
    public const string Merges = "profile_merges";
    public const string Traits = "profile_traits";
    public const string Links = "profile$links";
    public const string Recent = "profile$recent";

    /// <summary>What erasures have forgotten that have not been worked off: sequence of the order, its message, and each identifier with its number.</summary>
    public const string Erased = "profile$erased";

    /// <summary>How many places a row of <see cref="Recent"/> has at most, 8 bytes each, behind the identifier's type, value and number.</summary>
    public const int RecentEvents = RecentRow.Max;

    /// <summary>The member of an event that says whether what it tells joins profiles.</summary>
    public const string MayJoin = "mayJoin";

    /// <summary>The columns by which these views are read beside their key.</summary>
    public static IReadOnlyDictionary<string, string> Lookups { get; } = new Dictionary<string, string> { [Identifiers] = "profile_id", [Traits] = "profile_id", [Merges] = "merged_profile_id" };

    public const string KeptViews = """
        CREATE MATERIALIZED VIEW `profile$erased` AS SELECT sequence, message_id, type, `value`, identifier FROM `identity$erasures`;

        CREATE MATERIALIZED VIEW `profile$links` AS
        SELECT profile_id, JSON_ARRAYAGG(group_id) AS doc FROM account_members GROUP BY profile_id;

        CREATE MATERIALIZED VIEW `profile$recent` AS SELECT * FROM `identity$recent`;
        """;

    /// <summary>A value as the identity compares it.</summary>
    public static unsafe string Normalized(IdentityRules rules, string type, string value)
    {
        var memory = BatchMemory.Create();
        try
        {
            var normalized = Normalized(rules, type, value, memory);
            return Encoding.UTF8.GetString(StringView.Span(&normalized));
        }
        finally
        {
            memory.Release();
        }
    }

    /// <inheritdoc cref="Normalized(IdentityRules, string, string)"/>
    /// <param name="memory">Where its bytes lie.</param>
    public static unsafe StringView Normalized(IdentityRules rules, string type, string value, BatchMemory memory)
    {
        var how = rules.External.Normalization;
        foreach (var declared in rules.Types)
        {
            if (declared.Name != type) continue;
            how = declared.Normalization;
            break;
        }

        var bytes = Encoding.UTF8.GetMaxByteCount(value.Length);
        var copy = memory.Allocate(bytes);
        return Normalizer.Normalize(new StringView(copy, Encoding.UTF8.GetBytes(value, new Span<byte>(copy, bytes))), how, memory);
    }

    /// <summary>The identifiers that an event carries, as the identity compares them, by priority; those that were dropped are among them.</summary>
    public static IEnumerable<(string Type, string Value)> Carried(IdentityRules rules, JsonElement record)
    {
        foreach (var type in rules.Types)
            foreach (var from in type.From)
                if (Part(record, EventsTable.Columns[from.Column].Member, from.Path?.Steps.Select(s => s.Key) ?? []) is { Length: > 0 } text)
                    yield return (type.Name, Normalized(rules, type.Name, text));
        if (Part(record, "previousId", []) is { Length: > 0 } previous) yield return ("user_id", Normalized(rules, "user_id", previous));
        if (!record.TryGetProperty("context", out var context) || context.ValueKind != JsonValueKind.Object || !context.TryGetProperty("externalIds", out var ids) || ids.ValueKind != JsonValueKind.Array) yield break;
        foreach (var id in ids.EnumerateArray())
            if (Part(id, "type", []) is { } name && Part(id, "id", []) is { } value) yield return (name, Normalized(rules, name, value));
    }

    /// <summary>Those of them by which the event is somebody's: where it may not join, its user_id and its device alone.</summary>
    public static IEnumerable<(string Type, string Value)> Owning(IdentityRules rules, JsonElement record)
    {
        var mayJoin = !record.TryGetProperty(MayJoin, out var told) || told.ValueKind != JsonValueKind.False;
        return Carried(rules, record).Where(c => mayJoin || c.Type == "user_id" || IsDevice(rules, c.Type));
    }

    /// <summary>Whether identifiers of a type tell devices apart, and not people.</summary>
    public static bool IsDevice(IdentityRules rules, string type) => rules.Types.Any(t => t.Name == type && t.IsDevice);

    private static string? Part(JsonElement value, string member, IEnumerable<string?> path)
    {
        foreach (var key in path.Prepend(member))
            if (key is null || value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(key, out value)) return null;
        return value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null };
    }
}
