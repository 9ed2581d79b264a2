using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Freshet.Server.Configuration;

namespace Freshet.Server.Ingest;

/// <summary>A write key in use: its source, who holds it, and its rate. The key itself is not kept.</summary>
internal sealed class WriteKey(string source, WriteKeyKind kind, TokenBucket rate, bool mayJoin = true, TokenBucket? newcomers = null)
{
    public string Source { get; } = source;

    /// <summary>The source as JSON text, with quotes.</summary>
    public byte[] SourceJson { get; } = Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(source)}\"");

    /// <summary>Separates equal message ids of different sources; the same in every process.</summary>
    public ulong SourceSalt { get; } = SaltOf(Encoding.UTF8.GetBytes(source));

    public WriteKeyKind Kind { get; } = kind;

    public TokenBucket Rate { get; } = rate;

    /// <summary>Email, phone and external ids that come with it join profiles.</summary>
    public bool MayJoin { get; } = mayJoin;

    /// <summary>How many people and devices not known yet it may bring; null for any number.</summary>
    public TokenBucket? Newcomers { get; } = newcomers;

    public static ulong SaltOf(ReadOnlySpan<byte> source)
    {
        var salt = 14695981039346656037;
        foreach (var b in source) salt = (salt ^ b) * 1099511628211; // FNV-1a
        return salt;
    }
}

/// <summary>
/// The write keys by the SHA-256 of their text: looking one up tells nothing about the others by its time, and a dump of the
/// memory shows none. Immutable.
/// </summary>
internal sealed class WriteKeys
{
    private readonly FrozenDictionary<UInt128, WriteKey> _keys;

    public WriteKeys(ProjectSettings settings, TimeProvider clock)
    {
        _keys = settings.Keys.ToFrozenDictionary(k => Digest(Encoding.UTF8.GetBytes(k.Key)), Made);

        WriteKey Made(WriteKeySettings key)
        {
            var isTrusted = key.Kind == WriteKeyKind.Server || !settings.NeedsLogin;
            var newcomers = key.NewIdentifiersPerSecond ?? (isTrusted ? null : settings.NewIdentifiersPerSecondMax);
            return new WriteKey(
                key.Source, key.Kind, new TokenBucket(key.EventsPerSecond ?? settings.EventsPerSecondMax, clock), key.MayJoin ?? isTrusted, newcomers is { } most ? new TokenBucket(most, clock) : null);
        }
    }

    public int Count => _keys.Count;

    public IEnumerable<string> Sources => _keys.Values.Select(k => k.Source).Distinct(StringComparer.Ordinal);

    /// <summary>The key of that text (UTF-8), or null.</summary>
    public WriteKey? Find(ReadOnlySpan<byte> key) => key.Length is 0 or > 1024 ? null : _keys.GetValueOrDefault(Digest(key));

    public WriteKey? Find(string key) => Find(Encoding.UTF8.GetBytes(key));

    private static UInt128 Digest(ReadOnlySpan<byte> key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, digest);
        return MemoryMarshal.Read<UInt128>(digest);
    }
}
