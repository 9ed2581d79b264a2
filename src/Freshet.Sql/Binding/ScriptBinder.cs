using System.Collections.Immutable;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Plan.Explaining;
using Freshet.Plan.Rules;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

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
    /// <summary>Where the INSERT stands, as file:line:column.</summary>
    public string Place { get; init; } = "";

    /// <summary>Whether what the target held before is replaced.</summary>
    public bool IsOverwrite { get; init; }

    /// <summary>The stable identity of the bound plan and its target before rewrite rules.</summary>
    public string Identity { get; init; } = Plan.Identity;
}

/// <summary>A SELECT of a script.</summary>
public sealed record SelectPlan(PlanNode Plan, SourceText Source, TextSpan Place)
{
    /// <summary>The place as file:line:column.</summary>
    public string PlaceText => Source.Describe(Place);
}

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
    private string _statement = "";

    public IReadOnlyDictionary<string, TableDefinition> Tables => _tables;

    public IReadOnlyList<ViewPlan> MaterializedViews => _materialized;

    /// <summary>Names of views that are text alone.</summary>
    public IEnumerable<string> Views => _views.Where(v => !v.Value.Statement.IsMaterialized).Select(v => v.Key);

    public IReadOnlyList<InsertPlan> Inserts => _inserts;

    public IReadOnlyList<SelectPlan> Selects => _selects;

    /// <summary>Options of SET.</summary>
    public Dictionary<string, string> Options { get; } = [];

    /// <summary>The catalogs and databases, and which of them is in use.</summary>
    public Catalogs Catalogs { get; } = new();

    /// <summary>What was accepted and has no effect, a sentence each.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Checks a table's options when it is declared; throws with the nearest known one.</summary>
    public Action<TableDefinition>? CheckTable { get; set; }

    /// <summary>Checks that a table can take the rows of an INSERT into it; throws at the place given.</summary>
    public Action<InsertPlan, SourceText, TextSpan>? CheckInsert { get; set; }

    /// <summary>The functions of the program; CREATE FUNCTION adds to them.</summary>
    public FunctionRegistry Functions
    {
        get;
        init
        {
            field = value;
            field.CurrentDatabase = () => Catalogs.CurrentDatabase;
        }
    } = new();

    /// <summary>Finds the class of a CREATE FUNCTION.</summary>
    public Func<CreateFunction, SourceText, ProgramFunction>? LoadFunction { get; set; }

    /// <summary>What a layer above the engine adds; null for none.</summary>
    public ICatalogLayer? Layer { get; init; }

    /// <summary>Makes a table known that no statement declares.</summary>
    public void AddTable(TableDefinition table) => _tables[table.Name] = table;

    public void Execute(SourceText source)
    {
        foreach (var statement in SqlParser.ParseScript(source)) Execute(statement, source);
    }

    /// <summary>All statements of a project.</summary>
    public void ExecuteAll(IReadOnlyList<SourceText> sources)
    {
        var statements = sources.Select(s => (Source: s, Statements: SqlParser.ParseScript(s))).ToList();
        foreach (var (source, own) in statements)
            foreach (var statement in own) Layer?.Prepare(statement, source);
        foreach (var (source, own) in statements)
            foreach (var statement in own) Execute(statement, source);
        Complete();
    }

    /// <summary>No statement follows.</summary>
    public void Complete() => Layer?.Complete(this);

    public void Execute(Statement statement, SourceText source)
    {
        // A layer executes statements of its own within one of the project.
        var outer = _statement;
        _statement = source.Slice(statement.Span);
        try
        {
            ExecuteOne(statement, source);
        }
        finally
        {
            _statement = outer;
        }
    }

    private void ExecuteOne(Statement statement, SourceText source)
    {
        switch (statement)
        {
            case var own when Layer?.TryExecute(own, source, this) == true:
                break;
            case CreateTable create:
                Create(create, source);
                break;
            case CreateView { Options: [var option, ..] }:
                throw new SqlException(source, option.Span, $"A materialized view has no option '{option.Key}' here.");
            case CreateView view:
                AddView(view, source, plan => plan);
                break;
            case Insert insert:
                _inserts.Add(BindInsert(insert, source));
                break;
            case InsertWith insert:
                _inserts.Add(BindInsert(insert, source));
                break;
            case StatementSet set:
                foreach (var insert in set.Inserts) _inserts.Add(BindInsert(insert, source));
                break;
            case StatementBlock block:
                foreach (var insert in block.Statements) Execute(insert, source);
                break;
            case Select select:
                _selects.Add(new SelectPlan(BindQuery(select.Query, source), source, select.Span));
                break;
            case SetOption { Key: { } key } set:
                Options[key] = set.Value ?? "";
                break;
            case SetOption when isBounded:
                Answer(CatalogAnswers.Answer("key, value", Options.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => new[] { o.Key, o.Value })), statement, source);
                break;
            case SetOption:
                break;
            case ResetOption reset:
                if (reset.Key is null) Options.Clear();
                else Options.Remove(reset.Key);
                break;
            case Use use:
                Catalogs.Use(use, source);
                break;
            case CreateNamespace space:
                Catalogs.Create(space, source);
                break;
            case CreateFunction create:
                Add(create, source);
                break;
            case Drop { What: "FUNCTION" } drop:
                if (!Functions.Remove(drop.Name.Last) && !drop.IfExists) throw new SqlException(source, drop.Name.Span, $"There is no function {drop.Name}.{NearestName.Hint(drop.Name.Last, Functions.Names)}");
                break;
            case Drop { What: "TABLE" or "VIEW" or "MATERIALIZED VIEW" } drop:
                Remove(drop, source);
                break;
            case Drop { What: "CATALOG" or "DATABASE" } drop:
                Catalogs.Drop(drop, source);
                break;
            case Show show when isBounded:
                Answer(Answers(source).Show(show, source), statement, source);
                break;
            case Describe describe when isBounded:
                Answer(Answers(source).Describe(describe, source), statement, source);
                break;
            case OtherStatement { What: "DESCRIBE FUNCTION" or "DESCRIBE FUNCTION EXTENDED" } function when isBounded:
                Answer(CatalogAnswers.DescribeFunction(function, source), statement, source);
                break;
            case Explain explain when isBounded:
                Answer(ExplainOf(explain, source), statement, source);
                break;
            case ExplainView explain when isBounded:
                var explained = _materialized.FirstOrDefault(v => v.Name == Catalogs.KeyOf(explain.View, source))
                    ?? throw new SqlException(source, explain.View.Span, $"There is no materialized view {explain.View}.{NearestName.Hint(explain.View.Last, _materialized.Select(v => v.Name))}");
                Answer(CatalogAnswers.Plan(PlanText.Of(explained.Plan, isEstimated: explain.IsEstimated)), statement, source);
                break;
            case Explain or ExplainView or Show or Describe or ExplainWatermark or ExplainMembership:
                throw new SqlException(source, statement.Span, "This statement reads a running project: send it to /api/sql, or write it behind `freshet sql`.");
            case OtherStatement { What: "ALTER TABLE" or "ALTER VIEW" } alter:
                Alter(alter, source);
                break;
            case OtherStatement { What: "ANALYZE TABLE" or "USE MODULES" } other:
                Notes.Add($"{other.What} has no effect: plans do not depend on it.");
                break;
            case Update or Delete or Subscribe or OtherStatement:
                throw new SqlException(source, statement.Span, NotSupported.Sentence(statement));
            default:
                throw new SqlException(source, statement.Span, "This statement is not supported yet.");
        }
    }

    /// <summary>Adds a view whose plan is the query's after something more has been done to it.</summary>
    public void AddView(CreateView view, SourceText source, Func<PlanNode, PlanNode> finish)
    {
        if (Exists(view.Name, view.IfNotExists, source)) return;
        // Bound at once, so that an error shows where the view is declared.
        var binder = Binder(source);
        var bound = finish(binder.Renamed(binder.Bind(view.Query), view.Columns, view.Span));
        var name = Catalogs.KeyOf(view.Name, source);
        _views.Add(name, (view, source, bound));
        if (view.IsMaterialized) _materialized.Add(Materialized(view, name, bound, source));
    }

    private void Create(CreateTable create, SourceText source)
    {
        var key = Catalogs.KeyOf(create.Name, source);
        if (create.IsReplacing) _tables.Remove(key);
        if (Exists(create.Name, create.IfNotExists, source)) return;
        if (create.Connection is not null) throw new SqlException(source, create.Connection.Span, "USING CONNECTION is not supported: write the connector's options.");
        if (create.Like is { } like)
        {
            if (!_tables.TryGetValue(Catalogs.KeyOf(like.Table, source), out var original)) throw new SqlException(source, like.Table.Span, $"There is no table {like.Table}.{NearestName.Hint(like.Table.Last, _tables.Keys)}");
            if (original.Declaration is null) throw new SqlException(source, like.Table.Span, $"The table {like.Table} is built in and cannot be taken for LIKE.");
            create = new TableLikeMerge(source, create, original.Declaration).Merge();
        }

        Insert? filling = null;
        if (create.As is { } query) (create, filling) = TableFromQuery.Of(create, Binder(source).Bind(query), source);
        var table = new TableBinder(source, key).Bind(create);
        CheckTable?.Invoke(table);
        _tables.Add(table.Name, table);
        if (filling is not null) _inserts.Add(BindInsert(filling, source));
    }

    private void Add(CreateFunction create, SourceText source)
    {
        if (Functions.Find(create.Name.Last) is not null)
        {
            if (create.IfNotExists) return;
            throw new SqlException(source, create.Name.Span, $"There is already a function {create.Name.Last}.");
        }

        if (LoadFunction is null) throw new SqlException(source, create.Span, "CREATE FUNCTION has no meaning here.");
        Functions.Add(LoadFunction(create, source).Named(create.Name.Last));
    }

    private void Remove(Drop drop, SourceText source)
    {
        var name = Catalogs.KeyOf(drop.Name, source);
        var removed = drop.What == "TABLE" ? _tables.Remove(name) : _views.Remove(name);
        _materialized.RemoveAll(v => v.Name == name && drop.What != "TABLE");
        if (!removed && !drop.IfExists) throw new SqlException(source, drop.Name.Span, $"There is no {drop.What.ToLowerInvariant()} {drop.Name}.{NearestName.Hint(name, Names())}");
    }

    /// <summary>RENAME TO, SET and RESET; statements before it keep what they were bound to.</summary>
    private void Alter(OtherStatement alter, SourceText source)
    {
        var key = Catalogs.KeyOf(alter.Name!, source);
        if (alter.RenameTo is { } to)
        {
            var renamed = Catalogs.KeyOf(to.Parts.Length == 1 ? new Name([.. alter.Name!.Parts[..^1], to.Last], to.Span) : to, source);
            if (_tables.ContainsKey(renamed) || _views.ContainsKey(renamed)) throw new SqlException(source, to.Span, $"There is already a table or view {to}.");
            if (alter.What == "ALTER TABLE" && _tables.Remove(key, out var table)) _tables.Add(renamed, table with { Name = renamed });
            else if (alter.What == "ALTER VIEW" && _views.Remove(key, out var view)) _views.Add(renamed, view);
            else throw new SqlException(source, alter.Name!.Span, $"There is no {(alter.What == "ALTER VIEW" ? "view" : "table")} {alter.Name}.{NearestName.Hint(key, Names())}");
            return;
        }

        if (alter.SetOptions.IsEmpty && alter.ResetOptions.IsEmpty) throw new SqlException(source, alter.Span, $"{alter.What} takes RENAME TO, SET and RESET here: declare the table anew for other changes.");
        if (!_tables.TryGetValue(key, out var changed)) throw new SqlException(source, alter.Name!.Span, $"There is no table {alter.Name}.{NearestName.Hint(key, _tables.Keys)}");
        changed = changed with { Options = changed.Options.RemoveRange(alter.ResetOptions).SetItems(alter.SetOptions.Select(o => KeyValuePair.Create(o.Key, o.Value))) };
        CheckTable?.Invoke(changed with { Source = source, Place = alter.Span });
        _tables[key] = changed;
    }

    private CatalogAnswers Answers(SourceText source) => new(this, [], name => Table(name, ImmutableDictionary<string, string>.Empty, source));

    /// <summary>An answer that is known already is a result like that of a SELECT.</summary>
    private void Answer(ReadStatement answer, Statement statement, SourceText source)
    {
        var rows = answer.Lines.Select(l => l.Select(c => c is null ? (BoundExpression)new BoundLiteral(SqlType.String, statement.Span, null) : new BoundLiteral(SqlType.String, statement.Span, Encoding.UTF8.GetBytes(c))).ToImmutableArray());
        _selects.Add(new SelectPlan(new Values(answer.Schema, [.. rows]), source, statement.Span));
    }

    private ReadStatement ExplainOf(Explain explain, SourceText source)
    {
        IEnumerable<PlanNode> Plans(Statement statement) => statement switch
        {
            Select select => [BindQuery(select.Query, source)],
            Insert insert => [BindInsert(insert, source).Plan],
            InsertWith insert => [BindInsert(insert, source).Plan],
            StatementSet set => set.Inserts.SelectMany(Plans),
            StatementBlock block => block.Statements.SelectMany(Plans),
            _ => throw new SqlException(source, statement.Span, "EXPLAIN takes a SELECT, an INSERT or a STATEMENT SET."),
        };
        return CatalogAnswers.Plan(string.Concat(Plans(explain.Statement).Select(p => PlanText.Of(p, isEstimated: explain.IsEstimated))));
    }

    private ViewPlan Materialized(CreateView view, string name, PlanNode bound, SourceText source)
    {
        var names = bound.Schema.Fields.Select(f => f.Name).ToList();
        if (names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new SqlException(source, view.Span, $"The view {view.Name} has two columns named {twice.Key}: name one with AS.");
        var plan = Optimized(bound, source, view.Span);
        return new ViewPlan(name, plan, KeyOf(plan), source.Slice(view.Span)) { Identity = bound.Identity };
    }

    /// <summary>A view as written, with its text; null for none of that name.</summary>
    public (CreateView Statement, SourceText Source)? View(string name) => _views.TryGetValue(name, out var view) ? (view.Statement, view.Source) : null;

    /// <summary>A query over the tables and views known so far, optimized.</summary>
    public PlanNode BindQuery(Query query, SourceText source) => Optimized(Binder(source).BindTop(query), source, query.Span);

    private PlanNode Optimized(PlanNode bound, SourceText source, TextSpan place)
    {
        BoundCurrentWatermark.Check(bound, source);
        var plan = Optimizer.Optimize(bound);
        if (!isBounded) ProcessingTime.Check(plan, source, place);
        BoundRowPosition.Check(plan, source, place);
        return plan;
    }

    /// <summary>A query over the tables and views known so far, as a view would put it in: not optimized.</summary>
    public PlanNode Bind(SourceText query)
    {
        var around = _statement;
        try
        {
            _statement = query.Text;
            return SqlParser.ParseOne(query) is Select select ? Binder(query).Bind(select.Query) : throw new ArgumentException("The text is no SELECT.", nameof(query));
        }
        finally
        {
            _statement = around;
        }
    }

    /// <summary>A condition over the columns of a schema alone, without a clock.</summary>
    public BoundExpression BindCondition(Expression condition, Schema schema, SourceText source)
    {
        var binder = new ExpressionBinder(source, new Scope(source, [.. schema.Fields.Select((f, i) => new ScopeColumn(null, f.Name, f.Type, i))], Functions));
        var bound = binder.Coerce.Boolean(binder.Bind(condition), "A rule");
        if (bound.Parts().OfType<BoundCall>().FirstOrDefault(ClockCall.Is) is { } clock) throw new SqlException(source, clock.Span, "A rule cannot read the clock.");
        return bound;
    }

    /// <summary>A view is bound where it is declared and again where it is read: what is said of it is said once.</summary>
    private void Note(string note)
    {
        if (!Notes.Contains(note)) Notes.Add(note);
    }

    /// <summary>All names that FROM can have.</summary>
    public IEnumerable<string> Names() => _tables.Keys.Concat(_views.Keys).Union(Layer?.Names ?? []);

    private QueryBinder Binder(SourceText source, bool mayReadClock = false) =>
        new(source, (name, options) => Table(name, options, source), Names, ImmutableDictionary<string, PlanNode>.Empty, new QueryRules(isBounded, mayReadClock)
        {
            Functions = Functions,
            Note = Note,
            SortsAnything = Options.GetValueOrDefault(QueryRules.SortOption, "") is "true" or "TRUE",
        });

    private bool Exists(Name name, bool isFine, SourceText source)
    {
        var key = Catalogs.KeyOf(name, source);
        if (!_tables.ContainsKey(key) && !_views.ContainsKey(key)) return false;
        return isFine ? true : throw new SqlException(source, name.Span, $"There is already a table or view {name}.");
    }

    /// <summary>
    /// What FROM reads. A source that may repeat its changes after a failure is read by its key, which makes a repeat harmless.
    /// </summary>
    private PlanNode Read(TableDefinition table)
    {
        var repeats = table.Changes == RowChanges.TakenBack && !table.PrimaryKey.IsEmpty && Options.GetValueOrDefault("table.exec.source.cdc-events-duplicate", "false") == "true";
        return Upserts.Read(repeats ? table with { Options = table.Options.SetItem(TableDefinition.ChangesOption, "upsert") } : table);
    }

    private PlanNode? Table(Name name, ImmutableDictionary<string, string> options, SourceText source)
    {
        var last = Catalogs.KeyOf(name, source);
        if (options.IsEmpty && Layer?.Read(last, _statement) is { } layered) return layered;
        if (_tables.TryGetValue(last, out var table))
        {
            if (options.IsEmpty) return Read(table);
            // Another scan of the same table with other options is a table of its own.
            if (options.ContainsKey(TableDefinition.ConnectorOption)) throw new SqlException(source, name.Span, "The connector of a table cannot be changed by OPTIONS.");
            var changed = table with { Options = table.Options.SetItems(options), Source = source, Place = name.Span };
            CheckTable?.Invoke(changed);
            return Read(changed with { Name = $"{table.Name}#{changed.Fingerprint}" });
        }

        if (!_views.TryGetValue(last, out var view)) return null;
        // A kept view is there whoever reads it: its operators are shared, not planned anew for what is asked of it.
        if (options.IsEmpty && view.Statement.IsMaterialized && _materialized.Find(v => v.Name == last) is { } kept) return new OptimizedPlan(kept.Plan, view.Plan);
        return options.IsEmpty ? view.Plan : throw new SqlException(source, name.Span, $"{last} is a view: OPTIONS are of tables.");
    }

    /// <summary>The columns that name a view's rows: only what operators make sure of. Nobody holds a source to its PRIMARY KEY.</summary>
    private static ImmutableArray<int> KeyOf(PlanNode plan)
    {
        var proven = Optimizer.Rebuild(plan, node => node is Scan { Table.PrimaryKey.IsEmpty: false } scan ? new Scan(scan.Table with { PrimaryKey = [] }, scan.Columns) : node);
        return proven.Key.IsEmpty && !(plan is Aggregate { Keys.IsEmpty: true }) ? [.. Enumerable.Range(0, plan.Schema.Count)] : proven.Key;
    }

    private InsertPlan BindInsert(InsertWith insert, SourceText source)
    {
        if (insert.IsOverwrite && !isBounded) throw new SqlException(source, insert.Span, "INSERT OVERWRITE replaces what a table holds, which a query without an end cannot do: write INSERT INTO.");
        return BindInsert(insert.Insert, source, insert.Partition, insert.OnConflict) with { IsOverwrite = insert.IsOverwrite };
    }

    private InsertPlan BindInsert(Insert insert, SourceText source, ImmutableArray<Syntax.Tree.Assignment> partition = default, string? conflict = null)
    {
        if (!_tables.TryGetValue(Catalogs.KeyOf(insert.Table, source), out var target))
            throw new SqlException(source, insert.Table.Span, $"There is no table {insert.Table}.{NearestName.Hint(insert.Table.Last, _tables.Keys)}");
        target = target with { Options = target.Options.SetItems(HintParser.Options(insert.Hints)) };
        if (!insert.Hints.IsEmpty) CheckTable?.Invoke(target with { Source = source, Place = insert.Table.Span });
        var bound = new InsertBinder(source, Binder(source, mayReadClock: true), target).Bind(insert, partition.IsDefault ? [] : partition);
        if (!isBounded && !bound.IsAppendOnly && Clock(bound) is { } clock)
            throw new SqlException(source, clock, "The clock cannot be read in an INSERT INTO whose query takes rows back: the row that is taken back would not be the one that was written.");
        var plan = Optimized(bound, source, insert.Span);
        // Over input that ends a sink gets final rows: as in Flink they are written as they are.
        if (!isBounded) plan = SinkConflicts.Apply(plan, target, conflict, Options, source, insert.Table.Span);
        plan = Optimizer.Rebuild(new SinkConstraints(source, insert.Table.Span, Options).Apply(plan, target), MergeProjects.Apply);
        var made = new InsertPlan($"{target.Name}#{_inserts.Count(i => i.Target.Name == target.Name) + 1}", plan, target) { Place = source.Describe(insert.Table.Span), Identity = PlanNode.HashOf($"insert {target.Name}#{target.Fingerprint} {bound.Identity}") };
        CheckInsert?.Invoke(made, source, insert.Table.Span);
        return made;
    }

    private static TextSpan? Clock(PlanNode plan) =>
        plan.OwnExpressions.SelectMany(e => e.Parts()).OfType<BoundCall>().FirstOrDefault(ClockCall.Is)?.Span ?? plan.Inputs.Select(Clock).FirstOrDefault(c => c is not null);
}
