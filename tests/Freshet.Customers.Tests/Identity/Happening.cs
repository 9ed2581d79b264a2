using System.Globalization;
using System.Text.Json;

namespace Freshet.Customers.Tests.Identity;

/// <summary>An event of a test, as the tracking API would store it.</summary>
internal sealed record Happening(string MessageId, string Type = "track")
{
    public string? Event { get; init; }

    public string? UserId { get; init; }

    public string? AnonymousId { get; init; }

    public string? GroupId { get; init; }

    public string? PreviousId { get; init; }

    public string? Email { get; init; }

    public string? Phone { get; init; }

    /// <summary>Of the external ids.</summary>
    public string Collection { get; init; } = "users";

    public (string Type, string Id)[] ExternalIds { get; init; } = [];

    /// <summary>Whether what it tells joins profiles; null is yes.</summary>
    public bool? MayJoin { get; init; }

    /// <summary>The subject of a split, a link or an erasure.</summary>
    public string? Of { get; init; }

    public string[]? Named { get; init; }

    public string? Properties { get; init; }

    public string? Traits { get; init; }

    /// <summary>context.consent.categoryPreferences, as JSON.</summary>
    public string? Consent { get; init; }

    /// <summary>Seconds.</summary>
    public long Time { get; init; }

    public long ReceivedAt { get; init; }

    /// <summary>The row of the table <c>events</c>, as SQL.</summary>
    public string Row(long sequence)
    {
        var traits = Traits ?? JsonSerializer.Serialize(new[] { ("email", Email), ("phone", Phone) }.Where(t => t.Item2 is not null).ToDictionary(t => t.Item1, t => t.Item2));
        var properties = Properties ?? JsonSerializer.Serialize(Of is null ? [] : new Dictionary<string, object?> { ["of"] = Of, ["identifiers"] = Named ?? [] });
        var context = JsonSerializer.Serialize(new { externalIds = ExternalIds.Select(e => new { id = e.Id, type = e.Type, collection = Collection, encoding = "none" }) });
        if (Consent is not null) context = string.Concat(context.AsSpan(0, context.Length - 1), ",\"consent\":{\"categoryPreferences\":", Consent, "}}");
        return string.Create(CultureInfo.InvariantCulture, $"{Text(MessageId)}, {Text(Type)}, {Text(Event)}, NULL, NULL, {Text(UserId)}, {Text(AnonymousId)}, {Text(GroupId)}, {Text(PreviousId)}, {Json(properties)}, {Json(traits)}, {Json(context)}, NULL, TO_TIMESTAMP_LTZ({Time * 1000}, 3), TO_TIMESTAMP_LTZ({ReceivedAt * 1000}, 3), NULL, NULL, 'web', {sequence}, {(MayJoin is { } may ? may ? "TRUE" : "FALSE" : "NULL")}, NULL");
    }

    public override string ToString() =>
        $"{MessageId} {Type} user {UserId} anonymous {AnonymousId} previous {PreviousId} email {Email} external {string.Join(",", ExternalIds)} of {Of} named {string.Join(",", Named ?? [])} at {Time} received {ReceivedAt}";

    private static string Text(string? text) => text is null ? "CAST(NULL AS STRING)" : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Json(string json) => $"PARSE_JSON({Text(json)})";
}
