using System.Numerics;
using System.Runtime.CompilerServices;

namespace Freshet.Columns.Json;

/// <summary>
/// The paths of a decoder as a tree: the members and elements that some path leads through, and the columns that end here.
/// Keys are found in a small open-addressed table by their length and first eight bytes, which decide almost always; only a
/// key longer than eight is compared to its end. Fixed after <see cref="Build"/>, but for the stamp of the document.
/// </summary>
internal sealed unsafe class JsonPathNode
{
    private readonly List<(byte[] Key, JsonPathNode Node)> _members = [];
    private readonly List<(int Index, JsonPathNode Node)> _elements = [];
    private readonly List<int> _columns = [];
    private Slot[] _slots = [];
    private int _shift;

    /// <summary>The document in which the node was last reached.</summary>
    internal long Stamp;

    internal int[] Columns { get; private set; } = [];

    /// <summary>Wanted elements by ascending index.</summary>
    internal (int Index, JsonPathNode Node)[] Elements { get; private set; } = [];

    internal JsonPathNode[] Children { get; private set; } = [];

    internal bool HasMembers { get; private set; }

    internal bool IsLeaf { get; private set; }

    /// <summary>The tree, and for each column the node where it ends.</summary>
    internal static JsonPathNode Build(ReadOnlySpan<JsonPathColumn> columns, out JsonPathNode[] ends)
    {
        ends = new JsonPathNode[columns.Length];
        var root = new JsonPathNode();
        for (var c = 0; c < columns.Length; c++)
        {
            var node = root;
            foreach (var step in columns[c].Path.Steps) node = node.ChildFor(step);
            node._columns.Add(c);
            ends[c] = node;
        }

        root.Freeze();
        return root;
    }

    /// <summary>The child of a key, or null. Bytes up to <paramref name="limit"/> may be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal JsonPathNode? Find(byte* key, int length, byte* limit)
    {
        var head = HeadOf(key, length, limit);
        var slots = _slots;
        var at = HashOf(head, length) >> _shift;
        while (true)
        {
            ref var slot = ref slots[at];
            if (slot.Node is null) return null;
            if (slot.Head == head && slot.Key.Length == length
                && (length <= 8 || new ReadOnlySpan<byte>(key + 8, length - 8).SequenceEqual(slot.Key.AsSpan(8))))
                return slot.Node;
            at = (at + 1) & (uint)(slots.Length - 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong HeadOf(byte* key, int length, byte* limit)
    {
        if (length >= 8) return Unsafe.ReadUnaligned<ulong>(key);
        if (key + 8 <= limit) return Unsafe.ReadUnaligned<ulong>(key) & ((1UL << (length * 8)) - 1);
        ulong head = 0;
        for (var k = length - 1; k >= 0; k--) head = head << 8 | key[k];
        return head;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint HashOf(ulong head, int length) => (uint)(((head ^ ((ulong)(uint)length << 56)) * 0x9E37_79B9_7F4A_7C15) >> 32);

    private JsonPathNode ChildFor(JsonPathStep step)
    {
        if (step.Key is { } name)
        {
            var key = System.Text.Encoding.UTF8.GetBytes(name);
            foreach (var (known, node) in _members)
                if (known.AsSpan().SequenceEqual(key)) return node;
            _members.Add((key, new JsonPathNode()));
            return _members[^1].Node;
        }

        foreach (var (known, node) in _elements)
            if (known == step.Index) return node;
        _elements.Add((step.Index, new JsonPathNode()));
        return _elements[^1].Node;
    }

    private void Freeze()
    {
        Columns = [.. _columns];
        Elements = [.. _elements.OrderBy(e => e.Index)];
        Children = [.. _members.Select(m => m.Node), .. _elements.Select(e => e.Node)];
        HasMembers = _members.Count > 0;
        IsLeaf = Children.Length == 0;

        // At most a quarter full: most keys that no path wants end at an empty slot at once.
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(_members.Count * 4, 2));
        _shift = 32 - BitOperations.Log2(size);
        _slots = new Slot[size];
        foreach (var (key, node) in _members)
        {
            fixed (byte* bytes = key)
            {
                var head = HeadOf(bytes, key.Length, bytes + key.Length);
                var at = HashOf(head, key.Length) >> _shift;
                while (_slots[at].Node is not null) at = (at + 1) & (size - 1);
                _slots[at] = new Slot { Head = head, Key = key, Node = node };
            }
        }

        foreach (var child in Children) child.Freeze();
    }

    private struct Slot
    {
        internal ulong Head;
        internal byte[] Key;
        internal JsonPathNode? Node;
    }
}
