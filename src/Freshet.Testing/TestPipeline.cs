using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Results;
using Freshet.Engine;
using Freshet.Engine.Functions;
using Freshet.Engine.Journals;
using Freshet.Engine.Planning;
using Freshet.Engine.Queries;
using Freshet.Engine.Sources;
using Freshet.Engine.Steps;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Testing;

/// <summary>
/// SQL driven by hand: declare tables and materialized views, insert rows with weights, take steps, read views and changes.
/// Tables live in memory and need no connector; nothing touches a disk, and the clock stands where it was set.
/// Declarations come before the first row. Used by one thread.
/// </summary>
public sealed class TestPipeline : IDisposable
{
    private readonly PipelineOptions _options;
    private readonly HashSet<string> _changing;
    private readonly ScriptBinder _binder;
    private readonly Dictionary<string, MemorySource> _sources = [];
    private readonly Dictionary<string, ImmutableArray<ScanColumn>> _columns = [];
    private readonly Dictionary<string, long> _positions = [];
    private readonly Dictionary<string, TestView> _views = [];
    private StepRunner? _runner;

    /// <param name="workers">Shares over which keys are spread.</param>
    /// <param name="changing">Tables whose rows can be taken back.</param>
    /// <param name="functions">Functions that SQL can call, besides those of CREATE FUNCTION.</param>
    /// <param name="layer">What a layer adds to the catalogue; the table <c>events</c> is there then.</param>
    public TestPipeline(int workers = 1, IEnumerable<string>? changing = null, FunctionSet? functions = null, ICatalogLayer? layer = null)
    {
        _options = new PipelineOptions { Workers = workers, Functions = functions ?? new FunctionSet() };
        _binder = new ScriptBinder(isBounded: false) { Functions = _options.Functions.ToRegistry(), LoadFunction = (create, source) => FunctionLoader.Load(create, source, _options.Folder), Layer = layer };
        if (layer is not null) _binder.AddTable(EventsTable.Create(_options.EventsWatermarkDelayMs));
        _changing = [.. changing ?? []];
    }

    /// <summary>The clock of the next steps, µs since 1970.</summary>
    public long ClockMicros { get; set; }

    /// <summary>Called between the batches of each step; what it throws breaks the step off. The first step is not asked.</summary>
    internal Action? BeforeBatch { get; init; }

    /// <summary>Executes statements: CREATE TABLE, CREATE VIEW, CREATE MATERIALIZED VIEW, INSERT INTO, SET.</summary>
    /// <exception cref="SqlException">A statement cannot be read or planned.</exception>
    public void Declare(string name, string sql) => Declare([new SourceText(name, sql)]);

    /// <summary>Executes the statements of several texts, as those of one project.</summary>
    /// <exception cref="SqlException">A statement cannot be read or planned.</exception>
    public void Declare(IReadOnlyList<SourceText> sources)
    {
        if (_runner is not null) throw new InvalidOperationException("Tables and views are declared before the first row.");
        var statements = sources.SelectMany(s => SqlParser.ParseScript(s).Select(statement => (Source: s, Statement: statement))).ToList();
        foreach (var (source, statement) in statements) _binder.Layer?.Prepare(statement, source);
        foreach (var (source, statement) in statements)
        {
            var declared = statement is CreateTable create && _changing.Contains(create.Name.Last) && create.Options.All(o => o.Key != TableDefinition.ChangesOption)
                ? create with { Options = create.Options.Add(new OptionPair(TableDefinition.ChangesOption, "retract", create.Span)) }
                : statement;
            _binder.Execute(declared, source);
        }
    }

    /// <summary>Adds rows, each a list of SQL expressions in the order of the table's columns; they wait for the next step.</summary>
    /// <exception cref="SqlException">A value cannot be read or has the wrong type.</exception>
    public void Insert(string table, IReadOnlyList<(string Values, long Weight)> rows)
    {
        Start();
        if (!_binder.Tables.TryGetValue(table, out var definition)) throw new TestingException($"There is no table {table}.{NearestName.Hint(table, _binder.Tables.Keys)}");
        if (rows.Count == 0 || !_sources.TryGetValue(table, out var source)) return;
        foreach (var batch in Evaluate(definition, rows)) source.Push(batch);
    }

    /// <summary>Takes what waits, in as few steps as the budget allows; with a budget of one row, one step for each.</summary>
    public void Step(int rowsAtOnce = int.MaxValue)
    {
        Start();
        foreach (var view in _views.Values) view.Begin();
        while (_runner!.Plan(new StepBudget(Math.Min(rowsAtOnce, 65_536), 32 << 20), ClockMicros) is { } entry) Run(entry);
    }

