using System.Collections.Immutable;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Customers.Identity;

/// <summary>
/// All that the identity of a project goes by: the types in the order of their priority, and the bounds of a profile. Without
/// any statement they are Segment Unify's: user_id first, one a profile; then email; then all others by name, five of each.
/// </summary>
internal sealed record IdentityRules(ImmutableArray<IdentifierType> Types)
{
    /// <summary>The name under which a start keeps the statements that declare them.</summary>
    public const string RememberedAs = "the identity";

    /// <summary>Most identifiers of an event that are looked at.</summary>
    public const int EventMaxIdentifiers = 32;

    /// <summary>A profile of this many identifiers takes no more.</summary>
    public int ProfileMaxIdentifiers { get; init; } = 1000;

    /// <summary>A profile into which this many others have gone takes no more.</summary>
    public int ProfileMaxMerges { get; init; } = 100;

    /// <summary>A profile of devices alone is over when it has had no event for so long, µs; 0: never.</summary>
    public long AnonymousTtlMicros { get; init; }

    /// <summary>Unify's way: alias says nothing.</summary>
    public bool IgnoresAlias { get; init; }

    /// <summary>What holds for types of context.externalIds that nobody declares.</summary>
    public IdentifierType External { get; init; } = new("external", int.MaxValue, []);

    public static IdentityRules Default { get; } = new(
    [
        new IdentifierType("user_id", 1, [Column("user_id")]) { Limit = 1 },
        new IdentifierType("email", 2, [Part("traits", "email"), Part("context", "traits", "email")]) { Normalization = Normalization.Trim | Normalization.Lower },
        Device("android.id", 3, "id", "android"),
        Device("android.idfa", 4, "advertisingId", "android", tracking: true),
        Device("android.push_token", 5, "token", "android"),
        new IdentifierType("anonymous_id", 6, [Column("anonymous_id")]) { IsDevice = true },
        Device("ios.id", 7, "id", "ios"),
        Device("ios.idfa", 8, "advertisingId", "ios", tracking: true),
        Device("ios.push_token", 9, "token", "ios"),
        new IdentifierType("phone", 10, [Part("traits", "phone"), Part("context", "traits", "phone")]) { Normalization = Normalization.E164 },
    ]);

    /// <summary>The canonical text of all of it.</summary>
    public string Text => $"{string.Join("; ", Types.Select(t => t.Text))}; {External.Text}; {ProfileMaxIdentifiers} identifiers, {ProfileMaxMerges} merges, alias {IgnoresAlias}, anonymous {AnonymousTtlMicros}";

    /// <summary>These rules with one type declared, in the place of that of its name.</summary>
    public IdentityRules With(IdentifierType type) =>
        this with { Types = [.. Types.Where(t => t.Name != type.Name).Append(type).OrderBy(t => t.Priority).ThenBy(t => t.Name, StringComparer.Ordinal)] };

    /// <summary>A column of events, as an event's part.</summary>
    public static ScanColumn Column(string name)
    {
        var at = ColumnOf(name);
        return new ScanColumn(at, EventsTable.Columns[at].Type);
    }

    /// <summary>A part of a VARIANT column of events, as text; NULL where it is none.</summary>
    public static ScanColumn Part(string column, params string[] keys) => Part(SqlType.String, column, keys);

    public static ScanColumn Part(SqlType type, string column, params string[] keys) =>
        new(ColumnOf(column), type, JsonPath.Of(JsonPathMode.Lax, [.. keys.Select(JsonPathStep.Member)]), FailsAsNull: true);

    private static int ColumnOf(string name)
    {
        for (var i = 0; i < EventsTable.Columns.Length; i++)
            if (EventsTable.Columns[i].Column == name) return i;
        throw new ArgumentException($"events has no column {name}.");
    }

    private static IdentifierType Device(string name, int priority, string member, string platform, bool tracking = false) =>
        new(name, priority, [Part("context", "device", member)])
        {
            IsDevice = true,
            When = tracking
                ? [(Part("context", "device", "type"), platform), (Part("context", "device", "adTrackingEnabled"), "true")]
                : [(Part("context", "device", "type"), platform)],
        };
}
