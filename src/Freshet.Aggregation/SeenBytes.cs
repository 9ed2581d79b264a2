using Freshet.Columns.Formats;
using Freshet.Kernels;

namespace Freshet.Aggregation;

/// <summary>A set of byte strings, emptied and filled again for each group that is read. Order plays no part. Keeps its memory.</summary>
internal sealed class SeenBytes(ulong seed)
{
    private readonly Utf8Buffer _bytes = new();
    private readonly List<(int From, int Length)> _values = [];
    private int[] _slots = new int[64];

    public void Clear()
    {
        _bytes.Clear();
        _values.Clear();
        Array.Clear(_slots);
    }

    /// <summary>Adds a value; false when it is there.</summary>
    public bool Add(ReadOnlySpan<byte> value)
    {
        var at = Find(value);
        if (_slots[at] != 0) return false;
        _values.Add((_bytes.Length, value.Length));
        _bytes.Write(value);
        _slots[at] = _values.Count;
        if (_values.Count * 2 > _slots.Length) Grow();
        return true;
    }

    private int Find(ReadOnlySpan<byte> value)
    {
        var mask = _slots.Length - 1;
        var at = (int)HashKernel.HashBytes(value, seed) & mask;
        while (_slots[at] != 0 && !Value(_slots[at] - 1).SequenceEqual(value)) at = at + 1 & mask;
        return at;
    }

    private ReadOnlySpan<byte> Value(int index) => _bytes.Written.Slice(_values[index].From, _values[index].Length);

    private void Grow()
    {
        _slots = new int[_slots.Length * 2];
        for (var i = 0; i < _values.Count; i++) _slots[Find(Value(i))] = i + 1;
    }
}
