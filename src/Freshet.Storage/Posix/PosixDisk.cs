using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Freshet.Storage.Posix;

/// <summary>
/// The real disk, by system calls whose results are looked at. Interrupted calls and short writes are continued here.
/// </summary>
public sealed class PosixDisk : IDisk
{
    private const string LockName = "lock";

    /// <exception cref="StorageException">Syncs of this system do not report failures, so nothing could be called durable.</exception>
    public PosixDisk()
    {
        // A sync of a descriptor that is not open must fail, or failures are hidden somewhere between here and the disk.
        if (Libc.fdatasync(-1) != -1 || Marshal.GetLastPInvokeError() != Libc.EBADF || Libc.fsync(-1) != -1 || Marshal.GetLastPInvokeError() != Libc.EBADF)
            throw new StorageException(StorageError.Io, "The system's fsync reports success for a file that is not open: durability cannot be promised here. Use a system with a working libc.");
    }

    public IDiskFile Open(string path, bool create)
    {
        var fd = Libc.open(path, Libc.ReadWrite | Libc.CloseOnExec | (create ? Libc.Create : 0), 0x1A4);
        return fd < 0 ? throw Failure("open", path) : new PosixFile(path, fd);
    }

    public bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    public IReadOnlyList<string> List(string directory)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(directory).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
        }
        catch (IOException e)
        {
            throw new StorageException(StorageError.Io, $"Cannot list {directory}: {e.Message}", e);
        }
    }

    public void CreateDirectory(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageError.Denied, $"Cannot create {directory}: {e.Message} Choose another data directory or give this user the right to write there.", e);
        }
    }

    public void SyncDirectory(string directory)
    {
        var fd = Libc.open(directory, Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (fd < 0) throw Failure("open", directory);
        var result = Libc.fsync(fd);
        var error = Marshal.GetLastPInvokeError();
        _ = Libc.close(fd);
        if (result != 0) throw SyncFailure(directory, error);
    }

    public void Rename(string from, string to)
    {
        if (Libc.rename(from, to) != 0) throw Failure("rename", from);
    }

    public void Delete(string path)
    {
        if (Libc.unlink(path) != 0) throw Failure("delete", path);
    }

    public IDisposable Lock(string directory)
    {
        var file = (PosixFile)Open(Path.Combine(directory, LockName), create: true);
        if (Libc.flock(file.Descriptor, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
        {
            Span<byte> owner = stackalloc byte[20];
            var pid = Encoding.ASCII.GetString(owner[..file.Read(0, owner)]).Trim();
            file.Dispose();
            throw new StorageException(StorageError.InUse, $"The data directory {directory} is in use by process {(pid.Length > 0 ? pid : "unknown")}. Stop that process or choose another directory with --data.");
        }

        file.Truncate(0);
        file.Write(0, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        return file;
    }

    /// <summary>Never <see cref="StorageError.DiskFull"/>, whatever the errno: a write may be refused and tried again, a sync that failed may not.</summary>
    internal static StorageException SyncFailure(string path, int error) =>
        new(StorageError.Io, $"Cannot sync {path}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}). Restart the process to recover from what is on disk; see the system's log for the device.");

    internal static StorageException Failure(string call, string path) => Failure(call, path, Marshal.GetLastPInvokeError());

    internal static StorageException Failure(string call, string path, int error)
    {
        var (kind, remedy) = error switch
        {
            Libc.ENOSPC or Libc.EDQUOT => (StorageError.DiskFull, "The disk is full: free space; what was accepted is safe."),
            Libc.ENOENT => (StorageError.NotFound, "It does not exist."),
            Libc.EACCES or Libc.EPERM => (StorageError.Denied, "This user may not: give it the right, or choose another directory."),
            Libc.EROFS => (StorageError.Denied, "The file system is read-only: choose another data directory with --data."),
            _ => (StorageError.Io, "See the system's log for the device."),
        };
        return new StorageException(kind, $"Cannot {call} {path}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}). {remedy}");
    }
}
