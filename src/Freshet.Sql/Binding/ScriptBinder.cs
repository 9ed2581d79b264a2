using System.Collections.Immutable;
using Freshet.Sql.Catalog;
using Freshet.Sql.Parsing;
using Freshet.Sql.Plan;
using Freshet.Sql.Rules;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>A materialized view of a project: its plan and the columns that name its rows (all columns where no key is known).</summary>
public sealed record ViewPlan(string Name, PlanNode Plan, ImmutableArray<int> Key, string Sql)
{
    /// <summary>The stable identity of the bound plan before rewrite rules: it changes when, and only when, the view's meaning does.</summary>
    public string Identity { get; init; } = Plan.Identity;
}

/// <summary>An INSERT INTO of a project.</summary>
public sealed record InsertPlan(string Name, PlanNode Plan, TableDefinition Target)
{
    /// <summary>The stable identity of the bound plan and its target before rewrite rules.</summary>
    public string Identity { get; init; } = Plan.Identity;
}

/// <summary>A SELECT of a script.</summary>
public sealed record SelectPlan(PlanNode Plan, SourceText Source, TextSpan Place);

/// <summary>
/// Statements one after another against a growing catalogue: tables, views, inserts, options. A project's files go through one
/// binder in name order; a script to its end through another. What cannot be done is refused with its place.
/// </summary>
public sealed class ScriptBinder(bool isBounded)
{
    private readonly Dictionary<string, TableDefinition> _tables = [];
    private readonly Dictionary<string, (CreateView Statement, SourceText Source, PlanNode Plan)> _views = [];
    private readonly List<ViewPlan> _materialized = [];
    private readonly List<InsertPlan> _inserts = [];
    private readonly List<SelectPlan> _selects = [];

    public IReadOnlyDictionary<string, TableDefinition> Tables => _tables;

    public IReadOnlyList<ViewPlan> MaterializedViews => _materialized;

    /// <summary>Names of views that are text alone.</summary>
    public IEnumerable<string> Views => _views.Where(v => !v.Value.Statement.IsMaterialized).Select(v => v.Key);

    public IReadOnlyList<InsertPlan> Inserts => _inserts;

    public IReadOnlyList<SelectPlan> Selects => _selects;

    /// <summary>Options of SET.</summary>
    public Dictionary<string, string> Options { get; } = [];

    /// <summary>Checks a table's options when it is declared; throws with the nearest known one.</summary>
    public Action<TableDefinition>? CheckTable { get; set; }

    /// <summary>Makes a table known that no statement declares.</summary>
    public void AddTable(TableDefinition table) => _tables[table.Name] = table;

    public void Execute(SourceText source)
    {
        foreach (var statement in SqlParser.ParseScript(source)) Execute(statement, source);
    }

