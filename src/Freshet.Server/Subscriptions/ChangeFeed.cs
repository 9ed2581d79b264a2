using System.Threading.Channels;
using Freshet.Columns;
using Freshet.Engine;
using Freshet.Engine.Queries;
using Freshet.Engine.Views;

namespace Freshet.Server.Subscriptions;

/// <summary>
/// From the engine's thread to a <see cref="ChangeBuffer"/>: a step's deltas are handed over by reference, and turned into a message
/// once, on another thread, however many readers there are. What waits in between is bounded in rows; beyond that the changes are
/// let go and the readers lose their place: the engine never waits.
/// </summary>
internal sealed class ChangeFeed : IDisposable
{
    /// <summary>Rows that may wait to become messages.</summary>
    private const int WaitingRowsMax = 1 << 18;

    private readonly Pipeline _pipeline;
    private readonly IReadOnlyList<ServedView> _views;
    private readonly LiveQuery? _query;
    private readonly Channel<Waiting> _waiting = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly IDisposable _following;
    private long _waitingRows;
    private int _waitingSteps;

    /// <summary>A step's deltas with a reference each; none where they were let go.</summary>
    private readonly record struct Waiting(long Step, (ServedView View, Batch Rows)[]? Changes, int Rows);

    /// <summary>Follows a view as it is.</summary>
    public ChangeFeed(Pipeline pipeline, ServedView view, int bytesMax)
    {
        _pipeline = pipeline;
        _views = [view];
        Schema = view.Schema;
        Key = view.Key;
        Buffer = new ChangeBuffer(bytesMax);
        _following = pipeline.Follow(OnStep);
        using (var pin = pipeline.Pin()) Buffer.Begin(pin.Step);
        _ = Task.Run(RunAsync);
    }

    /// <summary>Follows a query, whose result as of the first step is <paramref name="result"/>: batches that the caller releases.</summary>
    public ChangeFeed(Pipeline pipeline, LiveQuery query, int bytesMax, List<Batch> result)
    {
        _pipeline = pipeline;
        _views = query.Reads;
        _query = query;
        Schema = query.Schema;
        Key = query.Key;
        Buffer = new ChangeBuffer(bytesMax);
        _following = pipeline.Follow(OnStep);
        try
        {
            using var pin = pipeline.Pin();
            query.Begin(pin, result);
            Buffer.Begin(pin.Step);
        }
        catch
        {
            _following.Dispose();
            Clear();
            query.Dispose();
            throw;
        }

        _ = Task.Run(RunAsync);
    }

    public Schema Schema { get; }

    public IReadOnlyList<int> Key { get; }

    public ChangeBuffer Buffer { get; }

    public long WaitingRows => Interlocked.Read(ref _waitingRows);

    /// <summary>The view that is followed as it is; null for a query.</summary>
    public ServedView? View => _query is null ? _views[0] : null;

    /// <summary>Ends the feed; its readers hear nothing of it.</summary>
    public void Dispose()
    {
        _following.Dispose();
        _waiting.Writer.TryComplete();
    }

    private void OnStep(StepChanges changes)
    {
        var count = 0;
        var rows = 0;
        foreach (var view in _views)
        {
            var delta = changes.Of(view);
            count += delta.Count;
            for (var i = 0; i < delta.Count; i++) rows += delta[i].Count;
        }

        if (count == 0)
        {
            // Behind what waits, the step is passed when that has been told.
            if (Volatile.Read(ref _waitingSteps) == 0) Buffer.Pass(changes.Step);
            return;
        }

        (ServedView, Batch)[]? kept = null;
        if (Interlocked.Read(ref _waitingRows) + rows <= WaitingRowsMax)
        {
            kept = new (ServedView, Batch)[count];
            var at = 0;
            foreach (var view in _views)
            {
                foreach (var batch in changes.Of(view))
                {
                    batch.AddReference();
                    kept[at++] = (view, batch);
                }
            }

            Interlocked.Add(ref _waitingRows, rows);
        }

        Interlocked.Increment(ref _waitingSteps);
        if (!_waiting.Writer.TryWrite(new Waiting(changes.Step, kept, rows))) Release(kept);
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var waiting in _waiting.Reader.ReadAllAsync())
            {
                try
                {
                    Tell(waiting);
                }
                finally
                {
                    Release(waiting.Changes);
                    if (waiting.Changes is not null) Interlocked.Add(ref _waitingRows, -waiting.Rows);
                    Interlocked.Decrement(ref _waitingSteps);
                }
            }
        }
        catch (EngineException e)
        {
            Buffer.End(MessageJson.End(e.Code, e.Message));
        }
#pragma warning disable CA1031 // A defect here must end the readers, who would wait for ever, and not the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Console.Error.WriteLine($"freshet: a subscription failed: {e}");
            Buffer.End(MessageJson.End("internal", "The server failed on this subscription; its error output says why."));
        }

        _following.Dispose();
        _waiting.Writer.TryComplete();
        Clear();
        _query?.Dispose();
    }

    private void Tell(Waiting waiting)
    {
        if (waiting.Step <= Buffer.Step) return;
        if (waiting.Changes is null)
        {
            if (_query is not null) throw new EngineException("slow_subscription", "The views change faster than the query of the subscription can follow: keep it as a materialized view, or narrow it.");
            Buffer.Lose(waiting.Step);
            return;
        }

        if (_query is null)
        {
            Add(waiting.Step, [.. waiting.Changes.Select(c => c.Rows)]);
            return;
        }

        var result = new List<Batch>();
        try
        {
            _query.Run(waiting.Step, waiting.Changes, result);
            if (result.Count > 0) Add(waiting.Step, result);
            else Buffer.Pass(waiting.Step);
        }
        finally
        {
            foreach (var batch in result) batch.Release();
        }
    }

    private void Add(long step, IReadOnlyList<Batch> rows)
    {
        if (MessageJson.Changes(step, Schema, rows, Buffer.BytesMax) is { } message) Buffer.Add(message);
        else Buffer.Lose(step);
    }

    private void Clear()
    {
        while (_waiting.Reader.TryRead(out var left)) Release(left.Changes);
    }

    private static void Release((ServedView View, Batch Rows)[]? changes)
    {
        foreach (var (_, rows) in changes ?? []) rows.Release();
    }
}
