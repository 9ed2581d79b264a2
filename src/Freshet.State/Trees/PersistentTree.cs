namespace Freshet.State.Trees;

/// <summary>
/// An ordered map from byte keys to rows of which every version stays readable: a B+tree whose nodes are copied when a new
/// version changes them. A version is one reference; readers of it need no lock and never see a change.
/// <para>Within one <see cref="Edit"/> a node is copied once and then changed in place. Only one edit may be open at a time;
/// reading is free to any thread. Old versions are collected when nobody refers to them.</para>
/// Cost: a lookup reads one node for each factor of about 40 in size; a change copies as many, once for each edit.
/// </summary>
public sealed class PersistentTree
{
    private const int NodeMax = 64;

    /// <summary>The tree without rows.</summary>
    public static PersistentTree Empty { get; } = new(new Node(null, isLeaf: true), 0, 0);

    private readonly Node _root;

    private PersistentTree(Node root, long count, long bytes)
    {
        _root = root;
        Count = count;
        Bytes = bytes;
    }

    /// <summary>Keys.</summary>
    public long Count { get; }

    /// <summary>Bytes of keys and rows.</summary>
    public long Bytes { get; }

    /// <summary>A row and how often it is there.</summary>
    public readonly record struct Entry(byte[] Row, long Weight);

    public bool TryGet(ReadOnlySpan<byte> key, out Entry entry)
    {
        var node = _root;
        while (!node.IsLeaf) node = node.Children![node.ChildOf(key)];
        var at = node.Find(key);
        entry = at >= 0 ? node.Entries![at] : default;
        return at >= 0;
    }

    /// <summary>All entries in key order, from the first key at or after <paramref name="from"/>.</summary>
    public IEnumerable<(byte[] Key, Entry Entry)> Scan(byte[]? from = null) => _root.Scan(from ?? []);

    /// <summary>Opens an edit that ends in a new version.</summary>
    public Edit BeginEdit() => new(this);

    /// <summary>Changes on the way from one version to the next.</summary>
    public sealed class Edit
    {
        private readonly object _owner = new();
        private Node _root;
        private long _count;
        private long _bytes;

        internal Edit(PersistentTree tree)
        {
            _root = tree._root;
            _count = tree.Count;
            _bytes = tree.Bytes;
        }

        public bool TryGet(ReadOnlySpan<byte> key, out Entry entry) => new PersistentTree(_root, _count, _bytes).TryGet(key, out entry);

        /// <summary>Puts a row under a key, in place of one that is there.</summary>
        public void Put(byte[] key, Entry entry)
        {
            _root = _root.Owned(_owner);
            var split = Put(_root, key, entry);
            if (split is null) return;
            var root = new Node(_owner, isLeaf: false) { Count = 2 };
            (root.Keys[0], root.Keys[1]) = (_root.Keys[0], split.Keys[0]);
            (root.Children![0], root.Children[1]) = (_root, split);
            _root = root;
        }

        /// <summary>Takes a key out; false when it is not there.</summary>
        public bool Remove(ReadOnlySpan<byte> key)
        {
            if (!TryGet(key, out _)) return false;
            _root = _root.Owned(_owner);
            Remove(_root, key);
            while (!_root.IsLeaf && _root.Count == 1) _root = _root.Children![0];
            return true;
        }

        public PersistentTree Complete() => new(_root, _count, _bytes);

        /// <summary>Puts into an owned node; gives the new right neighbour when it had to split.</summary>
        private Node? Put(Node node, byte[] key, Entry entry)
        {
            if (node.IsLeaf)
            {
                var at = node.Find(key);
                if (at >= 0)
                {
                    _bytes += entry.Row.Length - node.Entries![at].Row.Length;
                    node.Entries[at] = entry;
                    return null;
                }

                node.InsertAt(~at, key, entry, null);
                _count++;
                _bytes += key.Length + entry.Row.Length;
            }
            else
            {
                var at = node.ChildOf(key);
                var child = node.Children![at] = node.Children[at].Owned(_owner);
                var split = Put(child, key, entry);
                node.Keys[at] = child.Keys[0];
                if (split is not null) node.InsertAt(at + 1, split.Keys[0], default, split);
            }

            return node.Count < NodeMax ? null : node.SplitRight(_owner);
        }

