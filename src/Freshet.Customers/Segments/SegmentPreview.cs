using System.Globalization;
using Freshet.Customers.Privacy;
using Freshet.Customers.Profiles;
using Freshet.Engine;
using Freshet.Engine.Queries;
using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;
using Query = Freshet.Syntax.Tree.Query;

namespace Freshet.Customers.Segments;

/// <summary>A trait that is not there yet: how many profiles have a value, and some of them.</summary>
internal sealed record PreviewedTrait(string Name)
{
    public long Profiles { get; set; }

    public SampleOf<string> Sample { get; } = new();
}

/// <summary>A segment that is not there yet.</summary>
/// <param name="Name">Null for a SELECT.</param>
internal sealed record PreviewedSegment(string? Name)
{
    public HashSet<long> Members { get; } = [];

    public SampleOf<long> Sample { get; } = new();
}

/// <summary>
/// CREATE TRAIT, CREATE SEGMENT and SELECT as they would be if they were published now: over the whole history, as of one step, in one pass
/// over the log, beside the running views and without touching them. What the file declares takes the place of what the project has of
/// that name, for what stands in the file. State and members are bounded; beyond that an error.
/// </summary>
internal sealed class SegmentPreview(CustomerLayer layer, ScriptBinder project, ValueText text, long stateBytesMax)
{
    /// <summary>What a member costs in a set, at the most.</summary>
    private const long MemberBytes = 48;

    public List<PreviewedTrait> Traits { get; } = [];

    public List<PreviewedSegment> Segments { get; } = [];

    public long RowsRead { get; private set; }

    /// <exception cref="SqlException">The file is wrong: names the place.</exception>
    /// <exception cref="EngineException">A limit is met, or a value cannot be computed.</exception>
    public void Run(ReadSession session, SourceText file, long clockMicros, CancellationToken cancellation)
    {
        // As it would be published: here mistakes have their place in the file.
        var written = Binder(session);
        // As of now.
        var then = Binder(session);
        var questions = new Questions(session, text, stateBytesMax);
        foreach (var name in Timed(file))
        {
            var (view, source) = name.At(clockMicros);
            then.AddView(view, source);
        }

        foreach (var statement in SqlParser.ParseScript(file)) Add(statement, file, written, then, questions, clockMicros);
        if (Segments.Count + Traits.Count == 0) throw new SqlException(file, default, "The file has nothing to preview: write CREATE SEGMENT name AS SELECT profile_id FROM ..., or the SELECT alone.");
        questions.Run(cancellation);
        RowsRead = questions.RowsRead;
    }

    private void Add(Statement statement, SourceText file, ReadBinder written, ReadBinder then, Questions questions, long clockMicros)
    {
        switch (statement)
        {
            case CreateTrait create:
                var rows = written.BindQuery(create.Query, file, p => ProfileViews.TraitRows(p, create.Name, create.Query.Span, file));
                ProfileViews.CheckTrait(rows, create.Name, create.Query.Span, file);
                written.CheckKept(create.Query, file);
                AskTrait(create, Declare(NamedQuery.Of(create, file), file, written, then, clockMicros), questions);
                break;
            case CreateSegment create:
                AskSegment(create.Name, create.Query, NamedQuery.Of(create, file), file, written, then, questions, clockMicros);
                Declare(NamedQuery.Of(create, file), file, written, then, clockMicros);
                break;
            case CreateView create:
                written.BindQuery(create.Query, file);
                Declare(new NamedQuery("view", create.Name.Last, create.Columns, create.Query, file.Slice(create.Span)), file, written, then, clockMicros);
                break;
            case Select select:
                AskSegment(null, select.Query, new NamedQuery("segment", "preview", [], select.Query, file.Slice(select.Query.Span)), file, written, then, questions, clockMicros);
                break;
            default:
                throw new SqlException(file, statement.Span, "A preview takes CREATE TRAIT, CREATE SEGMENT, CREATE VIEW, and a SELECT that gives profile_id.");
        }
    }

    private static PlanNode Declare(NamedQuery query, SourceText file, ReadBinder written, ReadBinder then, long clockMicros)
    {
        written.AddView(new CreateView(new Name([query.Name], default), false, false, false, query.Columns, query.Query, query.Query.Span), file);
        var (view, source) = query.At(clockMicros);
        then.AddView(view, source);
        return then.BindQuery(view.Query, source);
    }

    private void AskTrait(CreateTrait create, PlanNode plan, Questions questions)
    {
        var trait = new PreviewedTrait(create.Name.Last);
        Traits.Add(trait);
        questions.Ask(plan, row =>
        {
            trait.Profiles++;
            trait.Sample.Add(Number(row[0]), row[1]);
        });
    }

    private void AskSegment(Name? name, Query query, NamedQuery named, SourceText file, ReadBinder written, ReadBinder then, Questions questions, long clockMicros)
    {
        var shown = name ?? new Name(["the query"], default);
        written.BindQuery(query, file, p => ProfileViews.SegmentRows(p, shown, query.Span, file));
        written.CheckKept(query, file);
        var (view, source) = named.At(clockMicros);
        var parsed = SqlParser.ParseOne(source) is Select select ? select.Query : view.Query;
        var segment = new PreviewedSegment(name?.Last);
        Segments.Add(segment);
        questions.Ask(then.BindQuery(parsed, source, p => ProfileViews.SegmentRows(p, shown, query.Span, source)), row =>
        {
            var profile = Number(row[0]);
            if (!segment.Members.Add(profile)) return;
            segment.Sample.Add(profile, profile);
            if (stateBytesMax > 0 && segment.Members.Count * MemberBytes > stateBytesMax)
                throw new EngineException("query_memory", $"The preview keeps more than the {stateBytesMax >> 20} MiB of limits.queryBytes: {segment.Members.Count:N0} members of {shown}. Raise the limit.");
        });
    }

    private ReadBinder Binder(ReadSession session)
    {
        var binder = session.Binder();
        ProfileEvents.AddAll(binder, layer.Plan);
        // The first that asks for consent may be what is previewed.
        if (project.View(Consent.View) is null) binder.AddView((CreateView)SqlParser.ParseOne(Consent.Source) with { IsMaterialized = false }, Consent.Source);
        return binder;
    }

    /// <summary>Views that are text alone and depend on the clock; kept ones are read as they are.</summary>
    private IEnumerable<NamedQuery> Timed(SourceText file)
    {
        var named = new NamedQueries(project);
        var words = ClockText.Names(file.Text).ToHashSet();
        return named.All.Where(n => n.Kind == "view" && named.Timed.Contains(n.Name) && words.Contains(n.Name) && project.MaterializedViews.All(v => v.Name != n.Name));
    }

    private static long Number(string json) => long.Parse(json, CultureInfo.InvariantCulture);
}
