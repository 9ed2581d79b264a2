using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Engine.Functions;
using Freshet.Engine.Graphs;
using Freshet.Engine.Journals;
using Freshet.Engine.Planning;
using Freshet.Engine.Queries;
using Freshet.Engine.Sinks;
using Freshet.Engine.Steps;
using Freshet.Engine.Views;
using Freshet.Log;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.State.Views;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine;

/// <summary>
/// A project's SQL, live: topics of a log in, views kept and served, INSERT INTOs written. One thread takes steps; views are
/// read from any thread, each version as of one step.
/// <para>A step becomes visible when its input and its journal entry are durable. At start the journal is replayed over the
/// log; where the SQL has changed, what is replayed is the new SQL over the same input.</para>
/// </summary>
public sealed class Pipeline : IDisposable
{
    private readonly LogStore _log;
    private readonly PipelineOptions _options;
    private readonly ScriptBinder _binder;
    private readonly StepRunner _first;
    private readonly List<ViewOutput> _views = [];
    private readonly List<SinkOutput> _sinks = [];
    private readonly Connectors _connectors;
    private readonly StepLoop _loop;
    private CircuitGraphReader? _graph;
    private readonly ViewPublication _publication = new();

    private Pipeline(LogStore log, IReadOnlyList<SourceText> scripts, PipelineOptions options)
    {
        _log = log;
        _options = options;
        _connectors = new Connectors(log, options);
        _binder = Bind(scripts, options with { EventsAreCut = options.EventsAreCut || !log.OpenPartition(EventsTable.Name).Settings.KeepsAll });

        var circuit = ProjectCircuit.Build(_binder, options, _connectors, Zone);
        _first = circuit.Runner;
        foreach (var result in circuit.Results)
        {
            var table = _publication.Add(new ViewSpec([.. result.Schema.Fields.Select(f => f.Type)], result.Key, LookupsOf(result.Name, result.Schema)), options.HashSeed);
            _views.Add(new ViewOutput(new ServedView(result.Name, result.Schema, result.Key, table) { Rows = result.Rows, Of = result.Of }, circuit.Runner.Circuit, result.Node));
        }

        foreach (var (insert, node) in _binder.Inserts.Zip(circuit.Inserts))
            _sinks.Add(new SinkOutput(insert.Name, _connectors.CreateSink(insert.Target, insert.Plan.Schema, isReplayed: true), circuit.Runner.Circuit, node));

        _loop = new StepLoop(log, _first, _views, _sinks, _publication, options.Budget);
    }

    /// <summary>A project's SQL as a pipeline would run it, without running anything; throws where one would not start.</summary>
    public static ScriptBinder Bind(IReadOnlyList<SourceText> scripts, PipelineOptions options)
    {
        var binder = new ScriptBinder(isBounded: false)
        {
            CheckTable = Connectors.Check,
            CheckInsert = Connectors.CheckInsert,
            Functions = options.Functions.ToRegistry(),
            LoadFunction = (create, source) => FunctionLoader.Load(create, source, options.Folder),
            Layer = options.Layer?.Invoke(),
        };
        binder.AddTable(EventsTable.Create(options.EventsWatermarkDelayMs));
        binder.ExecuteAll(scripts);
        if (binder.Selects.Count > 0)
            throw new SqlException(binder.Selects[0].Source, binder.Selects[0].Place, "A project keeps results in views: write CREATE MATERIALIZED VIEW name AS SELECT ...");
        KeptTopics.Check(binder, options.EventsAreCut);
        return binder;
    }

    /// <summary>The views that are served, with those of row errors, <c>name$errors</c>.</summary>
    public IReadOnlyList<ServedView> Views => [.. _views.Select(v => v.View)];

    /// <summary>The last published step.</summary>
    public long Step => _publication.Step;

    /// <summary>Native bytes of all served views.</summary>
    public long ViewBytes => _publication.Bytes;

    /// <summary>All views as of the last published step, until disposed.</summary>
    public ViewPin Pin() => _publication.Pin();

    /// <summary>Completes with an error when the engine can no longer go on.</summary>
    public Task Failure => _loop.Failure;

    /// <summary>What has changed in the project's SQL since the last start, a sentence each.</summary>
    public IReadOnlyList<string> Changes { get; private set; } = [];

    /// <summary>What the project declares.</summary>
    public ScriptBinder Catalog => _binder;

    /// <summary>What takes the steps; until the loop is there, what will.</summary>
    private StepRunner Runner => _loop?.Runner ?? _first;

