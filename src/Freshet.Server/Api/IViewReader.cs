using Freshet.Columns;
using Freshet.Engine.Queries;
using Freshet.State.Views;

namespace Freshet.Server.Api;

/// <summary>A served view as its readers know it. <paramref name="Key"/> are positions in the schema; empty without a key.</summary>
internal sealed record ViewInfo(string Name, Schema Schema, IReadOnlyList<int> Key)
{
    /// <summary>Its rows, for readers by key; null where the view has no table.</summary>
    public ViewTable? Table { get; init; }
}

/// <summary>
/// The rows of an answer, in batches. The receiver of a batch releases it. A limit of time or memory, and an error of the
/// query, is an exception of <see cref="NextAsync"/>, so that an answer is whole or is known not to be.
/// </summary>
internal interface IRows : IAsyncDisposable
{
    Schema Schema { get; }

    /// <summary>The step that the rows are as of.</summary>
    long Step { get; }

    /// <summary>The next batch, or null after the last.</summary>
    ValueTask<Batch?> NextAsync(CancellationToken cancellation);
}

/// <summary>All views as of one step, until disposed.</summary>
internal interface IViewSnapshot : IDisposable
{
    long Step { get; }

    /// <summary>What is held, for readers by key.</summary>
    ViewPin Pin { get; }

    /// <summary>The rows of a view in its order, from <paramref name="offset"/>, at most <paramref name="limit"/>.</summary>
    IRows Scan(ViewInfo view, long offset, long limit);

    /// <summary>
    /// The rows whose key columns have these values, given as text in the order of <see cref="ViewInfo.Key"/>; null is SQL's
    /// NULL. A text that is no value of the column's type matches nothing.
    /// </summary>
    IRows Lookup(ViewInfo view, IReadOnlyList<string?> key);
}

/// <summary>A snapshot within which statements can be run too.</summary>
internal interface IReadSnapshot : IViewSnapshot
{
    /// <summary>Rows of a view.</summary>
    long Count(ViewInfo view);

    ReadSession Session { get; }
}

/// <summary>The reading side of the engine, as the routes need it. Any thread; never stops the step.</summary>
internal interface IViewReader
{
    IReadOnlyList<ViewInfo> Views { get; }

    /// <summary>Why nothing can be read yet (the views are still catching up with the log at a start), or null.</summary>
    string? NotReady { get; }

    /// <summary>The views as of a step at or after every event acknowledged before the call.</summary>
    ValueTask<IViewSnapshot> OpenAsync(CancellationToken cancellation);

    /// <summary>The same, for queries that are put together here.</summary>
    ValueTask<IReadSnapshot> ReadAsync(CancellationToken cancellation);

    /// <summary>The views as of the last published step.</summary>
    IViewSnapshot Pin();

    /// <summary>
    /// Runs a statement that only reads, as of a step at or after every event acknowledged before the call; a
    /// <see cref="QueryException"/> where it cannot.
    /// </summary>
    ValueTask<IRows> QueryAsync(string sql, CancellationToken cancellation);

    /// <summary>Completes when the step that holds the event of this sequence number is published.</summary>
    ValueTask WhenVisibleAsync(long sequence, CancellationToken cancellation);
}

/// <summary>A statement that cannot be answered: where it is wrong, or which limit it met.</summary>
internal sealed class QueryException(string code, string message, int line = 0, int column = 0) : Exception(message)
{
    public string Code { get; } = code;

    /// <summary>From 1; 0 where no place is known.</summary>
    public int Line { get; } = line;

    public int Column { get; } = column;
}
