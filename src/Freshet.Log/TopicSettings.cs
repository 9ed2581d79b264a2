namespace Freshet.Log;

/// <summary>What a topic's owner has chosen for it. It is said at each start and lies nowhere on disk.</summary>
public sealed record TopicSettings
{
    /// <summary>Durable, and everything is kept.</summary>
    public static TopicSettings Default { get; } = new();

    /// <summary>
    /// Appends are answered when they are written; a sync follows within <see cref="LogOptions.RelaxedSyncMs"/> or
    /// <see cref="LogOptions.RelaxedSyncBytes"/>. A loss of power may take what was answered since.
    /// </summary>
    public bool IsRelaxed { get; init; }

    /// <summary>Log segments whose last record is older than this are deleted.</summary>
    public TimeSpan? RetentionTime { get; init; }

    /// <summary>The oldest log segments are deleted while the others hold at least this many bytes.</summary>
    public long? RetentionBytes { get; init; }

    public bool KeepsAll => RetentionTime is null && RetentionBytes is null;
}
