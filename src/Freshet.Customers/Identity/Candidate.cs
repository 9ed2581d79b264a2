using Freshet.Columns;

namespace Freshet.Customers.Identity;

/// <summary>An identifier that an event carries, normalised.</summary>
internal struct Candidate
{
    public StringView Type;
    public StringView Value;

    /// <summary>Where its type stands in the rules; for one that nobody declares a number after those, by which its values are counted.</summary>
    public int TypeId;

    /// <summary>Its row among the names.</summary>
    public uint Name;

    /// <summary>The old user_id of an alias, which does not count against the limit.</summary>
    public bool IsPrevious;

    /// <summary>Its type says who somebody is, and not only which device.</summary>
    public bool IsKnown;

    /// <summary>It stands in the list of a split or a link, not only as the subject.</summary>
    public bool IsNamed;
}

/// <summary>What an event asks of the identity.</summary>
internal enum EventKind : byte
{
    /// <summary>Its identifiers belong together.</summary>
    Joins,

    /// <summary>The named identifiers leave the subject's profile.</summary>
    Splits,

    /// <summary>The named identifiers and the subject belong together, whatever a split has said.</summary>
    Links,

    /// <summary>The subject's profile is forgotten.</summary>
    Erases,
}

/// <summary>An event as the identity sees it; its candidates are a range of the step's, the subject's first for all but <see cref="EventKind.Joins"/>.</summary>
internal struct EventFacts
{
    public long Sequence;

    /// <summary>µs; <see cref="NoTime"/> for none.</summary>
    public long EventTime;

    /// <summary>µs.</summary>
    public long ReceivedAt;
    public StringView MessageId;
    public StringView Source;
    /// <summary>The row of the name that it belongs to, once it has been taken; <see cref="NameRow.None"/> for none.</summary>
    public uint Owner;
    public EventKind Kind;
    public int First;
    public int Count;

    public const long NoTime = long.MinValue;
}

/// <summary>Why an identifier of an event did not count.</summary>
internal enum DropRule : byte
{
    /// <summary>Its value says nothing.</summary>
    Blocked,

    /// <summary>The profile would have had too many values of a type.</summary>
    Limit,

    /// <summary>It would have joined what a split has parted.</summary>
    Split,

    /// <summary>The profile would have had too many identifiers or merges.</summary>
    Cap,

    /// <summary>The event carries more identifiers than are looked at.</summary>
    TooMany,
}

/// <summary>A decision against an identifier.</summary>
internal struct Drop
{
    public StringView Type;
    public StringView Value;
    public DropRule Rule;
    public int Event;
}
