using Freshet.Customers.Identity;
using Freshet.Customers.Plans;
using Freshet.Customers.Privacy;
using Freshet.Customers.Profiles;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers;

/// <summary>
/// What the customer layer adds to a project: <c>events</c> with <c>profile_id</c> for statements that name it, the tables of the identity,
/// traits and segments. A project that uses none of it is planned and run as without it.
/// </summary>
/// <param name="watermarkDelayMs">How far the watermark of events stays behind the highest event time.</param>
public sealed class CustomerLayer(long watermarkDelayMs) : ICatalogLayer
{
    private readonly TableDefinition _events = EventsTable.Create(watermarkDelayMs);
    private readonly List<LayerObject> _declared = [];
    private IdentityTables? _tables;
    private PlanNode? _changes;
    private bool _isUsed;
    private bool _isOfProfiles;
    private bool _isKept;
    private bool _asksConsent;
    private readonly List<(string Segment, string Category)> _consents = [];

    private bool _isAnonymising;

    /// <summary>Whether events may have been anonymised, which are those views' alone that asked for it.</summary>
    public bool HasAnonymised { get; set; }

    /// <summary>What is left of erased events.</summary>
    internal Anonymising Anonymising { get; } = new();

    /// <summary>What events must carry.</summary>
    internal TrackingPlan Plan { get; } = new();

    /// <summary>What the identity goes by.</summary>
    internal IdentityRules Rules { get; set; } = IdentityRules.Default;

    /// <summary>How long a profile without user_id, email, phone or external id stays without an event; null for ever.</summary>
    public TimeSpan? AnonymousTtl
    {
        init => Rules = Rules with { AnonymousTtlMicros = (long)(value?.TotalMicroseconds ?? 0) };
    }

    public IEnumerable<string> Names => Plan.Names.Concat(IdentityTables.Names);

    public IEnumerable<LayerObject> Declared => Plan.Declared.Concat(_declared);

    /// <summary>The rules of the identity, as they are declared; nothing where the project has no profiles.</summary>
    public IEnumerable<(string Name, string Text)> Remembered => _isUsed ? [(IdentityRules.RememberedAs, string.Join(";\n", _declared.Where(o => o.Kind == "IDENTIFIER").Select(o => o.Sql)))] : [];

    private IdentityTables Tables => _tables ??= new IdentityTables(new IdentityFeed(_events, Rules));

    /// <summary>Identifiers are declared before anything reads profiles, wherever their statements stand.</summary>
    public void Prepare(Statement statement, SourceText source)
    {
        var options = statement switch { CreateTrait trait => trait.Options, CreateSegment segment => segment.Options, _ => [] };
        HasAnonymised |= statement is CreateView view && Anonymising.Asks(view.Options, source);
        _asksConsent |= options.Any(o => o.Key == Consent.Option);
        if (statement is not CreateIdentifier create) return;
        if (_declared.Any(o => o.Kind == "IDENTIFIER" && o.Name == create.Name.Last))
        {
            if (create.IfNotExists) return;
            throw new SqlException(source, create.Name.Span, $"There is already an identifier {create.Name}.");
        }

        Rules = new IdentifierBinder(source, Rules).Bind(create);
        Declare("IDENTIFIER", create.Name, create.Span, source, null);
        _isUsed = true;
    }

    public PlanNode? Read(string name, string statement)
    {
        var hasProfile = statement.Contains(IdentityTables.ProfileId, StringComparison.OrdinalIgnoreCase);
        if (Plan.Read(name, hasProfile, _isOfProfiles, _isAnonymising) is { } typed) return typed;
        if (name == EventsTable.Name && !hasProfile) return HasAnonymised && !_isAnonymising ? WithoutAnonymised(Scan.All(_events)) : null;
        var plan = name == EventsTable.Name
            ? Events()
            : name == SegmentChanges.Source ? _changes
            : IdentityTables.Names.Contains(name) ? Tables.Read(name) : null;
        _isUsed |= plan is not null;
        return plan;
    }

