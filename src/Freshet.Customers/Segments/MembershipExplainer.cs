using System.Globalization;
using Freshet.Engine.Queries;
using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>
/// EXPLAIN MEMBERSHIP: a segment's text is taken apart into its conditions, and each is asked over the rows of one profile, all in one pass over
/// the log and as of one step. When time alone would change the answer is found by asking the segment again at the moments at which the
/// clock turns a condition of some row: the first one with another answer.
/// </summary>
/// <param name="stateBytesMax">Bytes of state at most.</param>
internal sealed class MembershipExplainer(ScriptBinder project, CustomerLayer layer, ValueText text, long stateBytesMax)
{
    private const int MomentsAtOnce = 32;
    private const int MomentsMax = 128;

    private readonly NamedQueries _named = new(project);
    private readonly Dictionary<string, string> _eventTables = layer.Plan.Events.DistinctBy(e => e.Table).ToDictionary(e => e.Table, e => e.Event);

    /// <summary>A declared segment; null for none of that name.</summary>
    public NamedQuery? Segment(string name) => _named.Find(name) is { Kind: "segment" } segment ? segment : null;

    public IEnumerable<string> Segments => _named.All.Where(n => n.Kind == "segment").Select(n => n.Name);

    /// <param name="identifiers">The numbers of the profile's identifiers.</param>
    public Membership Explain(ReadSession session, NamedQuery segment, long profile, IReadOnlyCollection<long> identifiers, CancellationToken cancellation)
    {
        var clock = session.ClockMicros;
        var questions = new Questions(session, text, stateBytesMax);
        var reader = new LevelReader(_named, _eventTables, questions, Binder(session, clock, profile, identifiers), Binder(session, clock, profile, null), profile, clock);
        var isMember = false;
        questions.Ask(Member(session.Binder(), segment.Name, profile), row => isMember = row[0] != "0");
        var level = reader.Read(segment);
        questions.Run(cancellation);

        var notes = level.All().SelectMany(l => l.Notes.Select(n => l == level ? n : $"{l.Name}: {n}")).Concat(level.All().SelectMany(l => l.Conditions()).Where(c => c.Note is not null).Select(c => $"{c.Text}: {c.Note}")).Distinct().ToList();
        if (level.Holds != isMember && notes.Count == 0) notes.Add("The conditions do not account for the membership: a part of the query is not explained.");
        var isTimed = _named.Timed.Contains(segment.Name);
        var changes = isTimed ? FirstChange(session, questions, segment, profile, reader.IsLocal(segment) ? identifiers : null, reader.Moments, isMember, notes, cancellation) : null;
        if (isTimed && level.All().SelectMany(l => l.Conditions()).FirstOrDefault(c => c is { ReadsClock: true, Moments: [] }) is { } untold)
            notes.Add($"When time alone changes {untold.Text} is not told.");
        return new Membership(profile, isMember, session.Step, clock, level, changes, notes);
    }

    private long? FirstChange(ReadSession session, Questions questions, NamedQuery segment, long profile, IReadOnlyCollection<long>? identifiers, SortedSet<long> moments, bool isMember, List<string> notes, CancellationToken cancellation)
    {
        foreach (var some in moments.Take(MomentsMax).Chunk(MomentsAtOnce))
        {
            var then = new bool[some.Length];
            for (var i = 0; i < some.Length; i++)
            {
                var at = i;
                var binder = Binder(session, some[i], profile, identifiers);
                questions.Ask(Member(binder, segment.Name, profile), row => then[at] = row[0] != "0");
            }

            questions.Run(cancellation);
            if (Array.IndexOf(then, !isMember) is >= 0 and var first) return some[first];
        }

        if (moments.Count > MomentsMax) notes.Add($"Time alone changes nothing in the next {MomentsMax} moments at which a condition turns; later ones are not looked at.");
        return null;
    }

    /// <summary>Binds as of a moment; events are those of the profile where its identifiers are given.</summary>
    private ReadBinder Binder(ReadSession session, long clockMicros, long profile, IReadOnlyCollection<long>? identifiers)
    {
        var binder = session.Binder();
        if (identifiers is null) ProfileEvents.AddAll(binder, layer.Plan);
        else ProfileEvents.AddOf(binder, layer.Plan, profile, identifiers);
        foreach (var name in _named.Timed)
        {
            var (view, source) = _named.Find(name)!.At(clockMicros);
            binder.AddView(view, source);
        }

        return binder;
    }

    private static PlanNode Member(ReadBinder binder, string segment, long profile)
    {
        var source = new SourceText("segment", $"SELECT COUNT(*) FROM `{segment}` WHERE profile_id = {profile.ToString(CultureInfo.InvariantCulture)}");
        return binder.BindQuery(((Select)SqlParser.ParseOne(source)).Query, source);
    }
}