    /// <summary>
    /// Marks a table idle: until its next row it holds back nothing that reads other tables too. What waits is to be taken before, and
    /// again before the table's next row: a mark has its place between rows.
    /// </summary>
    public void Idle(string table)
    {
        Start();
        foreach (var view in _views.Values) view.Begin();
        if (!_binder.Tables.ContainsKey(table)) throw new TestingException($"There is no table {table}.{NearestName.Hint(table, _binder.Tables.Keys)}");
        if (!_sources.ContainsKey(table)) return;
        var position = _runner!.InputNamed(table).Position(0);
        Run(new StepEntry(_runner.Step + 1, ClockMicros, [new StepInput(table, 0, position, position, InputMarks.Idle)]));
    }

    /// <summary>Ends all inputs and takes what that brings: every window closes.</summary>
    public void End(int rowsAtOnce = int.MaxValue)
    {
        Start();
        foreach (var source in _sources.Values) source.Complete();
        Step(rowsAtOnce);
    }

    /// <summary>A view's rows as text, cells joined by " | ", with how often each stands there. <c>name$errors</c> has its row errors.</summary>
    public IReadOnlyDictionary<string, long> Rows(string view) => View(view).Rows;

    /// <summary>What the last call of <see cref="Step"/> changed.</summary>
    public IReadOnlyDictionary<string, long> Changes(string view) => View(view).Changes;

    /// <summary>The names of a view's columns.</summary>
    public IReadOnlyList<string> Columns(string view) => View(view).Columns;

    /// <summary>The names of all views, with those of row errors.</summary>
    public IEnumerable<string> Views
    {
        get
        {
            Start();
            return _views.Keys;
        }
    }

    /// <summary>Rows that all operators keep as their state.</summary>
    public long StateRows => _runner is null ? 0 : Enumerable.Range(0, _runner.Circuit.Spec.Nodes.Length).Sum(n => _runner.Circuit.FiguresOf(n).StateRows);

    /// <summary>Steps that have been taken so far.</summary>
    public long StepsTaken => _runner?.Step ?? 0;

    public void Dispose() => _runner?.Dispose();

    private TestView View(string name)
    {
        Start();
        return _views.TryGetValue(name, out var view) ? view : throw new TestingException($"There is no materialized view {name}.{NearestName.Hint(name, _views.Keys)}");
    }

    private void Start()
    {
        if (_runner is not null) return;
        _binder.Complete();
        var builder = new CircuitBuilder(_options.HashSeed, Pipeline.ZoneOf(_binder.Options));
        builder.AddSources([.. _binder.MaterializedViews.Select(v => v.Plan), .. _binder.Inserts.Select(i => i.Plan)]);
        var outputs = new List<(string Name, Schema Schema, int Node)>();
        foreach (var view in _binder.MaterializedViews) AddOutput(view.Name, view.Plan, view.Key);
        foreach (var insert in _binder.Inserts) AddOutput(insert.Target.Name, insert.Plan, [.. Enumerable.Range(0, insert.Plan.Schema.Count)]);
        _runner = RunnerFactory.Create(builder, _options, CreateSource);
        _runner.MarksIdle = false;
        _runner.Circuit.BeforeBatch = BeforeBatch;
        foreach (var (name, schema, node) in outputs) _views[name] = new TestView(schema, node);
        Collect();

        void AddOutput(string name, PlanNode plan, ImmutableArray<int> key)
        {
            var (rows, errors) = builder.AddResult(name, plan, key);
            outputs.Add((name, plan.Schema, rows));
            if (errors >= 0) outputs.Add((name + "$errors", CircuitBuilder.ErrorSchema, errors));
            outputs.AddRange(builder.AddLates(name, plan));
        }
    }

    private MemorySource CreateSource(SourceNode node, ImmutableArray<ScanColumn> columns)
    {
        var source = new MemorySource(node.Table.Name);
        _sources.Add(node.Table.Name, source);
        _columns.Add(node.Table.Name, columns);
        return source;
    }

    private void Run(StepEntry entry)
    {
        _runner!.Run(entry);
        Collect();
        // What the step removes is gone, not only when the next one comes.
        _runner.Circuit.EndStep();
    }

    private void Collect()
    {
        var batches = new List<Batch>();
        foreach (var view in _views.Values)
        {
            for (var share = 0; share < _runner!.Circuit.Shares; share++) ((CollectorOperator)_runner.Circuit.OperatorOf(view.Node, share)).Take(batches);
            foreach (var batch in batches)
            {
                view.Take(batch);
                batch.Release();
            }

            batches.Clear();
        }
    }

