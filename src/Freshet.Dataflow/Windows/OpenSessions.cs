using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Dataflow.Windows;

/// <summary>
/// What a <see cref="SessionOperator"/> keeps of the sessions that are open: their rows (<see cref="SessionRows"/>), or the aggregates of them
/// (<see cref="SessionGroups"/>). A session is a longest run of rows of a key of which none is more than the gap behind the one before.
/// </summary>
internal abstract unsafe class OpenSessions : IDisposable
{
    public abstract long Rows { get; }

    public abstract long Bytes { get; }

    /// <summary>The earliest end at which a session may close; long.MaxValue without any.</summary>
    public abstract long NextTimer { get; }

    /// <summary>The hashes of a batch's keys, by row index: made once for a batch whose rows are added one by one.</summary>
    public abstract ulong* Hash(Batch batch, BatchMemory scratch);

    /// <summary>Adds rows.</summary>
    /// <param name="hashes">From <see cref="Hash"/>.</param>
    /// <param name="times">By row index.</param>
    public abstract void Add(Batch batch, int* rows, int count, ulong* hashes, long* times, BatchMemory scratch);

    /// <summary>The end of the session that a row would be part of.</summary>
    public abstract long EndWith(Batch batch, int row, ulong* hashes, long time, BatchMemory scratch);

    /// <summary>Takes out all sessions that end at <paramref name="closed"/> or before; <see cref="Take"/> then gives them.</summary>
    public abstract void Close(long closed);

    /// <summary>The next batch of what has closed, or null.</summary>
    public abstract Batch? Take();

    public abstract void EndOfStep();

    public abstract void Dispose();
}
