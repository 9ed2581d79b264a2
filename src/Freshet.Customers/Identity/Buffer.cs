namespace Freshet.Customers.Identity;

/// <summary>A growing list of values that are reached by reference and used again from step to step.</summary>
internal sealed class Buffer<T>
    where T : struct
{
    private T[] _items = new T[16];

    public int Count { get; private set; }

    public ref T this[int index] => ref _items[index];

    public ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    public Span<T> Range(int first, int count) => _items.AsSpan(first, count);

    /// <summary>A new last item, as it was left.</summary>
    public ref T Add()
    {
        if (Count == _items.Length) Array.Resize(ref _items, Count * 2);
        return ref _items[Count++];
    }

    public void RemoveLast() => Count--;

    public void Clear() => Count = 0;
}
