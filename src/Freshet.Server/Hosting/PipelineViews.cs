using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Engine;
using Freshet.Engine.Queries;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Ingest;
using Freshet.State.Views;
using Freshet.Syntax;

namespace Freshet.Server.Hosting;

/// <summary>The engine's views for the routes. Reads pin a version, so nothing here waits for a step.</summary>
internal sealed class PipelineViews : IViewReader
{
    /// <summary>For how long a reader waits on a full disk before it hears of it.</summary>
    private static readonly TimeSpan FullDiskPatience = TimeSpan.FromSeconds(1);

    private readonly Pipeline _pipeline;
    private readonly IEventLog _events;

    public PipelineViews(Pipeline pipeline, IEventLog events)
    {
        _pipeline = pipeline;
        _events = events;
        Views = [.. pipeline.Views.Select(v => new ViewInfo(v.Name, v.Schema, [.. v.Key]) { Table = v.Table })];
    }

    public IReadOnlyList<ViewInfo> Views { get; }

    /// <summary>The engine is opened when it has caught up with the journal.</summary>
    public string? NotReady => null;

    public async ValueTask<IViewSnapshot> OpenAsync(CancellationToken cancellation)
    {
        await WhenCaughtUpAsync(cancellation);
        return Pin();
    }

    public async ValueTask<IReadSnapshot> ReadAsync(CancellationToken cancellation)
    {
        await WhenCaughtUpAsync(cancellation);
        var session = _pipeline.Read();
        return new ReadSnapshot(session);
    }

    public IViewSnapshot Pin() => new Snapshot(_pipeline.Pin());

    public async ValueTask<IRows> QueryAsync(string sql, CancellationToken cancellation)
    {
        await WhenCaughtUpAsync(cancellation);
        try
        {
            // Constants have their rows before the first row is asked for: that is work too.
            return new QueryRows(await Task.Run(() => _pipeline.Query(sql, cancellation), cancellation));
        }
        catch (SqlException e)
        {
            throw new QueryException("sql_invalid", e.Sentence, e.Line, e.Column);
        }
        catch (EngineException e)
        {
            throw new QueryException(e.Code, e.Message);
        }
    }

    /// <exception cref="RefusedException">The disk is full, so that no step can be journaled.</exception>
    public ValueTask WhenVisibleAsync(long sequence, CancellationToken cancellation) => WhenVisibleAsync(LogEventLog.Topic, sequence, cancellation);

    private async ValueTask WhenVisibleAsync(string topic, long offset, CancellationToken cancellation)
    {
        var visible = _pipeline.WhenVisibleAsync(topic, offset, cancellation);
        if (visible.IsCompletedSuccessfully) return;
        while (true)
        {
            try
            {
                await visible.WaitAsync(FullDiskPatience, cancellation);
                return;
            }
            catch (TimeoutException)
            {
                if (_events.IsDiskFull) throw new RefusedException(new Refusal(503, "disk_full", "The disk is full: what was accepted is safe, and the views wait to take it in until there is room. Free space.") { RetryAfterSeconds = 5 });
            }
        }
    }

    /// <summary>What has been acknowledged is read: the steps that hold the last durable event and the last rejected one have been published.</summary>
    private async ValueTask WhenCaughtUpAsync(CancellationToken cancellation)
    {
        if (_events.LastDurable is >= 0 and var last) await WhenVisibleAsync(last, cancellation);
        if (_events.LastRejected is >= 0 and var rejected) await WhenVisibleAsync(Freshet.Customers.Plans.RejectedTable.Topic, rejected, cancellation);
    }

    private sealed class ReadSnapshot(ReadSession session) : Snapshot(session.Pin), IReadSnapshot
    {
        public ReadSession Session => session;

        public long Count(ViewInfo view) => session.Pin.Of(view.Table!).Rows;
    }

    private class Snapshot(ViewPin pin) : IViewSnapshot
    {
        public long Step => pin.Step;

        public ViewPin Pin => pin;

        public IRows Scan(ViewInfo view, long offset, long limit) => new ScanRows(view.Schema, Step, pin.Of(view.Table!), offset, limit);

        public IRows Lookup(ViewInfo view, IReadOnlyList<string?> key)
        {
            var memory = BatchMemory.Create();
            try
            {
                return new OneRow(view.Schema, Step, TryRead(view, key, memory, out var columns) ? pin.Of(view.Table!).Get(columns) : null);
            }
            finally
            {
                memory.Release();
            }
        }

        public void Dispose() => pin.Dispose();

        /// <summary>The key's texts as values; false where one is no value of its column's type, which no row has then.</summary>
        private static unsafe bool TryRead(ViewInfo view, IReadOnlyList<string?> key, BatchMemory memory, out Column[] columns)
        {
            columns = new Column[key.Count];
            for (var i = 0; i < key.Count; i++)
            {
                var type = view.Schema[view.Key[i]];
                if (key[i] is not { } text)
                {
                    columns[i] = Column.ConstantNull(type.Physical, memory);
                    continue;
                }

                columns[i] = Column.Allocate(type.Physical, 1, memory);
                var utf8 = Encoding.UTF8.GetBytes(text);
                var copy = memory.Allocate(utf8.Length);
                utf8.CopyTo(new Span<byte>(copy, utf8.Length));
                if (TextValue.TryWrite(copy, utf8.Length, type, columns[i].Values, 0, TimeZoneInfo.Utc, memory) != TextResult.Ok) return false;
            }

            return true;
        }
    }

    /// <summary>A part of a pinned view, in the order of its scan.</summary>
    private sealed class ScanRows(Schema schema, long step, ViewSnapshot snapshot, long offset, long limit) : IRows
    {
        private ViewCursor _cursor;
        private long _skip = offset;
        private long _left = limit;

        public Schema Schema => schema;

        public long Step => step;

        public ValueTask<Batch?> NextAsync(CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_skip > 0) snapshot.Skip(ref _cursor, _skip);
            _skip = 0;
            var rows = _left > 0 ? snapshot.Scan(ref _cursor, (int)Math.Min(_left, Batch.TypicalRows)) : null;
            _left -= rows?.Count ?? 0;
            return new ValueTask<Batch?>(rows);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>The row of a key, or none.</summary>
    private sealed class OneRow(Schema schema, long step, Batch? row) : IRows
    {
        private Batch? _row = row;

        public Schema Schema => schema;

        public long Step => step;

        public ValueTask<Batch?> NextAsync(CancellationToken cancellation)
        {
            var row = _row;
            _row = null;
            return new ValueTask<Batch?>(row);
        }

        public ValueTask DisposeAsync()
        {
            _row?.Release();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A running query; each call for rows runs it on, off the caller's thread.</summary>
    private sealed class QueryRows(Query query) : IRows
    {
        public Schema Schema => query.Schema;

        public long Step => query.Step;

        public async ValueTask<Batch?> NextAsync(CancellationToken cancellation)
        {
            try
            {
                return await Task.Run(query.Next, cancellation);
            }
            catch (EngineException e)
            {
                throw new QueryException(e.Code, e.Message);
            }
        }

        public ValueTask DisposeAsync()
        {
            query.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
