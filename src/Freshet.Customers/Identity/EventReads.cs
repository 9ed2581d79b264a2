using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;

namespace Freshet.Customers.Identity;

/// <summary>
/// The parts of an event that the identity reads: a fixed head, then what the rules' types are read from.
/// </summary>
internal sealed class EventReads
{
    public const int MessageId = 0;
    public const int Type = 1;
    public const int EventTime = 2;
    public const int ReceivedAt = 3;
    public const int Source = 4;
    public const int AnonymousId = 5;
    public const int PreviousId = 6;
    public const int ExternalIds = 7;

    /// <summary>Of what a split, a link or an erasure speaks: <c>type:value</c>, one of the profile's identifiers.</summary>
    public const int Subject = 8;

    /// <summary>The identifiers that a split or a link names, an array of <c>type:value</c>.</summary>
    public const int Named = 9;

    /// <summary>FALSE where what the event tells of email, phone and other identifiers of people joins nobody.</summary>
    public const int MayJoin = 10;

    private readonly List<ScanColumn> _columns =
    [
        IdentityRules.Column("message_id"), IdentityRules.Column("type"), IdentityRules.Column("event_time"), IdentityRules.Column("received_at"), IdentityRules.Column("source"),
        IdentityRules.Column("anonymous_id"), IdentityRules.Column("previous_id"), IdentityRules.Part(SqlType.Variant, "context", "externalIds"),
        IdentityRules.Part("properties", "of"), IdentityRules.Part(SqlType.Variant, "properties", "identifiers"),
        IdentityRules.Column("may_join"),
    ];

    private EventReads(IdentityRules rules)
    {
        From = [.. rules.Types.Select(t => t.From.Select(Add).ToArray())];
        When = [.. rules.Types.Select(t => t.When.Select(w => Add(w.Part)).ToArray())];
    }

    public ImmutableArray<ScanColumn> Columns => [.. _columns];

    /// <summary>For each type, the columns that its values are read from.</summary>
    public ImmutableArray<int[]> From { get; }

    /// <summary>For each type, the columns of its conditions.</summary>
    public ImmutableArray<int[]> When { get; }

    public static EventReads Of(IdentityRules rules) => new(rules);

    private int Add(ScanColumn column)
    {
        var text = column.ToString();
        var at = _columns.FindIndex(c => c.ToString() == text);
        if (at >= 0) return at;
        _columns.Add(column);
        return _columns.Count - 1;
    }
}