    private TimeZoneInfo Zone => ZoneOf(_binder.Options);

    /// <summary>
    /// Opens a pipeline over a log: plans the scripts, replays the journal, then goes on with what is new.
    /// </summary>
    /// <param name="progress">Called while replaying with the rows done and the rows in all.</param>
    /// <exception cref="SqlException">A script cannot be planned.</exception>
    /// <exception cref="EngineException">A connector cannot be opened.</exception>
    public static Pipeline Start(LogStore log, IReadOnlyList<SourceText> scripts, PipelineOptions? options = null, Action<long, long>? progress = null)
    {
        var pipeline = new Pipeline(log, scripts, options ?? new PipelineOptions());
        try
        {
            pipeline.NoteChanges();
            pipeline._loop.Replay(progress);
        }
        catch
        {
            pipeline.Dispose();
            throw;
        }

        pipeline._loop.Start();
        return pipeline;
    }

    /// <summary>Waits until the record at this offset of a topic is part of the views; gives the step.</summary>
    public Task<long> WhenVisibleAsync(string topic, long offset, CancellationToken cancellation = default) =>
        Runner.Inputs.Any(i => i.Source.Name == topic) ? _loop.Visibility.WaitAsync(topic, 0, offset, cancellation) : Task.FromResult(Step);