    public void Execute(Statement statement, SourceText source)
    {
        switch (statement)
        {
            case CreateTable create:
                if (Exists(create.Name, create.IfNotExists, source)) return;
                if (create.Connection is not null) throw new SqlException(source, create.Connection.Span, "USING CONNECTION is not supported: write the connector's options.");
                if (create.As is not null) throw new SqlException(source, create.As.Span, "CREATE TABLE AS is not supported yet: declare the table, then INSERT INTO it.");
                var table = new TableBinder(source, (name, options) => Table(name, options, source)).Bind(create);
                CheckTable?.Invoke(table);
                _tables.Add(table.Name, table);
                break;
            case CreateView view:
                if (Exists(view.Name, view.IfNotExists, source)) return;
                // Bound at once, so that an error shows where the view is declared.
                var binder = Binder(source);
                var bound = binder.Renamed(binder.Bind(view.Query), view.Columns, view.Span);
                _views.Add(TableNames.Local(view.Name, source), (view, source, bound));
                if (view.IsMaterialized) _materialized.Add(Materialized(view, bound, source));
                break;
            case Insert insert:
                _inserts.Add(BindInsert(insert, source));
                break;
            case StatementSet set:
                foreach (var insert in set.Inserts) _inserts.Add(BindInsert(insert, source));
                break;
            case Select select:
                _selects.Add(new SelectPlan(BindQuery(select.Query, source), source, select.Span));
                break;
            case SetOption { Key: { } key } set:
                Options[key] = set.Value ?? "";
                break;
            case SetOption:
                break;
            case ResetOption reset:
                if (reset.Key is null) Options.Clear();
                else Options.Remove(reset.Key);
                break;
            case Use use:
                TableNames.Use(use.Name, source);
                break;
            case Drop { What: "TABLE" or "VIEW" or "MATERIALIZED VIEW" } drop:
                Remove(drop, source);
                break;
            case Explain or Show or Describe or ExplainWatermark:
                throw new SqlException(source, statement.Span, "This statement reads a running project: send it to /api/sql, or write it behind `freshet sql`.");
            case InsertWith or StatementBlock or Update or Delete or Subscribe or CreateFunction or CreateNamespace or OtherStatement:
                throw new SqlException(source, statement.Span, NotSupported.Sentence(statement));
            default:
                throw new SqlException(source, statement.Span, "This statement is not supported yet.");
        }
    }

    private void Remove(Drop drop, SourceText source)
    {
        var name = TableNames.Local(drop.Name, source);
        var removed = drop.What == "TABLE" ? _tables.Remove(name) : _views.Remove(name);
        _materialized.RemoveAll(v => v.Name == name && drop.What != "TABLE");
        if (!removed && !drop.IfExists) throw new SqlException(source, drop.Name.Span, $"There is no {drop.What.ToLowerInvariant()} {drop.Name}.{NearestName.Hint(name, Names())}");
    }

