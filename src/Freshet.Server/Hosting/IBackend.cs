using Freshet.Customers;
using Freshet.Engine;
using Freshet.Server.Api;
using Freshet.Server.Ingest;
using Freshet.Server.Privacy;
using Freshet.Server.Subscriptions;
using Freshet.Sql.Binding;

namespace Freshet.Server.Hosting;

/// <summary>What the server stands on: the log that takes events and the engine that reads them. One for each data directory.</summary>
internal interface IBackend : IAsyncDisposable
{
    IEventLog Log { get; }

    IViewReader? Views { get; }

    /// <summary>The log as an erasure changes it; null where nothing can be erased.</summary>
    IErasableLog? Erasable => null;

    /// <summary>What the project says of customers and their events.</summary>
    CustomerLayer? Customers { get; }

    /// <summary>What the project declares; null while there is nothing to read.</summary>
    ScriptBinder? Project { get; }

    /// <summary>Who follows the views; null while there are none.</summary>
    SubscriptionHub? Subscriptions { get; }

    IReadOnlyList<IStatusSection> Sections { get; }

    /// <summary>Why the views are not ready yet, or null when they have caught up with the log.</summary>
    string? NotReady { get; }

    /// <summary>How far the watermark of events is behind the wall clock; null before the first event.</summary>
    TimeSpan? WatermarkLag { get; }

    /// <summary>How the tables that the project reads stand.</summary>
    IReadOnlyList<SourceFigures> Sources { get; }

    /// <summary>Bytes of all topics.</summary>
    long LogBytes { get; }

    /// <summary>Completes with an error when the log or the engine can no longer go on; the process then ends.</summary>
    Task Failure { get; }

    /// <summary>Shows the value and the arrival (ms since 1970) of every record of <c>events</c> from a time on, oldest first.</summary>
    void ReadEventsSince(long receivedAt, EventVisitor visit);
}
