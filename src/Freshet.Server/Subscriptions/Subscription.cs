using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Engine;
using Freshet.State.Views;

namespace Freshet.Server.Subscriptions;

/// <summary>
/// One reader of a result: its messages in order, from the beginning that it asked for. It keeps nothing but its step, so a slow one
/// costs nothing and is cut off when the changes after its step are gone.
/// </summary>
internal sealed class Subscription(SubscriptionHub hub, ChangeFeed feed, SubscriptionStart start, List<Batch>? result) : IDisposable
{
    /// <summary>How often a reader hears that nothing has changed.</summary>
    public static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(10);

    /// <summary>A snapshot that is not taken by then ends: while it is read, its pages are kept twice.</summary>
    private static readonly TimeSpan SnapshotTimeMax = TimeSpan.FromSeconds(60);

    private const int SnapshotRows = 1000;

    private int _isDisposed;

    public ChangeFeed Feed => feed;

    /// <summary>The messages; the last is an end where it is the server that ends.</summary>
    public async IAsyncEnumerable<ChangeMessage> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var step = feed.Buffer.Step;
        var takesSnapshot = start.WithSnapshot;
        if (start.After is { } after)
        {
            takesSnapshot = !hub.IsKnown(after) || after > Math.Max(step, hub.Pipeline.Step) || after < feed.Buffer.Since;
            if (!takesSnapshot) step = after;
        }

        yield return MessageJson.Start(step, feed.Schema, feed.Key);
        if (start.After is not null && takesSnapshot)
            yield return MessageJson.Reset($"The changes after step {start.After} are no longer known: forget the rows you have, a snapshot follows.");
        if (takesSnapshot)
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            using var rows = new Snapshot(hub.Pipeline, feed, result);
            step = rows.Step;
            for (var isLast = false; !isLast;)
            {
                var batch = rows.Next(SnapshotRows);
                isLast = rows.IsAtEnd;
                var message = MessageJson.Snapshot(step, feed.Schema, batch, isLast);
                batch?.Release();
                yield return message;
                if (isLast || System.Diagnostics.Stopwatch.GetElapsedTime(started) < SnapshotTimeMax) continue;
                yield return CutOff($"The snapshot was not taken within {SnapshotTimeMax.TotalSeconds:0} s.");
                yield break;
            }
        }

        while (!cancellation.IsCancellationRequested)
        {
            var message = feed.Buffer.Next(step, out var isLost, out var upTo, out var changed);
            if (isLost)
            {
                yield return CutOff($"The changes after step {step} came faster than they were taken and are gone; subscribe again for a snapshot.");
                yield break;
            }

            if (message is not null)
            {
                yield return message;
                if (message.Kind == MessageKind.End) yield break;
                step = message.Step;
                hub.Counted();
                continue;
            }

            await Task.WhenAny(changed, hub.Stopping, Task.Delay(ProgressEvery, cancellation));
            if (hub.Stopping.IsCompleted)
            {
                yield return MessageJson.End("server_stopping", "The server stops; come again and go on from the last step.");
                yield break;
            }

            if (changed.IsCompleted || cancellation.IsCancellationRequested) continue;
            // What changed meanwhile is told first.
            if (feed.Buffer.Next(step, out isLost, out upTo, out _) is not null || isLost) continue;
            yield return MessageJson.Progress(Math.Max(step, upTo));
            step = Math.Max(step, upTo);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        foreach (var batch in result ?? []) batch.Release();
        hub.Release(feed);
    }

    private ChangeMessage CutOff(string reason)
    {
        hub.CutOff();
        return MessageJson.End("slow_reader", reason);
    }

    /// <summary>The result as of one step: a pinned view, or what a query gave at its beginning.</summary>
    private sealed class Snapshot : IDisposable
    {
        private readonly ViewPin? _pin;
        private readonly ViewSnapshot? _view;
        private readonly List<Batch> _rows;
        private ViewCursor _cursor;
        private long _left;

        public Snapshot(Pipeline pipeline, ChangeFeed feed, List<Batch>? rows)
        {
            _rows = rows ?? [];
            // Not what the buffer still knows: where that has gone on, the reader has lost its place.
            Step = feed.Buffer.FirstStep;
            if (feed.View is not { } view) return;
            _pin = pipeline.Pin();
            _view = _pin.Of(view.Table);
            _left = _view.Rows;
            Step = _pin.Step;
        }

        public long Step { get; }

        public bool IsAtEnd => _view is null ? _rows.Count == 0 : _left == 0;

        public Batch? Next(int maxRows)
        {
            if (_view is not null)
            {
                var part = _view.Scan(ref _cursor, maxRows);
                _left -= part?.Count ?? _left;
                return part;
            }

            if (_rows.Count == 0) return null;
            var batch = _rows[0];
            _rows.RemoveAt(0);
            return batch;
        }

        public void Dispose() => _pin?.Dispose();
    }
}

/// <summary>Where a reader begins.</summary>
/// <param name="WithSnapshot">The rows as they are come first; otherwise only what changes from now on.</param>
/// <param name="After">The step that the reader has; null where it has nothing.</param>
internal sealed record SubscriptionStart(bool WithSnapshot = true, long? After = null);
