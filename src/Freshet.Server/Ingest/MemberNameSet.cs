namespace Freshet.Server.Ingest;

/// <summary>
/// Finds a name that occurs twice in one object, at every depth, in O(n log n): the hashes of the names of all open objects
/// lie on one stack; a small object is searched as names come, a larger one is sorted when it closes. The hash is seeded
/// and 64 bits wide, so equal hashes are equal names for all purposes.
/// </summary>
internal sealed class MemberNameSet
{
    private const int SearchedNames = 24;

    private readonly SeededHash _hash = SeededHash.Create();
    private ulong[] _names = new ulong[256];
    private int[] _objects = new int[66];
    private int _depth;
    private int _top;

    public void Clear()
    {
        _depth = 0;
        _top = 0;
    }

    public void Open()
    {
        if (_depth == _objects.Length) Array.Resize(ref _objects, _depth * 2);
        _objects[_depth++] = _top;
    }

    /// <summary>False where the open object is known to have the name already.</summary>
    public bool Add(ReadOnlySpan<byte> name)
    {
        var hash = _hash.Hash64(name);
        var from = _objects[_depth - 1];
        if (_top - from < SearchedNames && _names.AsSpan(from, _top - from).Contains(hash)) return false;
        if (_top == _names.Length) Array.Resize(ref _names, _top * 2);
        _names[_top++] = hash;
        return true;
    }

    /// <summary>False where the object that closes has a name twice.</summary>
    public bool Close()
    {
        var from = _objects[--_depth];
        var names = _names.AsSpan(from, _top - from);
        _top = from;
        if (names.Length <= SearchedNames) return true;
        names.Sort();
        for (var i = 1; i < names.Length; i++)
            if (names[i] == names[i - 1]) return false;
        return true;
    }
}
