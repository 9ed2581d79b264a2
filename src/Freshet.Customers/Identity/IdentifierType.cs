using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Freshet.Plan;

namespace Freshet.Customers.Identity;

/// <summary>What is done to a value before it is compared.</summary>
[Flags]
internal enum Normalization
{
    None = 0,

    /// <summary>Blanks around it are taken away.</summary>
    Trim = 1,

    /// <summary>ASCII and other letters are made small.</summary>
    Lower = 2,

    /// <summary>A telephone number keeps + and digits; 00 in front is +.</summary>
    E164 = 4,

    /// <summary>It is replaced by its SHA-256 in hexadecimal digits, after all else.</summary>
    Hash = 8,
}

/// <summary>
/// A type of identifiers: which parts of an event hold one, and what holds for it. Immutable.
/// </summary>
/// <param name="Name">As people write it: user_id, email.</param>
/// <param name="Priority">1 is the highest. Of equal ones the name decides, in byte order.</param>
/// <param name="From">Parts of an event, each read as STRING; all that are there count, the first ones before the others.</param>
internal sealed record IdentifierType(string Name, int Priority, ImmutableArray<ScanColumn> From)
{
    /// <summary>Most values of the type in a profile.</summary>
    public int Limit { get; init; } = 5;

    /// <summary>Only values that came to the profile within this time count against the limit, µs; 0: all of them.</summary>
    public long PeriodMicros { get; init; }

    /// <summary>One value a profile, ever; not even an alias makes an exception.</summary>
    public bool IsUnique { get; init; }

    public Normalization Normalization { get; init; }

    /// <summary>It tells devices apart and not people: a profile of such identifiers alone is anonymous.</summary>
    public bool IsDevice { get; init; }

    /// <summary>Values that say nothing, normalised.</summary>
    public ImmutableArray<string> Blocked { get; init; } = [];

    /// <summary>Patterns of values that say nothing.</summary>
    public ImmutableArray<Regex> BlockedPatterns { get; init; } = [];

    /// <summary>Whether common placeholders (null, anonymous, -1, zeros and dashes ...) say nothing.</summary>
    public bool BlocksPlaceholders { get; init; } = true;

    /// <summary>Parts of an event that must have these values, whatever the case, for the type to be read at all.</summary>
    public ImmutableArray<(ScanColumn Part, string Value)> When { get; init; } = [];

    /// <summary>All that changes what the identity does, as one text.</summary>
    public string Text =>
        $"{Name} {Priority} from {string.Join(",", From)} when {string.Join(",", When)} limit {Limit}/{PeriodMicros} unique {IsUnique} {Normalization} "
        + $"block {string.Join(",", Blocked.Select(b => $"'{b}'"))} {string.Join(",", BlockedPatterns.Select(p => $"/{p}/"))} {BlocksPlaceholders}";
}
