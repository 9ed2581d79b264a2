using System.Text.Json;
using Freshet.Customers.Privacy;
using Freshet.Storage;

namespace Freshet.Server.Privacy;

/// <summary>
/// The folder <c>erasures</c> of a data directory: <c>key</c>, a file for each receipt, and <c>pending</c> while log segments are written anew. A file is
/// there whole or not at all. The suppressed identifiers are those of all receipts. Any thread; one writer at a time.
/// </summary>
internal sealed class ReceiptStore
{
    private const string KeyName = "key";
    private const string PendingName = "pending";
    private const string AnonymisedName = "anonymised";
    private const string ReceiptExtension = ".json";
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web);

    private readonly IDisk _disk;
    private readonly string _folder;
    private readonly Dictionary<string, Receipt> _receipts = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private volatile HashSet<string> _suppressed = [];

    public ReceiptStore(IDisk disk, string dataDirectory)
    {
        _disk = disk;
        _folder = Path.Combine(dataDirectory, "erasures");
        if (!disk.Exists(_folder))
        {
            disk.CreateDirectory(_folder);
            disk.SyncDirectory(dataDirectory);
        }

        Hash = new KeyedHash(KeyFile.Open(disk, _folder, KeyName));
        foreach (var name in disk.List(_folder).Where(n => n.EndsWith(ReceiptExtension, StringComparison.Ordinal)))
            if (JsonSerializer.Deserialize<Receipt>(Read(name), Form) is { } receipt) _receipts[receipt.Id] = receipt;
        _suppressed = [.. _receipts.Values.SelectMany(r => r.Identifiers)];
    }

    public KeyedHash Hash { get; }

    /// <summary>The receipts, the latest order first.</summary>
    public IReadOnlyList<Receipt> Receipts
    {
        get
        {
            lock (_lock) return [.. _receipts.Values.OrderByDescending(r => r.Sequence)];
        }
    }

    public bool HasSuppressed => _suppressed.Count > 0;

    /// <summary>Another object whenever more is suppressed.</summary>
    public object Suppression => _suppressed;

    public Receipt? Find(string id)
    {
        lock (_lock) return _receipts.GetValueOrDefault(id);
    }

    public bool IsSuppressed(string type, string value) => _suppressed is { Count: > 0 } suppressed && suppressed.Contains(Hash.Of(type, value));

    /// <summary>Suppresses identifiers from now on, until the next start or the receipt that has them.</summary>
    public void Suppress(IEnumerable<string> hashes)
    {
        lock (_lock) _suppressed = [.. _suppressed, .. hashes];
    }

    /// <summary>Keeps a receipt; durable when it returns.</summary>
    public void Put(Receipt receipt)
    {
        lock (_lock)
        {
            Write($"{receipt.Sequence:D20}{ReceiptExtension}", JsonSerializer.SerializeToUtf8Bytes(receipt, Form));
            _receipts[receipt.Id] = receipt;
            _suppressed = [.. _suppressed, .. receipt.Identifiers];
        }
    }

    public PendingErasure? Pending => Read(PendingName) is { } bytes ? JsonSerializer.Deserialize<PendingErasure>(bytes, Form) : null;

    /// <summary>Whether the log of a data directory may have events that were anonymised.</summary>
    public static bool HasAnonymised(IDisk disk, string dataDirectory) => disk.Exists(Path.Combine(dataDirectory, "erasures", AnonymisedName));

    /// <summary>Notes that it has, before the first is; durable when it returns.</summary>
    public void NoteAnonymised() => Write(AnonymisedName, []);

    /// <summary>Durable when it returns.</summary>
    public void Begin(PendingErasure pending) => Write(PendingName, JsonSerializer.SerializeToUtf8Bytes(pending, Form));

    public void End()
    {
        _disk.Delete(Path.Combine(_folder, PendingName));
        _disk.SyncDirectory(_folder);
    }

    private void Write(string name, byte[] bytes)
    {
        var beside = Path.Combine(_folder, name + ".new");
        if (_disk.Exists(beside)) _disk.Delete(beside);
        using (var file = _disk.Open(beside, create: true))
        {
            file.Write(0, bytes);
            file.SyncData();
        }

        _disk.Rename(beside, Path.Combine(_folder, name));
        _disk.SyncDirectory(_folder);
    }

    private byte[]? Read(string name)
    {
        var path = Path.Combine(_folder, name);
        if (!_disk.Exists(path)) return null;
        using var file = _disk.Open(path, create: false);
        var bytes = new byte[file.LengthBytes];
        var read = file.Read(0, bytes);
        return read == bytes.Length ? bytes : throw new StorageException(StorageError.Io, $"{path} became shorter while it was read.");
    }
}
