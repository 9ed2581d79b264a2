using Freshet.Columns.Memory;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// Pages of one size cut from blocks that grow from one page to 2 MiB, which the system is asked to back with huge pages:
/// random access to much state then rarely misses the address translation. Pages are never given back singly.
/// </summary>
internal sealed unsafe class PageBlocks(int pageBytes) : IDisposable
{
    private const int BlockMaxBytes = 2 << 20;

    private readonly List<(nint Address, nuint Bytes)> _blocks = [];
    private byte* _next;
    private nuint _left;

    /// <summary>Bytes of all blocks.</summary>
    public long Bytes { get; private set; }

    /// <summary>A page, not cleared.</summary>
    public byte* Add()
    {
        if (_left < (nuint)pageBytes) AddBlock();
        var page = _next;
        _next += pageBytes;
        _left -= (nuint)pageBytes;
        return page;
    }

    public void Dispose()
    {
        foreach (var (address, bytes) in _blocks) NativePool.Return((byte*)address, bytes);
        _blocks.Clear();
        _left = 0;
    }

    private void AddBlock()
    {
        // As much as there is already, so that a small table stays small.
        var want = (nuint)Math.Max(pageBytes, Math.Min(Bytes, BlockMaxBytes));
        _next = NativePool.Rent(want, out _left);
        _blocks.Add(((nint)_next, _left));
        Bytes += (long)_left;
        if (_left >= BlockMaxBytes) HugePages.Advise(_next, _left);
    }
}
