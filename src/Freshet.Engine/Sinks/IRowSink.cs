using Freshet.Columns;

namespace Freshet.Engine.Sinks;

/// <summary>Where INSERT INTO puts rows. Called by the engine's thread once a step's input is durable.</summary>
internal interface IRowSink : IDisposable
{
    /// <summary>The last step whose rows are there already, from before a restart; 0 for none.</summary>
    long LastStep { get; }

    /// <summary>Whether rows can be taken back again.</summary>
    bool TakesChanges { get; }

    /// <summary>Takes a step's rows; the caller releases them.</summary>
    void Write(long step, IReadOnlyList<Batch> rows);

    /// <summary>
    /// All rows of the step have been written, by every INSERT INTO that shares the sink. Completes when they are where they
    /// outlive a crash, all of them or none.
    /// </summary>
    Task CommitAsync() => Task.CompletedTask;
}
