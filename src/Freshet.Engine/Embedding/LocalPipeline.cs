using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Dataflow.Results;
using Freshet.Engine.Functions;
using Freshet.Engine.Planning;
using Freshet.Engine.Sources;
using Freshet.Engine.Steps;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.State.Views;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Engine.Embedding;

/// <summary>
/// SQL inside a program, without a log or a server: tables take objects, a step brings all materialized views up to date together,
/// views are read as objects, and changes are handed on. Nothing is kept on disk; used by one thread.
/// <code>
/// using var pipeline = new LocalPipeline("""
///     CREATE TABLE orders (customer STRING, amount DOUBLE);
///     CREATE MATERIALIZED VIEW totals AS SELECT customer, SUM(amount) AS total FROM orders GROUP BY customer;
///     """);
/// pipeline.Insert("orders", [new Order("ada", 12.5)]);
/// pipeline.Step();
/// foreach (var total in pipeline.Read&lt;Total&gt;("totals")) Console.WriteLine(total);
/// </code>
/// </summary>
public sealed class LocalPipeline : IDisposable
{
    private readonly StepRunner _runner;
    private readonly ViewPublication _publication = new();
    private readonly Dictionary<string, View> _views = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Table> _tables = new(StringComparer.OrdinalIgnoreCase);
    private long _step;

    private sealed record View(string Name, Schema Schema, int Node, ViewTable Rows)
    {
        public List<Action<Batch>> Subscribers { get; } = [];
    }

    private sealed record Table(TableDefinition Definition, ImmutableArray<Plan.ScanColumn> Columns, MemorySource Source)
    {
        public Dictionary<Type, object> Writers { get; } = [];

        public long Position { get; set; }
    }

    /// <summary>Plans a script of CREATE TABLE, CREATE FUNCTION, CREATE VIEW and CREATE MATERIALIZED VIEW.</summary>
    /// <param name="changing">Tables whose rows can be taken back by <see cref="Delete"/>.</param>
    /// <exception cref="SqlException">The script cannot be planned.</exception>
    public LocalPipeline(string sql, PipelineOptions? options = null, params string[] changing)
    {
        var settings = options ?? new PipelineOptions();
        var binder = new ScriptBinder(isBounded: false) { Functions = settings.Functions.ToRegistry(), LoadFunction = (create, source) => FunctionLoader.Load(create, source, settings.Folder) };
        var script = new SourceText("script", sql);
        foreach (var statement in SqlParser.ParseScript(script))
            binder.Execute(statement is CreateTable table && changing.Contains(table.Name.Last) ? table with { Options = table.Options.Add(new OptionPair(TableDefinition.ChangesOption, "retract", table.Span)) } : statement, script);
        var builder = new CircuitBuilder(settings.HashSeed, Pipeline.ZoneOf(binder.Options));
        builder.AddSources([.. binder.MaterializedViews.Select(v => v.Plan)]);
        foreach (var view in binder.MaterializedViews)
        {
            var (rows, errors) = builder.AddResult(view.Name, view.Plan, view.Key);
            Add(view.Name, view.Plan.Schema, view.Plan.Key, rows, settings);
            if (errors >= 0) Add(view.Name + "$errors", CircuitBuilder.ErrorSchema, [], errors, settings);
        }

        _runner = RunnerFactory.Create(builder, settings, (source, columns) =>
        {
            var memory = new MemorySource(source.Table.Name);
            _tables.Add(source.Table.Name, new Table(source.Table, columns, memory));
            return memory;
        });
        Publish();
    }

    /// <summary>The names of the views, with <c>name$errors</c> for rows that could not be computed.</summary>
    public IEnumerable<string> Views => _views.Keys;

    /// <summary>Adds rows to a table; they wait for the next step.</summary>
    /// <typeparam name="T">Its public properties (a tuple's fields) are columns by name.</typeparam>
    /// <exception cref="EngineException">There is no such table or column, or a value does not fit.</exception>
    public void Insert<T>(string table, params IEnumerable<T> rows) => Push(table, [.. rows], 1);

    /// <summary>Takes rows back that were added; the table is one of those named as changing.</summary>
    /// <exception cref="EngineException">There is no such table or column, or its rows cannot be taken back.</exception>
    public void Delete<T>(string table, params IEnumerable<T> rows) => Push(table, [.. rows], -1);

