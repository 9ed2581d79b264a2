namespace Freshet.Storage;

/// <summary>
/// All that the engine asks of a file system, so that tests can put any fault behind it. Paths are absolute or relative to the
/// process; parents must exist except for <see cref="CreateDirectory"/>. Every failure is a <see cref="StorageException"/>.
/// </summary>
public interface IDisk
{
    /// <summary>Opens a file for reading and writing; creates it when <paramref name="create"/> is set and it does not exist.</summary>
    IDiskFile Open(string path, bool create);

    bool Exists(string path);

    /// <summary>Names of the entries of a directory, in ordinal order.</summary>
    IReadOnlyList<string> List(string directory);

    void CreateDirectory(string directory);

    /// <summary>Makes creations, renames and deletions in a directory durable.</summary>
    void SyncDirectory(string directory);

    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>Takes the one writer's lock of a data directory; disposing gives it back.</summary>
    IDisposable Lock(string directory);
}

/// <summary>An open file. Reads and writes at different places may run in parallel.</summary>
public interface IDiskFile : IDisposable
{
    string Path { get; }

    long LengthBytes { get; }

    /// <summary>Reads until <paramref name="target"/> is full or the file ends; gives the bytes read.</summary>
    int Read(long offset, Span<byte> target);

    /// <summary>Writes all of <paramref name="source"/>. After a throw any part of it may have been written.</summary>
    void Write(long offset, ReadOnlySpan<byte> source);

    void Truncate(long lengthBytes);

    /// <summary>Makes the file at least this long, the new part filled with zeros that lie on disk.</summary>
    void Allocate(long lengthBytes);

    /// <summary>Makes the file's bytes durable. After a throw nothing may be assumed of what was written since the last sync, and it must not be tried again.</summary>
    void SyncData();
}
