namespace Freshet.Server.Ingest;

/// <summary>An event ready for the log: where its record key and value lie in the stage, and its message id.</summary>
internal struct StagedEvent
{
    /// <summary>Position in the batch as sent.</summary>
    public int Index;
    public int KeyStart;
    public int KeyLength;
    public int ValueStart;
    public int ValueLength;

    /// <summary>The message id as JSON text, with quotes, in the stage.</summary>
    public int MessageIdStart;
    public int MessageIdLength;

    /// <summary>Fingerprint of source and message id.</summary>
    public (ulong High, ulong Low) Fingerprint;

    /// <summary>Where events of its type and name are counted (<see cref="EventVolumes"/>).</summary>
    public int Volume;

    /// <summary>The record key is its userId, and not its anonymousId.</summary>
    public bool IsOfUser;

    /// <summary>Seen before: acknowledged, but not taken again.</summary>
    public bool IsRepeat;

    /// <summary>It carries an identifier that was erased: acknowledged, but neither taken nor kept in any other way.</summary>
    public bool IsSuppressed;

    /// <summary>The event time was later than its arrival and was set to it.</summary>
    public bool IsClamped;
}

/// <summary>
/// The records of one request: bytes in one growing array, events in another, both kept for the connection's next request.
/// What the log is given points in here; it copies before the append returns.
/// </summary>
internal sealed class StagedEvents
{
    private const int KeptBytes = 1 << 20;

    private byte[] _bytes = new byte[2048];
    private StagedEvent[] _events = new StagedEvent[1];
    private int _length;

    public int Count { get; private set; }

    /// <summary>Bytes staged.</summary>
    public int Length => _length;

    public ref StagedEvent this[int index] => ref _events[index];

    public ReadOnlySpan<byte> Key(in StagedEvent e) => _bytes.AsSpan(e.KeyStart, e.KeyLength);

    public ReadOnlySpan<byte> Value(in StagedEvent e) => _bytes.AsSpan(e.ValueStart, e.ValueLength);

    public ReadOnlySpan<byte> MessageId(in StagedEvent e) => _bytes.AsSpan(e.MessageIdStart, e.MessageIdLength);

    public ReadOnlyMemory<byte> ValueMemory(in StagedEvent e) => _bytes.AsMemory(e.ValueStart, e.ValueLength);

    /// <summary>Room for <paramref name="bytes"/> more; valid until the next call.</summary>
    public Span<byte> Reserve(int bytes)
    {
        if (_bytes.Length - _length < bytes) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
        return _bytes.AsSpan(_length);
    }

    public void Advance(int bytes) => _length += bytes;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _length += bytes.Length;
    }

    public ref StagedEvent Add()
    {
        if (Count == _events.Length) Array.Resize(ref _events, Count * 2);
        ref var added = ref _events[Count++];
        added = default;
        return ref added;
    }

    /// <summary>Keeps the first events alone.</summary>
    public void Cut(int count) => Count = count;

    public void Clear()
    {
        Count = 0;
        _length = 0;
        if (_bytes.Length > KeptBytes) _bytes = new byte[2048];
        if (_events.Length > 256) _events = new StagedEvent[1];
    }
}
