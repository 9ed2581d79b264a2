using System.Runtime.InteropServices;

namespace Freshet.Dataflow.Aggregation;

/// <summary>Rows of one size reached by slot; free slots are used again. A row's address never changes.</summary>
internal sealed unsafe class RowStore(int rowBytes)
{
    private const int PerPage = 256;
    private readonly List<nint> _pages = [];
    private readonly Stack<int> _free = new();
    private int _used;

    public long Rows { get; private set; }

    public long Bytes => (long)_pages.Count * PerPage * rowBytes;

    public byte* At(int slot) => (byte*)_pages[slot / PerPage] + slot % PerPage * rowBytes;

    public int Add()
    {
        Rows++;
        if (!_free.TryPop(out var slot))
        {
            slot = _used++;
            if (slot / PerPage == _pages.Count) _pages.Add((nint)NativeMemory.AllocZeroed((nuint)(PerPage * rowBytes)));
        }

        new Span<byte>(At(slot), rowBytes).Clear();
        return slot;
    }

    public void Remove(int slot)
    {
        _free.Push(slot);
        Rows--;
    }
}
