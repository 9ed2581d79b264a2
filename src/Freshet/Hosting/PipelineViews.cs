using System.Text;
using Freshet.Api;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Engine;
using Freshet.Engine.Queries;
using Freshet.Ingest;
using Freshet.State.Rows;
using Freshet.State.Trees;
using Freshet.State.Views;

namespace Freshet.Hosting;

/// <summary>The engine's views for the routes. Reads work on immutable versions, so nothing here waits for a step.</summary>
internal sealed class PipelineViews : IViewReader
{
    private readonly Pipeline _pipeline;
    private readonly IEventLog _events;
    private readonly Dictionary<string, int> _places = [];

    public PipelineViews(Pipeline pipeline, IEventLog events)
    {
        _pipeline = pipeline;
        _events = events;
        for (var i = 0; i < pipeline.Views.Count; i++) _places.Add(pipeline.Views[i].Name, i);
        Views = [.. pipeline.Views.Select(v => new ViewInfo(v.Name, v.Schema, [.. v.Key]))];
    }

    public IReadOnlyList<ViewInfo> Views { get; }

    /// <summary>The engine is opened when it has caught up with the journal.</summary>
    public string? NotReady => null;

    public async ValueTask<IViewSnapshot> OpenAsync(CancellationToken cancellation)
    {
        await WhenCaughtUpAsync(cancellation);
        return new Snapshot(this, _pipeline.Current);
    }

    public async ValueTask<IRows> QueryAsync(string sql, CancellationToken cancellation)
    {
        await WhenCaughtUpAsync(cancellation);
        try
        {
            return new QueryRows(_pipeline.Query(sql));
        }
        catch (Sql.SqlException e)
        {
            throw new QueryException("sql_invalid", e.Sentence, e.Line, e.Column);
        }
        catch (EngineException e)
        {
            throw new QueryException(e.Code, e.Message);
        }
    }

    public ValueTask WhenVisibleAsync(long sequence, CancellationToken cancellation) =>
        new(_pipeline.WhenVisibleAsync(LogEventLog.Topic, sequence, cancellation));

    /// <summary>What has been acknowledged is read: the step that holds the last durable event has been published.</summary>
    private async ValueTask WhenCaughtUpAsync(CancellationToken cancellation)
    {
        if (_events.LastDurable is >= 0 and var last) await _pipeline.WhenVisibleAsync(LogEventLog.Topic, last, cancellation);
    }

    private sealed class Snapshot(PipelineViews views, ViewsVersion version) : IViewSnapshot
    {
        public long Step => version.Step;

        public IRows Scan(ViewInfo view, long offset, long limit) =>
            new TreeRows(view.Schema, Step, Expanded(Tree(view).Scan()).Skip(checked((int)offset)).Take((int)Math.Min(limit, int.MaxValue)));

        public IRows Lookup(ViewInfo view, IReadOnlyList<string?> key)
        {
            if (EncodeKey(view, key) is not { } bytes) return new TreeRows(view.Schema, Step, []);
            // The key's bytes are the whole key of a row, or, where the view has no key, its first columns.
            var found = Tree(view).Scan(bytes).TakeWhile(e => e.Key.AsSpan().StartsWith(bytes));
            return new TreeRows(view.Schema, Step, Expanded(found));
        }

        public void Dispose()
        {
        }

        private PersistentTree Tree(ViewInfo view) => version.Trees[views._places[view.Name]];

        private static IEnumerable<byte[]> Expanded(IEnumerable<(byte[] Key, PersistentTree.Entry Entry)> entries)
        {
            foreach (var (_, entry) in entries)
                for (var n = 0L; n < entry.Weight; n++) yield return entry.Row;
        }

        private static unsafe byte[]? EncodeKey(ViewInfo view, IReadOnlyList<string?> key)
        {
            var memory = BatchMemory.Create();
            try
            {
                var output = new List<byte>();
                for (var i = 0; i < key.Count; i++)
                {
                    var type = view.Schema[view.Key[i]];
                    var column = Column.Allocate(type.Physical, 1, memory);
                    if (key[i] is not { } text)
                    {
                        column = Column.ConstantNull(type.Physical, memory);
                    }
                    else
                    {
                        var utf8 = Encoding.UTF8.GetBytes(text);
                        var copy = memory.Allocate(utf8.Length);
                        utf8.CopyTo(new Span<byte>(copy, utf8.Length));
                        if (TextValue.TryWrite(copy, utf8.Length, type, column.Values, 0, TimeZoneInfo.Utc, memory) != TextResult.Ok) return null;
                    }

                    RowCodec.AppendKey(column, 0, output);
                }

                return [.. output];
            }
            finally
            {
                memory.Release();
            }
        }
    }

    /// <summary>Stored rows as batches.</summary>
    private sealed class TreeRows(Schema schema, long step, IEnumerable<byte[]> rows) : IRows
    {
        private readonly IEnumerator<byte[]> _rows = rows.GetEnumerator();

        public Schema Schema => schema;

        public long Step => step;

        public ValueTask<Batch?> NextAsync(CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            var chunk = new List<byte[]>();
            while (chunk.Count < Batch.TypicalRows && _rows.MoveNext()) chunk.Add(_rows.Current);
            return new ValueTask<Batch?>(chunk.Count == 0 ? null : RowCodec.Decode(schema, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chunk), []));
        }

        public ValueTask DisposeAsync()
        {
            _rows.Dispose();
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
