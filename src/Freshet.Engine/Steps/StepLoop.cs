using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using Freshet.Engine.Journals;
using Freshet.Engine.Sinks;
using Freshet.Engine.Sources;
using Freshet.Engine.Views;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.State.Views;
using Freshet.Storage;

namespace Freshet.Engine.Steps;

/// <summary>
/// The engine's thread: plans, journals, runs and publishes one step after another as the log grows; before that, the replay of
/// the journal.
/// Invariant: nothing of a step is visible before its input and its journal entry are durable. After a failure nothing is
/// published any more, and every waiter hears of it.
/// </summary>
internal sealed class StepLoop : IDisposable
{
    public const string JournalTopic = "__journal";

    private static readonly TimeSpan FiguresRead = TimeSpan.FromSeconds(5);

    private readonly LogStore _log;
    private StepRunner _runner;
    private readonly IReadOnlyList<ViewOutput> _views;
    private readonly IReadOnlyList<SinkOutput> _sinks;
    private readonly ViewPublication _publication;
    private readonly StepBudget _budget;
    private readonly Partition _journal;
    private readonly AutoResetEvent _wake = new(false);
    private readonly AutoResetEvent _synced = new(false);
    private readonly ArrayBufferWriter<byte> _entry = new();
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private readonly TimeSpan _longestWait;
    private readonly ConcurrentQueue<Task> _questions = new();
    private long _journaled;
    private ImmutableList<Action<StepChanges>> _followers = [];
    private volatile bool _stopping;

    public StepLoop(LogStore log, StepRunner runner, IReadOnlyList<ViewOutput> views, IReadOnlyList<SinkOutput> sinks, ViewPublication publication, StepBudget budget)
    {
        _log = log;
        _runner = runner;
        _views = views;
        _sinks = sinks;
        _publication = publication;
        _budget = budget;
        _longestWait = runner.Inputs.Select(i => i.Source.LooksAgainAfter).Append(TimeSpan.FromSeconds(1)).Min();
        _journal = log.OpenPartition(JournalTopic);
        _journaled = _journal.NextOffset.Value;
        _thread = new Thread(Run) { IsBackground = true, Name = "freshet-engine" };
        Publish(StepRunner.FirstStep);
    }

    /// <summary>What takes the steps now.</summary>
    public StepRunner Runner => Volatile.Read(ref _runner);

    /// <summary>How far the input is part of the views.</summary>
    public Visibility Visibility { get; } = new();

    /// <summary>Completes with an error when no further step is possible.</summary>
    public Task Failure => _failure.Task;

    /// <summary>
    /// Runs the journal's steps again. A sink wrote a step's rows before the next step was journaled, so after the last step that it
    /// holds nothing but that of the last entry is missing: only a sink's last step is a place where steps are kept apart.
    /// </summary>
    /// <param name="progress">Called with the rows done and the rows in all.</param>
    public void Replay(Action<long, long>? progress)
    {
        var known = _runner.Inputs.Select(i => i.Source.Name).ToHashSet();
        var journaled = JournalReader.Read(_journal);
        var entries = journaled
            .Select(e => e with { Inputs = [.. e.Inputs.Where(i => known.Contains(i.Source))] })
            .TakeWhile(e => e.Inputs.All(IsThere))
            .ToList();
        var replay = new JournalReplay(_runner, _budget, entry =>
        {
            Publish(entry.Step);
            Visibility.Publish(entry.Step, entry.ClockMicros, entry.Inputs);
        });
        replay.Run(entries, [.. _sinks.Select(s => s.LastStep)], progress);
        if (entries.Count < journaled.Count) Forget(journaled[entries.Count].Step, journaled[^1].Step);
    }

    /// <summary>
    /// An entry whose rows are not there ends the replay: they did not become durable, and unless their topic is relaxed nobody has
    /// seen them. The steps from there on are struck out of the journal, and their numbers, which sinks may know, are not used again.
    /// </summary>
    private void Forget(long firstStep, long lastStep)
    {
        Journal(new StepEntry(firstStep, _runner.ClockMicros, []));
        _runner.SkipTo(_sinks.Select(s => s.LastStep).Append(lastStep).Max());
    }

    /// <summary>Whether a topic still has the rows of an entry; files are read again as they are.</summary>
    private bool IsThere(StepInput input) =>
        _runner.InputNamed(input.Source).Source is not TopicSource topic || input.To <= topic.Limit(input.Partition, input.From, (int)(input.To - input.From), long.MaxValue);

    /// <summary>The last step in the journal; the first step's number without one.</summary>
    public long LastJournaledStep => JournalReader.Read(_journal) is [.., var last] ? last.Step : StepRunner.FirstStep;

    /// <summary>
    /// Reads what only the engine's thread may, between two steps; waits for the step that runs. The reading is of any thread but
    /// the engine's, and may look at state but change nothing.
    /// </summary>
    /// <exception cref="EngineException">The engine has stopped.</exception>
    public T Between<T>(Func<T> read)
    {
        var question = new Task<T>(read);
        _questions.Enqueue(question);
        _wake.Set();
        while (!question.Wait(TimeSpan.FromSeconds(1)))
        {
            if (!_thread.IsAlive && !question.IsCompleted) throw new EngineException("engine_stopped", "The engine has stopped: its operators have no figures any more.");
        }

        return question.Result;
    }