    public bool TryExecute(Statement statement, SourceText source, ScriptBinder binder)
    {
        switch (statement)
        {
            case CreateIdentifier:
                return true;
            case CreateView { Options: [_, ..] } view:
                AddWithOptions(view, source, binder);
                return true;
            case CreateTrait trait:
                Keep(binder);
                OfProfiles(() => ProfileViews.AddTrait(trait, source, binder));
                Declare("TRAIT", trait.Name, trait.Span, source, trait.Name.Last);
                return true;
            case CreateSegment segment:
                Keep(binder);
                OfProfiles(() => ProfileViews.AddSegment(segment, source, binder));
                Declare("SEGMENT", segment.Name, segment.Span, source, segment.Name.Last);
                _consents.AddRange(Consent.CategoriesOf(segment.Options, source).Select(c => (segment.Name.Last, c)));
                return true;
            default:
                return Plan.TryExecute(statement, source, binder);
        }
    }

    public string? LookupOf(string view) => _isUsed && ProfileReads.Lookups.TryGetValue(view, out var column) ? column : null;

    public void Complete(ScriptBinder binder)
    {
        if (!_isUsed) return;
        binder.Execute(new SourceText("identity", IdentityTables.KeptViews));
        OfProfiles(() => binder.Execute(new SourceText("traits", ToldTraits.KeptViews)));
        binder.Execute(new SourceText("profiles", ProfileReads.KeptViews));
        binder.Execute(new SourceText("profiles", AccountReads.KeptViews));
        var segments = _declared.Where(o => o.Kind == "SEGMENT").Select(o => (o.Name, binder.MaterializedViews.FirstOrDefault(v => v.Name == o.Name)?.Plan)).Where(s => s.Plan is not null).ToList();
        if (segments.Count == 0) return;
        IReadOnlyList<PlanNode> consents = [];
        OfProfiles(() => consents = [.. _consents.Select(c => Consent.GivenFor(c.Category, c.Segment, binder))]);
        _changes = SegmentChanges.Plan(segments!, Tables.Read("identity$causes"), consents);
        binder.Execute(new SourceText("segments", SegmentChanges.Statements));
    }

    /// <summary>Events with the profile of each.</summary>
    private PlanNode Events()
    {
        // What is nobody's is not in the inner join.
        var events = Tables.Events(_isOfProfiles ? JoinType.Inner : JoinType.Left);
        return HasAnonymised && !_isOfProfiles && !_isAnonymising ? WithoutAnonymised(events) : events;
    }

    private Filter WithoutAnonymised(PlanNode events)
    {
        var at = _events.Schema.IndexOf(Anonymising.Mark);
        return new Filter(events, new BoundCall("IS NULL", LogicKernel.IsNull, [new BoundColumn(at, events.Schema[at])], SqlType.Boolean.NotNull, default));
    }

    private void AddWithOptions(CreateView view, SourceText source, ScriptBinder binder)
    {
        _isAnonymising = Anonymising.Asks(view.Options, source);
        try
        {
            binder.AddView(view, source, plan => plan);
            if (_isAnonymising) Anonymising.Add(binder.MaterializedViews[^1].Plan, Rules, view, source);
        }
        finally
        {
            _isAnonymising = false;
        }
    }

    /// <summary>Traits and segments read the tables of profiles, so these are there before the first of them.</summary>
    private void Keep(ScriptBinder binder)
    {
        if (_isKept) return;
        _isKept = true;
        binder.Execute(new SourceText("identity", IdentityTables.KeptViews));
        OfProfiles(() => binder.Execute(new SourceText("traits", ToldTraits.KeptViews)));
        if (_asksConsent) OfProfiles(() => binder.Execute(new SourceText("consent", Consent.KeptViews)));
    }

    private void OfProfiles(Action bind)
    {
        _isUsed = true;
        _isOfProfiles = true;
        bind();
        _isOfProfiles = false;
    }

    private void Declare(string kind, Name name, TextSpan span, SourceText source, string? table)
    {
        if (!_declared.Any(o => o.Kind == kind && o.Name == name.Last)) _declared.Add(new LayerObject(kind, name.Last, source.Slice(span), table));
    }
}
