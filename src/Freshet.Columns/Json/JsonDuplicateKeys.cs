using System.Numerics;

namespace Freshet.Columns.Json;

/// <summary>
/// Finds a key that appears twice in one object. One table for the whole document, keyed by the object and the bytes of the
/// key, so that the cost stays linear in what a stranger sends. Keys are compared as they are written.
/// </summary>
internal static unsafe class JsonDuplicateKeys
{
    [ThreadStatic]
    private static Slot[]? t_slots;

    [ThreadStatic]
    private static Stack<int>? t_containers;

    /// <summary>Position of the second appearance of a key, or -1. The document is valid.</summary>
    internal static int Find(JsonStructure structure)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(structure.Count / 2, 8));
        if (t_slots is null || t_slots.Length < size) t_slots = new Slot[size];
        var slots = t_slots.AsSpan(0, size);
        slots.Clear();
        var containers = t_containers ??= new Stack<int>();
        containers.Clear();
        for (var i = 0; i < structure.Count; i++)
        {
            switch (structure.At(i))
            {
                case (byte)'{' or (byte)'[':
                    containers.Push(structure.Positions[i]);
                    break;
                case (byte)'}' or (byte)']':
                    containers.Pop();
                    break;
                case (byte)'"':
                    var position = structure.Positions[i];
                    if (structure.At(i + 2) == ':' && i + 2 < structure.Count)
                    {
                        var key = new ReadOnlySpan<byte>(structure.Text + position + 1, structure.Positions[i + 1] - position - 1);
                        if (!TryAdd(structure.Text, slots, containers.Peek(), position + 1, key)) return position;
                    }

                    i++;
                    break;
            }
        }

        return -1;
    }

    private static bool TryAdd(byte* text, Span<Slot> slots, int owner, int start, ReadOnlySpan<byte> key)
    {
        var hash = default(HashCode);
        hash.Add(owner);
        hash.AddBytes(key);
        var at = hash.ToHashCode() & (slots.Length - 1);
        while (slots[at].Start != 0)
        {
            ref var slot = ref slots[at];
            if (slot.Owner == owner && new ReadOnlySpan<byte>(text + slot.Start, slot.Length).SequenceEqual(key)) return false;
            at = (at + 1) & (slots.Length - 1);
        }

        slots[at] = new Slot { Owner = owner, Start = start, Length = key.Length };
        return true;
    }

    private struct Slot
    {
        internal int Owner;

        /// <summary>First byte of the key; 0 in an empty slot, as a key never begins a document.</summary>
        internal int Start;

        internal int Length;
    }
}
