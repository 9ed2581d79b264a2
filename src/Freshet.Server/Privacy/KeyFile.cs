using System.Security.Cryptography;
using Freshet.Storage;

namespace Freshet.Server.Privacy;

/// <summary>A file of random bytes in the data directory, made once: there whole or not at all, durable when it is returned.</summary>
internal static class KeyFile
{
    public const int Bytes = 32;

    /// <param name="folder">It exists.</param>
    public static byte[] Open(IDisk disk, string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (disk.Exists(path))
        {
            using var file = disk.Open(path, create: false);
            var key = new byte[Bytes];
            return file.LengthBytes == Bytes && file.Read(0, key) == Bytes ? key : throw new StorageException(StorageError.Corrupt, $"{path} is not a key of {Bytes} bytes. Restore the file from a backup.");
        }

        var made = RandomNumberGenerator.GetBytes(Bytes);
        var beside = path + ".new";
        if (disk.Exists(beside)) disk.Delete(beside);
        using (var file = disk.Open(beside, create: true))
        {
            file.Write(0, made);
            file.SyncData();
        }

        disk.Rename(beside, path);
        disk.SyncDirectory(folder);
        return made;
    }
}