        private void Remove(Node node, ReadOnlySpan<byte> key)
        {
            if (node.IsLeaf)
            {
                var at = node.Find(key);
                _count--;
                _bytes -= node.Keys[at].Length + node.Entries![at].Row.Length;
                node.RemoveAt(at);
                return;
            }

            var place = node.ChildOf(key);
            var child = node.Children![place] = node.Children[place].Owned(_owner);
            Remove(child, key);
            if (child.Count == 0) node.RemoveAt(place);
            else node.Keys[place] = child.Keys[0];
            if (node.Count == 0) node.BecomeLeaf();
        }
    }

    internal sealed class Node(object? owner, bool isLeaf)
    {
        public byte[][] Keys = new byte[NodeMax][];
        public Entry[]? Entries = isLeaf ? new Entry[NodeMax] : null;
        public Node[]? Children = isLeaf ? null : new Node[NodeMax];
        public int Count;

        public bool IsLeaf => Children is null;

        public Node Owned(object edit)
        {
            if (ReferenceEquals(owner, edit)) return this;
            var copy = new Node(edit, IsLeaf) { Count = Count };
            Array.Copy(Keys, copy.Keys, Count);
            if (IsLeaf) Array.Copy(Entries!, copy.Entries!, Count);
            else Array.Copy(Children!, copy.Children!, Count);
            return copy;
        }

        /// <summary>The place of a key, or the complement of where it would stand.</summary>
        public int Find(ReadOnlySpan<byte> key)
        {
            var low = 0;
            var high = Count - 1;
            while (low <= high)
            {
                var middle = (low + high) >>> 1;
                var order = Keys[middle].AsSpan().SequenceCompareTo(key);
                if (order == 0) return middle;
                if (order < 0) low = middle + 1;
                else high = middle - 1;
            }

            return ~low;
        }

        /// <summary>The child whose range holds a key; keys before the first child belong to it.</summary>
        public int ChildOf(ReadOnlySpan<byte> key)
        {
            var at = Find(key);
            return at >= 0 ? at : Math.Max(0, ~at - 1);
        }

        public void InsertAt(int at, byte[] key, Entry entry, Node? child)
        {
            Array.Copy(Keys, at, Keys, at + 1, Count - at);
            Keys[at] = key;
            if (IsLeaf)
            {
                Array.Copy(Entries!, at, Entries!, at + 1, Count - at);
                Entries![at] = entry;
            }
            else
            {
                Array.Copy(Children!, at, Children!, at + 1, Count - at);
                Children![at] = child!;
            }

            Count++;
        }

        public void RemoveAt(int at)
        {
            Count--;
            Array.Copy(Keys, at + 1, Keys, at, Count - at);
            Keys[Count] = null!;
            if (IsLeaf)
            {
                Array.Copy(Entries!, at + 1, Entries!, at, Count - at);
                Entries![Count] = default;
            }
            else
            {
                Array.Copy(Children!, at + 1, Children!, at, Count - at);
                Children![Count] = null!;
            }
        }

        public void BecomeLeaf()
        {
            Children = null;
            Entries = new Entry[NodeMax];
        }

        public Node SplitRight(object edit)
        {
            var half = Count / 2;
            var right = new Node(edit, IsLeaf) { Count = Count - half };
            Array.Copy(Keys, half, right.Keys, 0, right.Count);
            Array.Clear(Keys, half, right.Count);
            if (IsLeaf)
            {
                Array.Copy(Entries!, half, right.Entries!, 0, right.Count);
                Array.Clear(Entries!, half, right.Count);
            }
            else
            {
                Array.Copy(Children!, half, right.Children!, 0, right.Count);
                Array.Clear(Children!, half, right.Count);
            }

            Count = half;
            return right;
        }

        public IEnumerable<(byte[] Key, Entry Entry)> Scan(byte[] from)
        {
            if (IsLeaf)
            {
                var at = Find(from);
                for (var i = at >= 0 ? at : ~at; i < Count; i++) yield return (Keys[i], Entries![i]);
                yield break;
            }

            for (var i = ChildOf(from); i < Count; i++)
                foreach (var entry in Children![i].Scan(from)) yield return entry;
        }
    }
}
