using Freshet.Storage;

namespace Freshet.Testing.Disks;

/// <summary>What a disk is asked for; a fault is aimed at one of these calls by its number.</summary>
public enum DiskOperation
{
    Open,
    List,
    CreateDirectory,
    SyncDirectory,
    Rename,
    Delete,
    Read,
    Write,
    Truncate,
    Allocate,
    SyncData,
}

/// <summary>
/// A disk in memory that behaves like a bad one. It keeps two states: what programs see, and what would be there after a loss of
/// power. What lies between is a list of changes that no sync has covered; a loss of power keeps none, some or all of them, and
/// of a write any of its sectors.
/// <para>After a sync that failed, the changes can still be read, as from a page cache that took them for clean, but no later sync
/// makes them durable: only writing them again does. This is what Linux does.</para>
/// <para>Every choice comes from the given source of randomness, so a seed repeats a history. Any thread may use it.</para>
/// </summary>
public sealed class SimulatedDisk(Random random) : IDisk
{
    internal const int SectorBytes = 512;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _locked = [];
    private readonly SimulatedNames _names = new();
    private (long At, bool AndAllLater, StorageError Error)? _fault;
    private int _life;

    /// <summary>Bytes of all files together; a write or an allocation beyond it fails as on a full disk.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Calls so far.</summary>
    public long Operations { get; private set; }

    /// <summary>Called with every call and its path, before it is done.</summary>
    public Action<DiskOperation, string>? OnOperation { get; set; }

    internal Random Random => random;

    internal Lock Gate => _lock;

    /// <summary>The call of this number (from 1) fails, and all that follow where asked. A write or an allocation that fails is done in part.</summary>
    public void FailAt(long operation, StorageError error = StorageError.Io, bool andAllLater = false)
    {
        lock (_lock) _fault = (operation, andAllLater, error);
    }

    /// <summary>No more faults.</summary>
    public void Heal()
    {
        lock (_lock) _fault = null;
    }

    /// <summary>The process ends without a word: open files and locks are gone, what was written is there.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            _life++;
            _locked.Clear();
        }
    }

    /// <summary>The power goes: of what no sync has covered any part is lost.</summary>
    public void LosePower()
    {
        lock (_lock)
        {
            Kill();
            _names.LosePower(random);
        }
    }

    /// <summary>Changes one bit of a file, as a failing disk does; it is durable at once.</summary>
    public void FlipBit(string path, long bit)
    {
        lock (_lock) _names.File(path).FlipBit(bit);
    }

    /// <summary>The length of a file.</summary>
    public long LengthOf(string path)
    {
        lock (_lock) return _names.File(path).Length;
    }

    public IDiskFile Open(string path, bool create)
    {
        lock (_lock)
        {
            Count(DiskOperation.Open, path);
            return new SimulatedFile(this, _names.Open(path, create), path, _life);
        }
    }

    public bool Exists(string path)
    {
        lock (_lock) return _names.Exists(path);
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_lock)
        {
            Count(DiskOperation.List, directory);
            return _names.List(directory);
        }
    }

    public void CreateDirectory(string directory)
    {
        lock (_lock)
        {
            Count(DiskOperation.CreateDirectory, directory);
            _names.CreateDirectory(directory);
        }
    }

    public void SyncDirectory(string directory)
    {
        lock (_lock)
        {
            Count(DiskOperation.SyncDirectory, directory);
            _names.Sync(directory);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            Count(DiskOperation.Rename, from);
            _names.Rename(from, to);
        }
    }

    public void Delete(string path)
    {
        lock (_lock)
        {
            Count(DiskOperation.Delete, path);
            _names.Delete(path);
        }
    }

    public IDisposable Lock(string directory)
    {
        lock (_lock)
        {
            if (!_locked.Add(directory)) throw new StorageException(StorageError.InUse, $"The data directory {directory} is in use by another owner.");
            return new Held(this, directory, _life);
        }
    }

    /// <summary>Counts a call; throws where it is to fail.</summary>
    internal void Count(DiskOperation operation, string path)
    {
        if (TakeFault(operation, path) is { } fault) throw fault;
    }

    /// <summary>Counts a call and gives the failure that it is to end with, for calls that are done in part.</summary>
    internal StorageException? TakeFault(DiskOperation operation, string path)
    {
        OnOperation?.Invoke(operation, path);
        Operations++;
        if (_fault is not { } fault || Operations < fault.At || (Operations > fault.At && !fault.AndAllLater)) return null;
        // A failed sync is never "full": what it lost cannot be tried again.
        var error = operation is DiskOperation.SyncData or DiskOperation.SyncDirectory or DiskOperation.Read ? StorageError.Io : fault.Error;
        return new StorageException(error, $"Cannot {operation} {path}: a fault put there by the test, call {Operations}.");
    }

    internal void CheckAlive(int life, string path)
    {
        if (life != _life) throw new InvalidOperationException($"{path} was opened before the process ended.");
    }

    internal long FreeBytes => Math.Max(0, CapacityBytes - _names.TotalBytes);

    private sealed class Held(SimulatedDisk disk, string directory, int life) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._lock)
                if (life == disk._life) disk._locked.Remove(directory);
        }
    }
}