    /// <summary>The rows as the source gives them: the columns that the circuit reads, then the position.</summary>
    private unsafe List<Batch> Evaluate(TableDefinition table, IReadOnlyList<(string Values, long Weight)> rows)
    {
        var given = Enumerable.Range(0, table.Schema.Count).Where(c => !table.IsComputed(c)).ToList();
        var values = rows.Select(r => RowOf(table, given, r.Values)).ToImmutableArray();
        var query = new Syntax.Tree.Query([], new ValuesBody(values, default), [], null, null, default);
        var plan = _binder.BindQuery(query, new SourceText(table.Name, ""));
        var expressions = _columns[table.Name].Select(c =>
        {
            BoundExpression column = new BoundColumn(given.IndexOf(c.Column), table.Schema[c.Column]);
            if (c.Path is { } path && column.Type.Kind == TypeKind.Row) return FieldOf(column, path);
            return c.Path is null ? column : new BoundCast(new BoundPath(column, c.Path, default), c.Type, c.FailsAsNull, default);
        }).ToImmutableArray();
        // A circuit has at least one column, a table that is only counted may need none.
        var projected = new Project(plan, expressions.IsEmpty ? [new BoundColumn(0, table.Schema[given[0]])] : expressions, [.. Enumerable.Range(0, Math.Max(1, expressions.Length)).Select(i => string.Create(CultureInfo.InvariantCulture, $"c{i}"))]);
        using var run = new BoundedRun([projected], [], new PipelineOptions { Workers = 1 }, Pipeline.ZoneOf(_binder.Options), new Connectors(null, _options), (node, _) => throw new TestingException($"A row names the table {node.Table.Name}."));
        var batches = new List<Batch>();
        var at = 0;
        while (run.Next(0) is { } batch)
        {
            var memory = BatchMemory.Create();
            var positions = Column.Allocate(PhysicalKind.Int64, batch.Rows, memory);
            // Where rows are taken back, a row is what it holds: it has no position.
            var hasPosition = table.Changes != RowChanges.TakenBack;
            if (!hasPosition) positions.Validity = memory.AllocateBits(batch.Rows, false);
            var weights = memory.Allocate<long>(batch.Rows);
            for (var i = 0; i < batch.Rows; i++)
            {
                weights[i] = rows[at].Weight;
                positions.As<long>()[i] = _positions.GetValueOrDefault(table.Name) + at++;
            }

            var result = batch.WithColumns(memory, [.. batch.Columns.Take(expressions.Length), positions]);
            if (rows.Any(r => r.Weight != 1)) result.Weights = weights;
            batch.Release();
            batches.Add(result);
        }

        if (at != rows.Count) throw new TestingException($"{rows.Count} rows were given for {table.Name}, {at} could be computed.");
        _positions[table.Name] = _positions.GetValueOrDefault(table.Name) + at;
        return batches;
    }

    private static BoundExpression FieldOf(BoundExpression row, JsonPath path) =>
        path.Steps.Aggregate(row, (part, step) => new BoundField(part, step.Key!, part.Type.Fields.First(f => f.Name == step.Key).Type.WithNullable(true), default));

    private static ImmutableArray<Expression> RowOf(TableDefinition table, List<int> given, string values)
    {
        var source = new SourceText(table.Name, $"VALUES ({values})");
        var row = ((ValuesBody)((Select)SqlParser.ParseOne(source)).Query.Body).Rows[0];
        if (row.Length != given.Count)
            throw new TestingException($"The row ({values}) has {row.Length} values, {table.Name} takes {given.Count}: {string.Join(", ", given.Select(c => table.Schema.Fields[c].Name))}.");
        return [.. row.Select((e, i) => (Expression)new Cast(e, table.Schema[given[i]], false, default))];
    }

    /// <summary>A view's rows as text and what has changed since <see cref="Begin"/>.</summary>
    private sealed class TestView(Schema schema, int node)
    {
        private readonly Utf8Buffer _text = new();

        public int Node => node;

        public IReadOnlyList<string> Columns => [.. schema.Fields.Select(f => f.Name)];

        public Dictionary<string, long> Rows { get; } = [];

        public Dictionary<string, long> Changes { get; } = [];

        public void Begin() => Changes.Clear();

        public void Take(Batch batch)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                var text = string.Join(" | ", schema.Fields.Select((f, c) => Cell(f.Type, batch.Columns[c], row)));
                Add(Rows, text, batch.WeightOf(row));
                Add(Changes, text, batch.WeightOf(row));
            }
        }

        private static void Add(Dictionary<string, long> rows, string text, long weight)
        {
            var sum = rows.GetValueOrDefault(text) + weight;
            if (sum == 0) rows.Remove(text);
            else rows[text] = sum;
        }

        private unsafe string Cell(SqlType type, Column column, int row)
        {
            if (column.IsNull(row)) return "NULL";
            _text.Clear();
            TextValueWriter.Write(type, column.Values, column.IndexOf(row), (byte)' ', _text);
            return Encoding.UTF8.GetString(_text.Written);
        }
    }
}

/// <summary>A test asks for what there is not; the message names it.</summary>
public sealed class TestingException(string message) : Exception(message);
