using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace Freshet.Log.Records;

/// <summary>
/// Records on their way into one partition: filled by one producer, then handed to <see cref="LogStore.AppendAsync"/>, which
/// owns it until the append has been answered and then puts it back for reuse. It is also the answer's own task, so that an
/// append allocates nothing.
/// <para>Keys and values are encoded here, on the producer's thread; the committer adds what depends on the batch.</para>
/// </summary>
public sealed class RecordSet : IValueTaskSource<LogOffset>
{
    private const int FrameBytes = 12;
    private const int KeptMaxBytes = 1 << 20;
    private static readonly ConcurrentBag<RecordSet> Pool = [];

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private ManualResetValueTaskSourceCore<LogOffset> _answer = new() { RunContinuationsAsynchronously = true };

    private RecordSet()
    {
    }

    /// <summary>Records in the set.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the encoded records.</summary>
    public int Bytes { get; private set; }

    /// <summary>Kept with the batch: the step that made these records, or -1. Records of different tags never share a batch.</summary>
    public long Tag { get; set; } = -1;

    /// <summary>When an append of the set fails, the set stays its producer's, who may append it again or return it.</summary>
    public bool StaysOnFailure { get; set; }

    internal Partition? Target { get; set; }

    internal LogOffset First { get; set; }

    public static RecordSet Rent()
    {
        if (!Pool.TryTake(out var set)) set = new RecordSet();
        set.Count = 0;
        set.Bytes = 0;
        set.Tag = -1;
        set.StaysOnFailure = false;
        return set;
    }

    /// <summary>Adds a record with a key (an empty one is no key) and a value.</summary>
    public void Add(long timestampMs, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add(timestampMs, key, value, hasValue: true);

    /// <summary>Adds a record that says of a key that it has no value any more.</summary>
    public void AddTombstone(long timestampMs, ReadOnlySpan<byte> key) => Add(timestampMs, key, default, hasValue: false);

    /// <summary>Puts a set back that has not been handed to the log.</summary>
    public void Return()
    {
        Target = null;
        if (_buffer.Length > KeptMaxBytes)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(4096);
        }

        Pool.Add(this);
    }

    /// <summary>Calls back with each record: its timestamp and the encoded bytes from the key on.</summary>
    internal int Read(int at, out long timestampMs, out ReadOnlySpan<byte> tail)
    {
        timestampMs = BinaryPrimitives.ReadInt64LittleEndian(_buffer.AsSpan(at));
        var length = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(at + 8));
        tail = _buffer.AsSpan(at + FrameBytes, length);
        return at + FrameBytes + length;
    }

    internal ValueTask<LogOffset> BeginAppend(Partition target)
    {
        Target = target;
        _answer.Reset();
        return new ValueTask<LogOffset>(this, _answer.Version);
    }

    internal void Complete() => _answer.SetResult(First);

    internal void Fail(Exception reason) => _answer.SetException(reason);

    LogOffset IValueTaskSource<LogOffset>.GetResult(short token)
    {
        var stays = StaysOnFailure;
        try
        {
            var first = _answer.GetResult(token);
            stays = false;
            return first;
        }
        finally
        {
            if (!stays) Return();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<LogOffset>.GetStatus(short token) => _answer.GetStatus(token);

    void IValueTaskSource<LogOffset>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _answer.OnCompleted(continuation, state, token, flags);

    private void Add(long timestampMs, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasValue)
    {
        var tailMax = key.Length + value.Length + 3 * Varint.MaxBytes;
        Reserve(FrameBytes + tailMax);
        var tail = _buffer.AsSpan(Bytes + FrameBytes);
        int at;
        if (key.IsEmpty)
        {
            at = Varint.Write(tail, -1);
        }
        else
        {
            at = Varint.Write(tail, key.Length);
            key.CopyTo(tail[at..]);
            at += key.Length;
        }

        at += Varint.Write(tail[at..], hasValue ? value.Length : -1);
        value.CopyTo(tail[at..]);
        at += value.Length;
        tail[at++] = 0;
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(Bytes), timestampMs);
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(Bytes + 8), at);
        Bytes += FrameBytes + at;
        Count++;
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - Bytes >= bytes) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Bytes + bytes));
        _buffer.AsSpan(0, Bytes).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
