namespace Freshet.Storage;

/// <summary>What kind of failure a <see cref="StorageException"/> is.</summary>
public enum StorageError
{
    /// <summary>Input or output failed.</summary>
    Io,

    /// <summary>No space is left on the device or in the quota.</summary>
    DiskFull,

    /// <summary>The file or directory is not there.</summary>
    NotFound,

    /// <summary>Not permitted, or a read-only file system.</summary>
    Denied,

    /// <summary>Another process owns the data directory.</summary>
    InUse,

    /// <summary>What is on disk is not what was written.</summary>
    Corrupt,
}

/// <summary>A failure of the disk or of what lies on it: which file, what happened, what to do.</summary>
public sealed class StorageException(StorageError error, string message, Exception? inner = null) : IOException(message, inner)
{
    public StorageError Error { get; } = error;
}
