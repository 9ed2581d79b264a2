using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Plans;

/// <summary>The CREATE EVENTs of a project: what is judged at the door (<see cref="PlanJudge"/>), and a typed table for each.</summary>
internal sealed class TrackingPlan
{
    private static readonly string[] Options = ["on.violation", "version", "table"];

    private readonly List<(EventPlan Plan, CreateEvent Statement, string Sql)> _events = [];
    private readonly Dictionary<(string Table, bool HasProfile, bool IsOfProfiles, bool IsWhole), PlanNode> _tables = [];
    private ScriptBinder? _binder;

    public IReadOnlyList<EventPlan> Events => [.. _events.Select(e => e.Plan)];

    public IEnumerable<string> Names => _events.Select(e => e.Plan.Table).Append(RejectedTable.Name);

    /// <summary>The typed tables, each as a query over <c>events</c> with profile_id.</summary>
    public IEnumerable<(string Table, string Sql)> TypedQueries => _events.Select(e => (e.Plan.Table, TypedEvents.Query(e.Plan, e.Statement, hasProfile: true)));

    public IEnumerable<LayerObject> Declared => _events.Select(e => new LayerObject("EVENT", e.Plan.Event, e.Sql, e.Plan.Table));

    /// <summary>What FROM reads of that name, or null.</summary>
    /// <param name="hasProfile">Whether the statement names profile_id.</param>
    /// <param name="isOfProfiles">Whether events that are nobody's are left out.</param>
    /// <param name="isWhole">Whether anonymised events are among them.</param>
    public PlanNode? Read(string name, bool hasProfile, bool isOfProfiles = false, bool isWhole = false)
    {
        if (name == RejectedTable.Name) return Scan.All(RejectedTable.Definition);
        var found = _events.FindIndex(e => e.Plan.Table == name);
        if (found < 0) return null;
        if (!_tables.TryGetValue((name, hasProfile, isOfProfiles, isWhole), out var plan))
            _tables.Add((name, hasProfile, isOfProfiles, isWhole), plan = _binder!.Bind(new SourceText(name, TypedEvents.Query(_events[found].Plan, _events[found].Statement, hasProfile))));
        return plan;
    }

    public bool TryExecute(Statement statement, SourceText source, ScriptBinder binder)
    {
        _binder = binder;
        switch (statement)
        {
            case CreateEvent create:
                Create(create, source, binder);
                return true;
            case Drop { What: "EVENT" } drop:
                if (_events.RemoveAll(e => e.Plan.Event == drop.Name.Last) == 0 && !drop.IfExists)
                    throw new SqlException(source, drop.Name.Span, $"There is no event {drop.Name.Last}.{NearestName.Hint(drop.Name.Last, _events.Select(e => e.Plan.Event))}");
                _tables.Clear();
                return true;
            default:
                return false;
        }
    }

    private void Create(CreateEvent create, SourceText source, ScriptBinder binder)
    {
        SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);
        foreach (var option in create.Options)
            if (!Options.Contains(option.Key)) throw Error(option.Span, $"CREATE EVENT has no option '{option.Key}'.{NearestName.Hint(option.Key, Options)} Its options are {string.Join(", ", Options)}.");
        string? Option(string key) => create.Options.LastOrDefault(o => o.Key == key)?.Value;
        TextSpan Place(string key) => create.Options.Last(o => o.Key == key).Span;

        var name = create.Event.Last;
        int? version = null;
        if (Option("version") is { } said)
        {
            if (!int.TryParse(said, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)) throw Error(Place("version"), $"'version' = '{said}' is no whole number: it is what context.protocols.event_version says.");
            version = number;
        }

        var others = _events.Where(e => e.Plan.Event == name).Select(e => e.Plan).ToList();
        if (others.Any(o => o.Version == version))
        {
            if (create.IfNotExists) return;
            throw Error(create.Event.Span, version is null ? $"There is already an event {name}." : $"There is already a version {version} of the event {name}.");
        }

        if (others.Count > 0 && (version is null || others.Any(o => o.Version is null))) throw Error(create.Event.Span, $"The event {name} is declared more than once: give each WITH ('version' = '...').");
        if (others.Any(o => o.Version > version)) throw Error(create.Event.Span, $"Declare the versions of {name} from the oldest on: events that say no version are of the oldest.");
        var violation = Option("on.violation") ?? "block";
        if (violation is not ("block" or "warn")) throw Error(Place("on.violation"), $"'on.violation' is 'block' (the event is not taken) or 'warn' (it is taken and the answer says why it breaks the plan), not '{violation}'.");

        foreach (var property in create.Properties)
        {
            if (TypedEvents.IsTaken(property.Name)) throw Error(property.Span, $"The property {property.Name} cannot be a column of the typed table: every event has a column of that name.");
            if (!JsonPathDecoder.CanDecode(JsonPath.Of("properties", property.Name))) throw Error(property.Span, $"The property {property.Name} cannot be read.");
        }

        var table = Option("table") ?? TypedEvents.NameOf(name, version, others.Count == 0);
        if (table.Length == 0) throw Error(create.Event.Span, "No table's name can be made of this event's: give one WITH ('table' = '...').");
        if (binder.Names().Contains(table)) throw Error(create.Event.Span, $"There is already a table or view {table}: give the event's table another name WITH ('table' = '...').");
        var schema = new Schema([.. create.Properties.Select(p => new Field(p.Name, p.Type.WithNullable(true)))]);
        var rules = create.Properties.SelectMany(p => p.Checks).Concat(create.Checks).Select(c => new PlannedRule(source.Slice(c.Span), binder.BindCondition(c.Condition, schema, source))).ToImmutableArray();
        var plan = new EventPlan(name, version, others.Count == 0, table, [.. create.Properties.Select(p => new PlannedProperty(p.Name, p.Type))], rules, violation == "block");
        _events.Add((plan, create, source.Slice(create.Span)));
        // Bound at once, so that an error shows where the event is declared.
        try
        {
            Read(table, hasProfile: false);
        }
        catch (SqlException e)
        {
            throw Error(create.Span, e.Sentence);
        }
    }
}
