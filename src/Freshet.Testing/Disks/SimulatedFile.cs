using Freshet.Storage;

namespace Freshet.Testing.Disks;

/// <summary>An open file of a <see cref="SimulatedDisk"/>; it is dead when the process or the power has gone.</summary>
internal sealed class SimulatedFile(SimulatedDisk disk, SimulatedContent content, string path, int life) : IDiskFile
{
    public string Path => path;

    public long LengthBytes
    {
        get
        {
            lock (disk.Gate) return content.Length;
        }
    }

    public int Read(long offset, Span<byte> target)
    {
        lock (disk.Gate)
        {
            disk.CheckAlive(life, path);
            disk.Count(DiskOperation.Read, path);
            return content.Read(offset, target);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        lock (disk.Gate)
        {
            disk.CheckAlive(life, path);
            var fault = disk.TakeFault(DiskOperation.Write, path);
            var room = Math.Max(0, content.Length - offset) + disk.FreeBytes;
            if (fault is null && source.Length > room) fault = new StorageException(StorageError.DiskFull, $"Cannot write {path}: the simulated disk is full.");
            content.Write(offset, fault is null ? source : source[..(int)Math.Min(room, disk.Random.Next(source.Length + 1))]);
            if (fault is not null) throw fault;
        }
    }

    public void Truncate(long lengthBytes)
    {
        lock (disk.Gate)
        {
            disk.CheckAlive(life, path);
            disk.Count(DiskOperation.Truncate, path);
            content.Truncate(lengthBytes);
        }
    }

    public void Allocate(long lengthBytes)
    {
        lock (disk.Gate)
        {
            disk.CheckAlive(life, path);
            var fault = disk.TakeFault(DiskOperation.Allocate, path);
            var more = lengthBytes - content.Length;
            if (more <= 0) return;
            if (fault is null && more > disk.FreeBytes) fault = new StorageException(StorageError.DiskFull, $"Cannot write {path}: the simulated disk is full.");
            content.Write(content.Length, new byte[fault is null ? more : Math.Min(disk.FreeBytes, disk.Random.NextInt64(more + 1))]);
            if (fault is not null) throw fault;
        }
    }

    public void SyncData()
    {
        lock (disk.Gate)
        {
            disk.CheckAlive(life, path);
            if (disk.TakeFault(DiskOperation.SyncData, path) is { } fault)
            {
                content.FailSync(disk.Random);
                throw fault;
            }

            content.Sync();
        }
    }

    public void Dispose()
    {
    }
}