    private ViewPlan Materialized(CreateView view, PlanNode bound, SourceText source)
    {
        var names = bound.Schema.Fields.Select(f => f.Name).ToList();
        if (names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new SqlException(source, view.Span, $"The view {view.Name} has two columns named {twice.Key}: name one with AS.");
        var plan = Optimized(bound, source, view.Span);
        return new ViewPlan(view.Name.Last, plan, KeyOf(plan), source.Slice(view.Span)) { Identity = bound.Identity };
    }

    /// <summary>A view as written, with its text; null for none of that name.</summary>
    internal (CreateView Statement, SourceText Source)? View(string name) => _views.TryGetValue(name, out var view) ? (view.Statement, view.Source) : null;

    /// <summary>A query over the tables and views known so far, optimized.</summary>
    public PlanNode BindQuery(Query query, SourceText source) => Optimized(Binder(source).BindTop(query), source, query.Span);

    private PlanNode Optimized(PlanNode bound, SourceText source, TextSpan place)
    {
        var plan = Optimizer.Optimize(bound);
        if (!isBounded) ProcessingTime.Check(plan, source, place);
        return plan;
    }

    /// <summary>All names that FROM can have.</summary>
    public IEnumerable<string> Names() => _tables.Keys.Concat(_views.Keys);

    private QueryBinder Binder(SourceText source, bool mayReadClock = false) =>
        new(source, (name, options) => Table(name, options, source), Names, ImmutableDictionary<string, PlanNode>.Empty, new QueryRules(isBounded, mayReadClock));

    private bool Exists(Name name, bool isFine, SourceText source)
    {
        if (!_tables.ContainsKey(name.Last) && !_views.ContainsKey(name.Last)) return false;
        return isFine ? true : throw new SqlException(source, name.Span, $"There is already a table or view {name.Last}.");
    }

    private PlanNode? Table(Name name, ImmutableDictionary<string, string> options, SourceText source)
    {
        var last = TableNames.Local(name, source);
        if (_tables.TryGetValue(last, out var table))
        {
            if (options.IsEmpty) return Scan.All(table);
            // Another scan of the same table with other options is a table of its own.
            if (options.ContainsKey(TableDefinition.ConnectorOption)) throw new SqlException(source, name.Span, "The connector of a table cannot be changed by OPTIONS.");
            var changed = table with { Options = table.Options.SetItems(options), Source = source, Place = name.Span };
            CheckTable?.Invoke(changed);
            return Scan.All(changed with { Name = $"{table.Name}#{changed.Fingerprint}" });
        }

        if (!_views.TryGetValue(last, out var view)) return null;
        return options.IsEmpty ? view.Plan : throw new SqlException(source, name.Span, $"{last} is a view: OPTIONS are of tables.");
    }

    private static ImmutableArray<int> KeyOf(PlanNode plan) =>
        plan.Key.IsEmpty && !(plan is Aggregate { Keys.IsEmpty: true }) ? [.. Enumerable.Range(0, plan.Schema.Count)] : plan.Key;

    private InsertPlan BindInsert(Insert insert, SourceText source)
    {
        if (!_tables.TryGetValue(TableNames.Local(insert.Table, source), out var target))
            throw new SqlException(source, insert.Table.Span, $"There is no table {insert.Table}.{NearestName.Hint(insert.Table.Last, _tables.Keys)}");
        target = target with { Options = target.Options.SetItems(HintParser.Options(insert.Hints)) };
        if (!insert.Hints.IsEmpty) CheckTable?.Invoke(target with { Source = source, Place = insert.Table.Span });
        var plan = Binder(source, mayReadClock: true).BindTop(insert.Query);
        if (!isBounded && !plan.IsAppendOnly && Clock(plan) is { } clock)
            throw new SqlException(source, clock, "The clock cannot be read in an INSERT INTO whose query takes rows back: the row that is taken back would not be the one that was written.");
        var writable = Enumerable.Range(0, target.Schema.Count).Where(c => !target.IsComputed(c)).ToList();
        var columns = insert.Columns.IsEmpty
            ? writable
            : insert.Columns.Select(c => target.Schema.IndexOf(c) is >= 0 and var i ? i : throw new SqlException(source, insert.Table.Span, $"The table {target.Name} has no column {c}.{NearestName.Hint(c, target.Schema.Fields.Select(f => f.Name))}")).ToList();
        if (plan.Schema.Count != columns.Count)
            throw new SqlException(source, insert.Query.Span, $"The query gives {plan.Schema.Count} columns, {target.Name} takes {columns.Count}: {string.Join(", ", columns.Select(c => target.Schema.Fields[c].Name))}.");
        var coercion = new Coercion(source);
        var expressions = writable.Select(c =>
        {
            var from = columns.IndexOf(c);
            var type = target.Schema[c];
            if (from < 0) return new BoundLiteral(type.WithNullable(true), insert.Span, null);
            var given = plan.Schema[from];
            if (!Assignment.IsPossible(given, type))
                throw new SqlException(source, insert.Query.Span, $"The column {target.Schema.Fields[c].Name} of {target.Name} is {type.Name}, the query gives {given.Name}: write a CAST.");
            return coercion.To(new BoundColumn(from, given, insert.Query.Span), type);
        }).ToImmutableArray();
        var projected = new Project(plan, expressions, [.. writable.Select(c => target.Schema.Fields[c].Name)]);
        return new InsertPlan($"{target.Name}#{_inserts.Count(i => i.Target.Name == target.Name) + 1}", Optimized(projected, source, insert.Span), target) { Identity = PlanNode.HashOf($"insert {target.Name}#{target.Fingerprint} {projected.Identity}") };
    }

    private static TextSpan? Clock(PlanNode plan) =>
        plan.OwnExpressions.SelectMany(e => e.Parts()).OfType<BoundCall>().FirstOrDefault(QueryBinder.IsClock)?.Span ?? plan.Inputs.Select(Clock).FirstOrDefault(c => c is not null);
}