    /// <summary>Takes all rows that wait, and brings the views up to date; then subscribers are called.</summary>
    /// <param name="clockMicros">The reading of the clock, µs since 1970, for processing time.</param>
    public void Step(long clockMicros = 0)
    {
        while (_runner.Plan(StepBudget.Default, clockMicros) is { } entry)
        {
            _runner.Run(entry);
            Publish();
        }
    }

    /// <summary>Ends the input of all tables and takes a step: every window closes.</summary>
    public void End(long clockMicros = 0)
    {
        foreach (var table in _tables.Values) table.Source.Complete();
        Step(clockMicros);
    }

    /// <summary>The rows of a view after the last step, equal ones as often as they are there.</summary>
    /// <typeparam name="T">The parameters of its longest constructor are columns by name; of a tuple, by place.</typeparam>
    /// <exception cref="EngineException">There is no such view or column, or a type cannot hold a column's values.</exception>
    public IReadOnlyList<T> Read<T>(string view)
    {
        var found = ViewOf(view);
        var reader = new RowReader<T>(found.Name, found.Schema);
        var rows = new List<T>();
        using var pin = _publication.Pin();
        var snapshot = pin.Of(found.Rows);
        var cursor = default(ViewCursor);
        while (snapshot.Scan(ref cursor, Batch.TypicalRows) is { } batch)
        {
            foreach (var (row, weight) in reader.Read(batch))
                for (var left = weight; left > 0; left--) rows.Add(row);
            batch.Release();
        }

        return rows;
    }

    /// <summary>Calls back with each row that a step adds to a view (+1) or takes out of it (-1): a changed row is its old one and its new one.</summary>
    /// <exception cref="EngineException">There is no such view or column, or a type cannot hold a column's values.</exception>
    public void Subscribe<T>(string view, Action<T, long> onChange)
    {
        var found = ViewOf(view);
        var reader = new RowReader<T>(found.Name, found.Schema);
        found.Subscribers.Add(batch =>
        {
            foreach (var (row, weight) in reader.Read(batch)) onChange(row, weight);
        });
    }

    public void Dispose()
    {
        _runner.Dispose();
        _publication.Dispose();
    }

    private void Add(string name, Schema schema, ImmutableArray<int> key, int node, PipelineOptions settings) =>
        _views.Add(name, new View(name, schema, node, _publication.Add(new ViewSpec([.. schema.Fields.Select(f => f.Type)], key, []), settings.HashSeed)));

    private View ViewOf(string name) =>
        _views.TryGetValue(name, out var view) ? view : throw new EngineException("view_unknown", $"There is no materialized view {name}.{NearestName.Hint(name, _views.Keys)}");

    private void Push<T>(string name, IReadOnlyList<T> rows, long weight)
    {
        if (!_tables.TryGetValue(name, out var table)) throw new EngineException("table_unknown", $"No materialized view reads a table {name}.{NearestName.Hint(name, _tables.Keys)}");
        if (weight < 0 && table.Definition.Changes != RowChanges.TakenBack) throw new EngineException("table_append_only", $"Rows of {name} cannot be taken back: name it as changing when the pipeline is made.");
        if (rows.Count == 0) return;
        if (!table.Writers.TryGetValue(typeof(T), out var writer)) table.Writers.Add(typeof(T), writer = new RowWriter<T>(table.Definition, table.Columns));
        for (var from = 0; from < rows.Count; from += Batch.MaxRows)
        {
            var part = rows.Skip(from).Take(Batch.MaxRows).ToList();
            table.Source.Push(((RowWriter<T>)writer).Write(part, weight, table.Position));
            table.Position += part.Count;
        }
    }

    private void Publish()
    {
        var deltas = new List<(View View, List<Batch> Rows)>();
        _publication.Begin();
        foreach (var view in _views.Values)
        {
            var rows = new List<Batch>();
            for (var share = 0; share < _runner.Circuit.Shares; share++) ((CollectorOperator)_runner.Circuit.OperatorOf(view.Node, share)).Take(rows);
            if (rows.Count == 0) continue;
            view.Rows.Apply(rows);
            deltas.Add((view, rows));
        }

        _publication.End(++_step);
        foreach (var (view, rows) in deltas)
        {
            foreach (var batch in rows)
            {
                foreach (var subscriber in view.Subscribers) subscriber(batch);
                batch.Release();
            }
        }
    }
}