    /// <summary>
    /// Starts a query over the views, the tables and the whole history of topics, all as of the last published step at most.
    /// </summary>
    /// <param name="cancellation">Breaks the query off, between two of its batches.</param>
    /// <exception cref="SqlException">The text is not a query that can be answered.</exception>
    public Query Query(string sql, CancellationToken cancellation = default)
    {
        var session = Read();
        try
        {
            return session.Query(sql, cancellation);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Begins to read as of the last published step.</summary>
    public ReadSession Read()
    {
        // A step's views are published a moment before its positions.
        while (true)
        {
            var pin = Pin();
            var (step, clock, ends) = _loop.Visibility.Now();
            if (step == pin.Step || Failure.IsCompleted)
                return new ReadSession(new QueryPlanner(_binder, _connectors, _options, _views, Zone, new RunningFigures(Runner, _loop)), pin, clock, p => VisibleEnd(p, ends));
            pin.Dispose();
            Thread.Yield();
        }
    }

    /// <summary>
    /// Shows <paramref name="follower"/> what each published step changes, until the answer is disposed. It is called on the engine's
    /// thread after the views have switched: it takes references to what it keeps and returns at once, and must not throw. A step
    /// that is being published now may be missed; whoever pins the views after this call has that step in the pin.
    /// </summary>
    public IDisposable Follow(Action<StepChanges> follower)
    {
        _loop.Follow(follower);
        return new Following(_loop, follower);
    }

    /// <summary>Plans a SUBSCRIBE. Nothing runs yet.</summary>
    /// <exception cref="SqlException">The text is no SUBSCRIBE, or its result cannot be kept up from the changes of views.</exception>
    public LiveQuery Subscribe(string sql) => LiveQuery.Plan(sql, _binder, Views, _options, Zone);

    private sealed class Following(StepLoop loop, Action<StepChanges> follower) : IDisposable
    {
        public void Dispose() => loop.Unfollow(follower);
    }

    /// <summary>
    /// Builds all views anew from the log as it is now, beside those that are served, and then changes these in one step: after records
    /// of the past have been written anew. What INSERT INTOs have written stays. Any thread, one at a time.
    /// Cost: a replay, and twice the state and views while it runs.
    /// </summary>
    /// <exception cref="EngineException">The engine has stopped.</exception>
    /// <returns>The rows by which each view has changed, where it has.</returns>
    public IReadOnlyDictionary<string, long> Rebuild()
    {
        using var second = new SecondRun(ProjectCircuit.Build(_binder, _options, _connectors, Zone), _options.Budget, _options.HashSeed);
        second.CatchUp(JournalReader.Read(_log.OpenPartition(StepLoop.JournalTopic)));
        return _loop.SwitchTo(second);
    }

    /// <summary>How the tables that the project reads stand.</summary>
    public IReadOnlyList<SourceFigures> Sources =>
        [.. Runner.Inputs.Select(i => new SourceFigures(i.Source.Name, i.Position(0), i.RowsTaken, i.Errors, i.Watermark == Operator.NoWatermark ? null : i.Watermark, i.Source.Problem, i.LastError is { } error ? $"row {error.Position + 1}{(error.Column.Length > 0 ? $", column {error.Column}" : "")}: {error.Reason}{(error.Value.Length > 0 ? $" The value is '{error.Value}'." : "")}" : null))];

    /// <summary>What each operator has done.</summary>
    public IReadOnlyList<(string Name, NodeFigures Figures)> Operators =>
        [.. Enumerable.Range(0, Runner.Circuit.Spec.Nodes.Length).Select(n => (Runner.Circuit.Spec.Nodes[n].Name, Runner.Circuit.FiguresOf(n)))];

    /// <summary>The circuit to be drawn, with the figures of one moment between two steps.</summary>
    /// <exception cref="EngineException">The engine has stopped.</exception>
    public CircuitGraph Graph() => _loop.Between(() =>
    {
        if (!ReferenceEquals(_graph?.Runner, Runner)) _graph = new CircuitGraphReader(Runner, _views, _sinks, _binder);
        return _graph!.Read(Step);
    });

    /// <summary>Rows written by each INSERT INTO since the start.</summary>
    public IReadOnlyList<(string Name, long Rows)> Inserts => [.. _sinks.Select(s => (s.Name, s.Rows))];

    public void Dispose()
    {
        _loop.Dispose();
        foreach (var sink in _sinks) sink.Dispose();
        Runner.Dispose();
        _publication.Dispose();
    }

    internal static TimeZoneInfo ZoneOf(IReadOnlyDictionary<string, string> options)
    {
        if (!options.TryGetValue("table.local-time-zone", out var id) || id == "default") return TimeZoneInfo.Utc;
        return TimeZoneName.TryFind(id, out var zone)
            ? zone
            : throw new EngineException("time_zone_unknown", $"There is no time zone '{id}' on this machine (SET 'table.local-time-zone'): write a name such as 'Europe/Berlin' or 'UTC'.");
    }

    /// <summary>By which columns, beside its key, a view is looked up for the layer.</summary>
    private ImmutableArray<ImmutableArray<int>> LookupsOf(string view, Schema schema) =>
        _binder.Layer?.LookupOf(view) is { } column && schema.IndexOf(column) is >= 0 and var place ? [[place]] : [];

    private LogOffset VisibleEnd(Partition partition, IReadOnlyDictionary<string, long> ends) =>
        Runner.Inputs.Any(i => i.Source.Name == partition.Topic) ? new LogOffset(ends.GetValueOrDefault(partition.Topic)) : partition.AnsweredOffset;

    /// <summary>
    /// Holds the plans against those of the last start. A changed view is built anew by the replay; a changed INSERT INTO has
    /// written what it had to for the old steps, and writes the new way from here on.
    /// </summary>
    private void NoteChanges()
    {
        var now = _binder.MaterializedViews.Select(v => (Name: "view " + v.Name, v.Plan.Identity))
            .Concat(_binder.Inserts.Select(i => (Name: "INSERT INTO " + i.Name, i.Plan.Identity)))
            .Concat(_binder.Layer?.Remembered.Select(r => (r.Name, Identity: r.Text)) ?? [])
            .ToDictionary(p => p.Name, p => p.Identity);
        var partition = _log.OpenPartition(PlanRecord.Topic);
        var before = PlanRecord.Read(partition);
        var changed = now.Where(p => before.TryGetValue(p.Key, out var old) && old != p.Value).Select(p => p.Key).ToHashSet();
        foreach (var sink in _sinks.Where(s => changed.Contains("INSERT INTO " + s.Name))) sink.SkipTo(_loop.LastJournaledStep);
        Changes =
        [
            .. changed.Order(StringComparer.Ordinal).Select(n => n.StartsWith("INSERT", StringComparison.Ordinal) ? $"{n} has changed: it writes the new way from here on" : $"{n} has changed: it is built anew from the log"),
            .. before.Keys.Except(now.Keys).Order(StringComparer.Ordinal).Select(n => $"{n} is gone"),
            .. before.Count == 0 ? [] : now.Keys.Except(before.Keys).Order(StringComparer.Ordinal).Select(n => $"{n} is new: it is built from the log"),
        ];
        if (before.Count != now.Count || Changes.Count > 0) PlanRecord.Write(_log, partition, now);
    }
}

/// <summary>How far a table has been read.</summary>
/// <param name="Position">The next offset.</param>
/// <param name="WatermarkMicros">µs since 1970; null before the first.</param>
/// <param name="Problem">What keeps the source from some of its input.</param>
/// <param name="LastError">The last row that could not be decoded, and why.</param>
public sealed record SourceFigures(string Name, long Position, long Rows, long Errors, long? WatermarkMicros, string? Problem = null, string? LastError = null);
