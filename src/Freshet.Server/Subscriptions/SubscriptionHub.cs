using System.Text.Json;
using Freshet.Columns;
using Freshet.Engine;
using Freshet.Engine.Queries;
using Freshet.Server.Api;
using Freshet.Syntax;

namespace Freshet.Server.Subscriptions;

/// <summary>
/// All subscriptions of a server. The readers of a view share one feed, which lives from its first reader to a while after its last,
/// so that who comes back finds his step; a query has a feed of its own. Any thread.
/// </summary>
internal sealed class SubscriptionHub(Pipeline pipeline) : IStatusSection
{
    private const int ReadersMax = 2000;
    private const int QueriesMax = 50;
    private const int ViewBytesMax = 8 << 20;
    private const int QueryBytesMax = 2 << 20;

    /// <summary>How long a view without readers is followed on.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _views = [];
    private readonly List<ChangeFeed> _queries = [];
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _firstStep = pipeline.Step;
    private int _readers;
    private int _queriesOpen;
    private long _messages;
    private long _cutOff;

    public Pipeline Pipeline => pipeline;

    /// <summary>Completes when the server is asked to stop.</summary>
    public Task Stopping => _stopping.Task;

    public string Name => "subscriptions";

    /// <summary>Whether a step was published by this process: what another one published under this number may have come of other SQL.</summary>
    public bool IsKnown(long step) => step > _firstStep;

    /// <summary>Subscribes to a view; a <see cref="QueryException"/> where there are too many readers.</summary>
    /// <exception cref="KeyNotFoundException">There is no such view.</exception>
    public Subscription OpenView(string name, SubscriptionStart start)
    {
        var view = pipeline.Views.FirstOrDefault(v => v.Name == name) ?? throw new KeyNotFoundException(name);
        lock (_gate)
        {
            CheckRoom();
            // Who comes back after a feed has failed gets another one, and not its end again.
            if (!_views.TryGetValue(name, out var entry) || entry.Feed.Buffer.HasEnded) _views[name] = entry = new Entry(new ChangeFeed(pipeline, view, ViewBytesMax));
            entry.Readers++;
            entry.Uses++;
            _readers++;
            return new Subscription(this, entry.Feed, start, null);
        }
    }

    /// <summary>Subscribes by a statement; a <see cref="QueryException"/> where it cannot be followed.</summary>
    public Subscription OpenSql(string sql, SubscriptionStart start)
    {
        try
        {
            var query = pipeline.Subscribe(sql);
            if (query.WholeView is { } view)
            {
                query.Dispose();
                return OpenView(view.Name, start);
            }

            lock (_gate)
            {
                CheckRoom();
                if (_queriesOpen >= QueriesMax) throw new QueryException("too_many_subscriptions", $"There are {QueriesMax} subscriptions to queries already: subscribe to a materialized view, which all readers share.");
                _queriesOpen++;
                _readers++;
            }

            return Open(query, start);
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

    private Subscription Open(LiveQuery query, SubscriptionStart start)
    {
        var rows = new List<Batch>();
        ChangeFeed? feed = null;
        try
        {
            feed = new ChangeFeed(pipeline, query, QueryBytesMax, rows);
            if (!start.WithSnapshot)
            {
                foreach (var batch in rows) batch.Release();
                rows.Clear();
            }

            return new Subscription(this, feed, start, rows);
        }
        finally
        {
            lock (_gate)
            {
                if (feed is not null) _queries.Add(feed);
                else
                {
                    _queriesOpen--;
                    _readers--;
                }
            }
        }
    }

    /// <summary>Ends all subscriptions with a message.</summary>
    public void Stop() => _stopping.TrySetResult();

    public void Release(ChangeFeed feed)
    {
        lock (_gate)
        {
            _readers--;
            if (feed.View is not { } view)
            {
                _queries.Remove(feed);
                _queriesOpen--;
                feed.Dispose();
                return;
            }

            // A feed that has failed has ended by itself, and another may have taken its place.
            if (!_views.TryGetValue(view.Name, out var entry) || entry.Feed != feed) return;
            if (feed.Buffer.HasEnded) _views.Remove(view.Name);
            else if (--entry.Readers == 0) _ = ForgetAsync(view.Name, entry, entry.Uses);
        }
    }

    public void Counted() => Interlocked.Increment(ref _messages);

    public void CutOff() => Interlocked.Increment(ref _cutOff);

    public void WriteStatus(Utf8JsonWriter json)
    {
        var (readers, feeds, bytes, rows) = Figures();
        json.WriteNumber("readers", readers);
        json.WriteNumber("followed", feeds);
        json.WriteNumber("bufferedBytes", bytes);
        json.WriteNumber("waitingRows", rows);
        json.WriteNumber("messages", Interlocked.Read(ref _messages));
        json.WriteNumber("cutOff", Interlocked.Read(ref _cutOff));
    }

    public void WriteMetrics(MetricsText metrics)
    {
        var (readers, feeds, bytes, rows) = Figures();
        metrics.Gauge("freshet_subscription_readers", "Readers of subscriptions.", readers);
        metrics.Gauge("freshet_subscription_feeds", "Views and queries that are followed for readers.", feeds);
        metrics.Gauge("freshet_subscription_buffered_bytes", "Changes kept for readers.", bytes);
        metrics.Gauge("freshet_subscription_waiting_rows", "Changed rows that wait to become messages.", rows);
        metrics.Counter("freshet_subscription_messages_total", "Messages of changes given to readers.", Interlocked.Read(ref _messages));
        metrics.Counter("freshet_subscription_cut_off_total", "Readers cut off because they were too slow.", Interlocked.Read(ref _cutOff));
    }

    private (int Readers, int Feeds, long Bytes, long Rows) Figures()
    {
        lock (_gate)
        {
            List<ChangeFeed> feeds = [.. _views.Values.Select(e => e.Feed), .. _queries];
            return (_readers, feeds.Count, feeds.Sum(f => f.Buffer.Bytes), feeds.Sum(f => f.WaitingRows));
        }
    }

    private void CheckRoom()
    {
        if (_stopping.Task.IsCompleted) throw new QueryException("server_stopping", "The server stops; come again.");
        if (_readers >= ReadersMax) throw new QueryException("too_many_subscriptions", $"There are {ReadersMax} subscriptions already.");
    }

    private async Task ForgetAsync(string name, Entry entry, long uses)
    {
        await Task.WhenAny(Task.Delay(KeptFor), Stopping);
        lock (_gate)
        {
            if (entry.Readers > 0 || entry.Uses != uses || _views.GetValueOrDefault(name) != entry) return;
            _views.Remove(name);
            entry.Feed.Dispose();
        }
    }

    private sealed class Entry(ChangeFeed feed)
    {
        public ChangeFeed Feed => feed;

        public int Readers { get; set; }

        /// <summary>Readers that ever came.</summary>
        public long Uses { get; set; }
    }
}
