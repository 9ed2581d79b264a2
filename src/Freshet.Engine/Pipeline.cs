using System.Buffers;
using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Engine.Journals;
using Freshet.Engine.Planning;
using Freshet.Engine.Queries;
using Freshet.Engine.Sinks;
using Freshet.Engine.Steps;
using Freshet.Engine.Views;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Sql.Binding;
using Freshet.Sql.Catalog;
using Freshet.Sql.Text;
using Freshet.State.Views;

namespace Freshet.Engine;

/// <summary>
/// A project's SQL, live: topics of a log in, views kept and served, INSERT INTOs written. One thread takes steps; views are
/// read from any thread, each version as of one step.
/// <para>A step becomes visible when its input and its journal entry are durable. At start the journal is replayed over the
/// log; where the SQL has changed, what is replayed is the new SQL over the same input.</para>
/// </summary>
public sealed class Pipeline : IDisposable
{
    internal const string JournalTopic = "__journal";

    private readonly LogStore _log;
    private readonly PipelineOptions _options;
    private readonly ScriptBinder _binder;
    private readonly Partition _journal;
    private readonly StepRunner _runner;
    private readonly List<ViewOutput> _views = [];
    private readonly List<SinkOutput> _sinks = [];
    private readonly Connectors _connectors;
    private readonly Visibility _visibility = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly AutoResetEvent _synced = new(false);
    private readonly ArrayBufferWriter<byte> _entry = new();
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private readonly ViewPublication _publication = new();
    private long _journaled;
    private volatile bool _stopping;

