using System.Collections.Concurrent;
using System.Text.Json;

namespace Freshet.Server.Ingest;

/// <summary>
/// How many events of each type and name have been taken: in all, when the last came, and in each ten seconds of the last hour. In memory
/// alone, since the start. Names come from strangers, so that beyond <see cref="NamesMax"/> they are counted together.
/// <see cref="Add"/> is called under the lock that orders appends; <see cref="IdOf"/> and reading by any thread.
/// Cost: a hash of the name and one look-up for each event.
/// </summary>
internal sealed class EventVolumes(SeededHash hash)
{
    public const int EverySeconds = 10;
    public const int SamplesMax = 360;

    /// <summary>The place of all that have no place of their own.</summary>
    public const int Others = 0;

    private const int NamesMax = 500;
    private const int NameBytesMax = 200;

    private readonly ConcurrentDictionary<ulong, int> _ids = new();
    private readonly Volume[] _volumes = new Volume[NamesMax + 1];
    private readonly Lock _gate = new();
    private int _count = 1;
    private int _samples;

    private sealed class Volume(string type, string name)
    {
        public string Type => type;

        public string Name => name;

        public long Total;

        public long LastAt;

        public long Sampled;

        public int[] Samples { get; } = new int[SamplesMax];
    }

    /// <summary>The place of an event's type and name.</summary>
    /// <param name="name">JSON text with quotes; empty where the event has none.</param>
    public int IdOf(EventType type, ReadOnlySpan<byte> name)
    {
        if (name.Length > NameBytesMax) return Others;
        var key = hash.Hash64(name, (ulong)type);
        return _ids.TryGetValue(key, out var id) ? id : Create(key, type, name);
    }

    /// <summary>One more has been taken.</summary>
    public void Add(int id, long at)
    {
        var volume = Volatile.Read(ref _volumes[id]) ?? Other();
        Volatile.Write(ref volume.Total, volume.Total + 1);
        Volatile.Write(ref volume.LastAt, at);
    }

    /// <summary>Ends a sample; called every <see cref="EverySeconds"/>.</summary>
    public void Sample()
    {
        lock (_gate)
        {
            for (var i = 0; i < _count; i++)
            {
                if (_volumes[i] is not { } volume) continue;
                var total = Volatile.Read(ref volume.Total);
                volume.Samples[_samples % SamplesMax] = (int)(total - volume.Sampled);
                volume.Sampled = total;
            }

            _samples++;
        }
    }

    /// <summary>Shows each type and name with its samples, oldest first.</summary>
    public void Read(Action<string, string, long, long, ReadOnlySpan<int>> show)
    {
        lock (_gate)
        {
            var samples = new int[Math.Min(_samples, SamplesMax)];
            for (var i = 0; i < _count; i++)
            {
                if (_volumes[i] is not { Total: > 0 } volume) continue;
                for (var s = 0; s < samples.Length; s++) samples[s] = volume.Samples[(_samples - samples.Length + s) % SamplesMax];
                show(volume.Type, volume.Name, Volatile.Read(ref volume.Total), Volatile.Read(ref volume.LastAt), samples);
            }
        }
    }

    private int Create(ulong key, EventType type, ReadOnlySpan<byte> name)
    {
        lock (_gate)
        {
            if (_ids.TryGetValue(key, out var known)) return known;
            if (_count > NamesMax) return Others;
            var text = name.IsEmpty ? "" : JsonSerializer.Deserialize<string>(name) ?? "";
            Volatile.Write(ref _volumes[_count], new Volume(System.Text.Encoding.ASCII.GetString(EventTypes.Text(type)), text));
            _ids[key] = _count;
            return _count++;
        }
    }

    private Volume Other()
    {
        lock (_gate) return _volumes[Others] ??= new Volume("other", "");
    }
}
