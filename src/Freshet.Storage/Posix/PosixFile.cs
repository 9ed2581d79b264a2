using System.Runtime.InteropServices;

namespace Freshet.Storage.Posix;

/// <summary>A file of the real disk by its descriptor.</summary>
internal sealed unsafe class PosixFile(string path, int descriptor) : IDiskFile
{
    private const int ZeroChunkBytes = 1 << 20;
    private int _descriptor = descriptor;

    public string Path => path;

    public int Descriptor => _descriptor;

    public long LengthBytes
    {
        get
        {
            const int End = 2;
            var length = Libc.lseek(_descriptor, 0, End);
            return length < 0 ? throw PosixDisk.Failure("measure", path) : length;
        }
    }

    public int Read(long offset, Span<byte> target)
    {
        var done = 0;
        fixed (byte* start = target)
        {
            while (done < target.Length)
            {
                var read = Libc.pread(_descriptor, start + done, target.Length - done, offset + done);
                if (read == 0) break;
                if (read > 0) done += (int)read;
                else if (Marshal.GetLastPInvokeError() != Libc.EINTR) throw PosixDisk.Failure("read", path);
            }
        }

        return done;
    }

    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        var done = 0;
        fixed (byte* start = source)
        {
            while (done < source.Length)
            {
                var written = Libc.pwrite(_descriptor, start + done, source.Length - done, offset + done);
                if (written > 0) done += (int)written;
                else if (written == 0) throw new StorageException(StorageError.Io, $"Cannot write {path}: the system wrote nothing and gave no reason.");
                else if (Marshal.GetLastPInvokeError() != Libc.EINTR) throw PosixDisk.Failure("write", path);
            }
        }
    }

    public void Truncate(long lengthBytes)
    {
        if (Libc.ftruncate(_descriptor, lengthBytes) != 0) throw PosixDisk.Failure("truncate", path);
    }

    public void Allocate(long lengthBytes)
    {
        // Written zeros rather than reserved extents: a later sync then has no metadata to write.
        var zeros = new byte[ZeroChunkBytes];
        for (var at = LengthBytes; at < lengthBytes; at += ZeroChunkBytes)
            Write(at, zeros.AsSpan(0, (int)Math.Min(ZeroChunkBytes, lengthBytes - at)));
    }

    public void SyncData()
    {
        int result;
        do result = Libc.fdatasync(_descriptor);
        while (result != 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
        if (result != 0) throw PosixDisk.SyncFailure(path, Marshal.GetLastPInvokeError());
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _descriptor, -1);
        if (fd >= 0) _ = Libc.close(fd);
    }
}