    private Pipeline(LogStore log, IReadOnlyList<SourceText> scripts, PipelineOptions options)
    {
        _log = log;
        _options = options;
        _connectors = new Connectors(log, options);
        _binder = new ScriptBinder(isBounded: false) { CheckTable = Connectors.Check };
        _binder.AddTable(EventsTable.Create(options.EventsWatermarkDelayMs));
        foreach (var script in scripts) _binder.Execute(script);
        if (_binder.Selects.Count > 0)
            throw new Sql.SqlException(_binder.Selects[0].Source, _binder.Selects[0].Place, "A project keeps results in views: write CREATE MATERIALIZED VIEW name AS SELECT ...");
        foreach (var insert in _binder.Inserts.Where(i => !i.Plan.IsAppendOnly && i.Target.Connector is not ("print" or "blackhole")))
            throw new EngineException("sink_takes_no_changes", $"INSERT INTO {insert.Target.Name}: the query takes rows back, which the connector '{insert.Target.Connector}' cannot do. Keep the result in a materialized view.");

        var builder = new CircuitBuilder(options.HashSeed, Zone);
        builder.AddSources([.. _binder.MaterializedViews.Select(v => v.Plan), .. _binder.Inserts.Select(i => i.Plan)]);
        var views = new List<(ServedView View, int Node)>();
        foreach (var view in _binder.MaterializedViews)
        {
            var (rows, errors) = builder.AddResult(view.Name, view.Plan, view.Key);
            // Where no key is known a row is named by its content and counted.
            views.Add((Serve(view.Name, view.Plan.Schema, view.Plan.Key), rows));
            if (errors >= 0) views.Add((ErrorView(view.Name), errors));
        }

        var inserts = _binder.Inserts.Select(i => (Insert: i, Node: builder.AddQuery(i.Name, i.Plan))).ToList();
        _runner = RunnerFactory.Create(builder, options, (source, columns) => _connectors.CreateSource(source.Table, columns, null));
        foreach (var (view, node) in views) _views.Add(new ViewOutput(view, _runner.Circuit, node));
        foreach (var (insert, node) in inserts)
        {
            _sinks.Add(new SinkOutput(insert.Name, _connectors.CreateSink(insert.Target, insert.Plan.Schema), _runner.Circuit, node.Rows));
            if (node.Errors >= 0) _views.Add(new ViewOutput(ErrorView(insert.Name), _runner.Circuit, node.Errors));
        }

        _journal = log.OpenPartition(JournalTopic);
        _journaled = _journal.NextOffset.Value;
        PublishStep(StepRunner.FirstStep);
        _thread = new Thread(Loop) { IsBackground = true, Name = "freshet-engine" };
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
    public Task Failure => _failure.Task;

    /// <summary>Input rows that could not be decoded since the start.</summary>
    public long InputErrors { get; private set; }

    /// <summary>What the project declares.</summary>
    public ScriptBinder Catalog => _binder;

    private TimeZoneInfo Zone => ZoneOf(_binder.Options);

    /// <summary>
    /// Opens a pipeline over a log: plans the scripts, replays the journal, then goes on with what is new.
    /// </summary>
    /// <param name="progress">Called while replaying with the rows done and the rows in all.</param>
    /// <exception cref="Sql.SqlException">A script cannot be planned.</exception>
    /// <exception cref="EngineException">A connector cannot be opened.</exception>
    public static Pipeline Start(LogStore log, IReadOnlyList<SourceText> scripts, PipelineOptions? options = null, Action<long, long>? progress = null)
    {
        var pipeline = new Pipeline(log, scripts, options ?? new PipelineOptions());
        try
        {
            pipeline.Replay(progress);
        }
        catch
        {
            pipeline._runner.Dispose();
            throw;
        }

        log.Written += pipeline.Wake;
        log.Synced += pipeline.OnSynced;
        log.Failed += pipeline.Fail;
        pipeline._thread.Start();
        return pipeline;
    }

    /// <summary>Waits until the record at this offset of a topic is part of the views; gives the step.</summary>
    public Task<long> WhenVisibleAsync(string topic, long offset, CancellationToken cancellation = default) =>
        _runner.Inputs.Any(i => i.Source.Name == topic) ? _visibility.WaitAsync(topic, 0, offset, cancellation) : Task.FromResult(Step);

    /// <summary>
    /// Starts a query over the views, the tables and the whole history of topics, all as of the last published step at most.
    /// </summary>
    /// <exception cref="Sql.SqlException">The text is not a query that can be answered.</exception>
    public Query Query(string sql)
    {
        var pin = Pin();
        try
        {
            return new QueryPlanner(_binder, _connectors, _options, _views, Zone).Plan(sql, pin, VisibleEnd);
        }
        catch
        {
            pin.Dispose();
            throw;
        }
    }

    /// <summary>How the tables that the project reads stand.</summary>
    public IReadOnlyList<SourceFigures> Sources =>
        [.. _runner.Inputs.Select(i => new SourceFigures(i.Source.Name, i.Position(0), i.RowsTaken, i.Errors, i.Watermark == Operator.NoWatermark ? null : i.Watermark))];

    /// <summary>What each operator has done.</summary>
    public IReadOnlyList<(string Name, NodeFigures Figures)> Operators =>
        [.. Enumerable.Range(0, _runner.Circuit.Spec.Nodes.Length).Select(n => (_runner.Circuit.Spec.Nodes[n].Name, _runner.Circuit.FiguresOf(n)))];

    /// <summary>Rows written by each INSERT INTO since the start.</summary>
    public IReadOnlyList<(string Name, long Rows)> Inserts => [.. _sinks.Select(s => (s.Name, s.Rows))];

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _synced.Set();
        if (_thread.IsAlive) _thread.Join();
        _log.Written -= Wake;
        _log.Synced -= OnSynced;
        _log.Failed -= Fail;
        _visibility.Fail(new OperationCanceledException("it was closed"));
        foreach (var sink in _sinks) sink.Dispose();
        _runner.Dispose();
        _publication.Dispose();
        _wake.Dispose();
        _synced.Dispose();
    }

    internal static TimeZoneInfo ZoneOf(IReadOnlyDictionary<string, string> options)
    {
        if (!options.TryGetValue("table.local-time-zone", out var id) || id == "default") return TimeZoneInfo.Utc;
        return TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
            ? zone
            : throw new EngineException("time_zone_unknown", $"There is no time zone '{id}' on this machine (SET 'table.local-time-zone'): write a name such as 'Europe/Berlin' or 'UTC'.");
    }

    private ServedView ErrorView(string name) => Serve(name + "$errors", CircuitBuilder.ErrorSchema, []);

    private ServedView Serve(string name, Schema schema, ImmutableArray<int> key) =>
        new(name, schema, key, _publication.Add(new ViewSpec([.. schema.Fields.Select(f => f.Type)], key, []), _options.HashSeed));

    private LogOffset VisibleEnd(Partition partition) =>
        _runner.Inputs.Any(i => i.Source.Name == partition.Topic) ? new LogOffset(_visibility.PositionOf(partition.Topic, 0)) : partition.DurableOffset;

