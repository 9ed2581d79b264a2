using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>An event that stands behind a row.</summary>
internal sealed record CountedEvent(string? MessageId, string? Time, string? Event);

/// <summary>
/// One SELECT of a segment, or of what it reads: its conditions, its rows of one profile, the events that they come from, and what it
/// reads in turn. Of a set operation only what it is made of.
/// </summary>
internal sealed class SegmentLevel(string name, string kind)
{
    /// <summary>The segment's, trait's or view's name; the alias of a query in FROM.</summary>
    public string Name { get; } = name;

    /// <summary>segment, trait, view or query.</summary>
    public string Kind { get; } = kind;

    public Condition? Where { get; set; }

    public Condition? Having { get; set; }

    /// <summary>Of UNION, INTERSECT and EXCEPT: how the sources are put together.</summary>
    public SetOperator? Combines { get; set; }

    /// <summary>What is read, and is itself a query by profile.</summary>
    public List<SegmentLevel> Sources { get; } = [];

    /// <summary>What cannot be explained, a sentence each.</summary>
    public List<string> Notes { get; } = [];

    // What was found of a profile.

    /// <summary>Rows of the profile before WHERE.</summary>
    public long Rows { get; set; }

    /// <summary>Rows that meet WHERE.</summary>
    public long RowsHolding { get; set; }

    /// <summary>Some conditions cannot be looked at row by row, so that the rows that meet all of WHERE are counted by themselves.</summary>
    public bool IsCounted { get; set; }

    public long RowsCounted { get; set; }

    /// <summary>Groups that meet HAVING.</summary>
    public long GroupsHolding { get; set; }

    /// <summary>Whether the profile is in its result.</summary>
    public bool Holds => Combines switch
    {
        SetOperator.Union => Sources.Any(s => s.Holds),
        SetOperator.Intersect => Sources.All(s => s.Holds),
        SetOperator.Except => Sources[0].Holds && !Sources[1].Holds,
        _ => (IsCounted ? RowsCounted : RowsHolding) > 0 && (Having is null || GroupsHolding > 0),
    };

    /// <summary>Of a trait: its value as JSON; null where the profile has none.</summary>
    public string? Value { get; set; }

    /// <summary>The latest events behind the rows that meet WHERE, newest first.</summary>
    public List<CountedEvent> Events { get; } = [];

    public IEnumerable<SegmentLevel> All() => Sources.Concat(Conditions().Select(c => c.Query).OfType<SegmentLevel>()).SelectMany(l => l.All()).Prepend(this);

    public IEnumerable<Condition> Conditions() => new[] { Where, Having }.OfType<Condition>().SelectMany(c => c.Tree());
}