    /// <summary>
    /// Goes on with a second run of the same circuit, which has caught up with this one or nearly so. The views change in one step
    /// to what it holds, and readers and followers see that change alone. Of the INSERT INTOs nothing is written for it.
    /// </summary>
    /// <exception cref="EngineException">The engine has stopped.</exception>
    /// <returns>The rows by which each view has changed, where it has.</returns>
    public IReadOnlyDictionary<string, long> SwitchTo(SecondRun next) => Between<IReadOnlyDictionary<string, long>>(() =>
    {
        next.CatchUp(JournalReader.Read(_journal));
        var entry = new StepEntry(_runner.Step + 1, _runner.ClockMicros, []);
        Journal(entry);
        while (_journal.DurableOffset.Value < _journaled && !_stopping) _synced.WaitOne(TimeSpan.FromSeconds(1));
        if (_stopping) throw new EngineException("engine_stopped", "The engine has stopped: the views are built anew at the next start.");
        var changed = new Dictionary<string, long>();
        var before = _runner;
        next.Runner.SkipTo(entry.Step);
        next.IsTaken = true;
        Volatile.Write(ref _runner, next.Runner);
        using (var pin = _publication.Pin())
        {
            var differences = _views.Select((v, i) => next.DifferenceFrom(pin.Of(v.View.Table), i)).ToList();
            for (var i = 0; i < _views.Count; i++)
            {
                if (differences[i].Count > 0) changed[_views[i].View.Name] = differences[i].Sum(b => (long)b.Count);
                _views[i].SwitchTo(next.Runner.Circuit, differences[i]);
            }
        }

        foreach (var sink in _sinks) sink.SwitchTo(next.Runner.Circuit);
        Publish(entry.Step);
        Visibility.Publish(entry.Step, entry.ClockMicros, []);
        // Who is reading the figures of the last one may still hold it.
        _ = Task.Delay(FiguresRead).ContinueWith(_ => before.Dispose(), TaskScheduler.Default);
        return changed;
    });

    /// <summary>Shows a follower, on the engine's thread, what each step changes from here on; see <see cref="Pipeline.Follow"/>.</summary>
    public void Follow(Action<StepChanges> follower) => ImmutableInterlocked.Update(ref _followers, f => f.Add(follower));

    public void Unfollow(Action<StepChanges> follower) => ImmutableInterlocked.Update(ref _followers, f => f.Remove(follower));

    /// <summary>Begins to take what is new.</summary>
    public void Start()
    {
        _log.Written += Wake;
        _log.Synced += OnSynced;
        _log.Failed += Fail;
        _thread.Start();
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _synced.Set();
        if (_thread.IsAlive) _thread.Join();
        _log.Written -= Wake;
        _log.Synced -= OnSynced;
        _log.Failed -= Fail;
        Visibility.Fail(new OperationCanceledException("it was closed"));
        _wake.Dispose();
        _synced.Dispose();
    }

    private void Wake() => _wake.Set();

    private void OnSynced() => _synced.Set();

    private void Fail(Exception reason)
    {
        Visibility.Fail(reason);
        _failure.TrySetException(reason);
        _stopping = true;
        _wake.Set();
        _synced.Set();
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                while (_questions.TryDequeue(out var question)) question.RunSynchronously();
                if (!TryStep()) _wake.WaitOne(UntilDue());
            }
        }
#pragma warning disable CA1031 // Whatever ends a step ends the engine; the process hears of it through Failure.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    /// <summary>How long nothing is due by the clock, at most a second, or what the sources say.</summary>
    private TimeSpan UntilDue()
    {
        var due = _runner.DueClock;
        return due == Freshet.Dataflow.Operator.EndWatermark ? _longestWait : TimeSpan.FromMilliseconds(Math.Clamp((due - Now) / 1000, 1, _longestWait.TotalMilliseconds));
    }

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;

    private bool TryStep()
    {
        var clock = Now;
        if (_runner.Plan(_budget, clock) is not { } entry) return false;
        Journal(entry);
        _runner.Run(entry);
        // The sync of the records and that of the entry have been in flight meanwhile.
        while (_journal.DurableOffset.Value < _journaled && !_stopping) _synced.WaitOne(TimeSpan.FromSeconds(1));
        if (_stopping) return false;
        if (!Publish(entry.Step)) return false;
        Visibility.Publish(entry.Step, entry.ClockMicros, entry.Inputs);
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
        _ = ObserveAsync(_log.AppendWhenRoomAsync(_journal, record));
    }

    private async Task ObserveAsync(Task<LogOffset> append)
    {
        try
        {
            await append.ConfigureAwait(false);
        }
        catch (StorageException e)
        {
            Fail(e);
        }
    }

    /// <summary>Publishes a step; false when the loop was told to stop while a sink waited for room on the disk.</summary>
    private bool Publish(long step)
    {
        foreach (var sink in _sinks) sink.Publish(step);
        if (_sinks.Count > 0 && !TryWait(Task.WhenAll(_sinks.Select(s => s.CommitAsync())))) return false;
        _publication.Begin();
        foreach (var view in _views) view.Publish();
        _publication.End(step);
        if (!_followers.IsEmpty)
        {
            var changes = new StepChanges(step, _views);
            foreach (var follower in _followers) follower(changes);
        }

        foreach (var view in _views) view.Release();
        return true;
    }

    private bool TryWait(Task commit)
    {
        while (!commit.IsCompleted)
        {
            if (_stopping) return false;
            Task.WaitAny([commit], TimeSpan.FromMilliseconds(200));
        }

        commit.GetAwaiter().GetResult();
        return true;
    }
}