    private void Wake() => _wake.Set();

    private void OnSynced() => _synced.Set();

    private void Fail(Exception reason)
    {
        _visibility.Fail(reason);
        _failure.TrySetException(reason);
        _stopping = true;
        _wake.Set();
        _synced.Set();
    }

    private void Loop()
    {
        try
        {
            while (!_stopping)
            {
                if (!TryStep()) _wake.WaitOne(TimeSpan.FromSeconds(1));
            }
        }
#pragma warning disable CA1031 // Whatever ends a step ends the engine; the process hears of it through Failure.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    private bool TryStep()
    {
        var clock = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;
        if (_runner.Plan(_options.Budget, clock) is not { } entry) return false;
        Journal(entry);
        _runner.Run(entry);
        // The sync of the records and that of the entry have been in flight meanwhile.
        while (_journal.DurableOffset.Value < _journaled && !_stopping) _synced.WaitOne(TimeSpan.FromSeconds(1));
        if (_stopping) return false;
        PublishStep(entry.Step);
        _visibility.Publish(entry.Step, entry.Inputs);
        return true;
    }

    private void Journal(StepEntry entry)
    {
        _entry.ResetWrittenCount();
        entry.Write(_entry);
        var record = RecordSet.Rent();
        record.Add(entry.ClockMicros / 1000, default, _entry.WrittenSpan);
        _journaled++;
        // The answer is the journal's durable offset; a failure arrives through the log's event.
        _ = ObserveAsync(_log.AppendAsync(_journal, record));
    }

    private async Task ObserveAsync(ValueTask<LogOffset> append)
    {
        try
        {
            await append.ConfigureAwait(false);
        }
        catch (Storage.StorageException e)
        {
            Fail(e);
        }
    }

    private void PublishStep(long step)
    {
        foreach (var sink in _sinks) sink.Publish(step);
        _publication.Begin();
        foreach (var view in _views) view.Publish();
        _publication.End(step);
    }

    /// <summary>
    /// Runs the journal's steps again. Neighbouring entries are run as one step where no sink needs them apart; an entry whose
    /// rows did not become durable was never visible, and a later entry of the same number stands in its place.
    /// </summary>
    private void Replay(Action<long, long>? progress)
    {
        var entries = JournalReader.Read(_journal);
        var known = _runner.Inputs.Select(i => i.Source.Name).ToHashSet();
        var total = entries.SelectMany(e => e.Inputs).Where(i => known.Contains(i.Source)).Sum(i => i.To - i.From);
        long done = 0;
        var sinkSteps = _sinks.Count == 0 ? long.MaxValue : _sinks.Min(s => s.Sink.LastStep);
        var batch = new List<StepEntry>();
        long rows = 0;
        foreach (var entry in entries)
        {
            var taken = entry.Inputs.Where(i => known.Contains(i.Source)).ToList();
            batch.Add(entry with { Inputs = taken });
            rows += taken.Sum(i => i.To - i.From);
            if (rows < _options.Budget.Rows && entry.Step < sinkSteps && !ReferenceEquals(entry, entries[^1])) continue;
            RunReplayed(batch);
            done += rows;
            progress?.Invoke(done, total);
            batch.Clear();
            rows = 0;
        }
    }

    private void RunReplayed(List<StepEntry> batch)
    {
        var last = batch[^1];
        var merged = new List<StepInput>();
        foreach (var input in batch.SelectMany(e => e.Inputs))
        {
            var at = merged.FindIndex(m => m.Source == input.Source && m.Partition == input.Partition);
            // A table that the project reads anew begins at its first row, whatever the old steps had taken.
            if (at < 0) merged.Add(input with { From = _runner.InputNamed(input.Source).Position(input.Partition) });
            else merged[at] = merged[at] with { To = input.To, Marks = input.Marks };
        }

        var entry = new StepEntry(last.Step, last.ClockMicros, merged);
        _runner.Run(entry);
        PublishStep(entry.Step);
        _visibility.Publish(entry.Step, entry.Inputs);
    }
}

/// <summary>How far a table has been read.</summary>
/// <param name="Position">The next offset.</param>
/// <param name="WatermarkMicros">µs since 1970; null before the first.</param>
public sealed record SourceFigures(string Name, long Position, long Rows, long Errors, long? WatermarkMicros);
