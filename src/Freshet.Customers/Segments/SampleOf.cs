using System.Numerics;

namespace Freshet.Customers.Segments;

/// <summary>
/// Some of many profiles, spread over all of them and always the same ones: those whose id hashes lowest.
/// </summary>
internal sealed class SampleOf<T>
{
    public const int SizeMax = 20;

    private readonly SortedList<ulong, (long Profile, T Value)> _kept = [];

    /// <summary>By profile_id.</summary>
    public IEnumerable<(long Profile, T Value)> Take(int count) => _kept.Values.Take(count).OrderBy(v => v.Profile);

    public void Add(long profile, T value)
    {
        var hash = BitOperations.RotateLeft((ulong)profile * 0x9E37_79B9_7F4A_7C15, 31) * 0xBF58_476D_1CE4_E5B9;
        if (_kept.Count == SizeMax && hash > _kept.Keys[SizeMax - 1]) return;
        _kept[hash] = (profile, value);
        if (_kept.Count > SizeMax) _kept.RemoveAt(SizeMax);
    }
}
