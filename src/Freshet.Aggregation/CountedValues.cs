using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Aggregation;

/// <summary>What is done with each value of a set: a struct, so that the walk is compiled for it.</summary>
internal unsafe interface IValueVisitor
{
    void Visit(OwnedValue* value, long weight);
}

/// <summary>
/// Sets of counted values in order, one set for each group: a treap whose nodes are rows of one table and whose root lies in
/// the group's state (0 is the empty set). A value whose net weight is 0 leaves the set; a negative weight (a value taken back
/// before it is added, within a step) is kept and is no extreme.
/// Invariant: in-order is value order; a node's rank is at least its children's, the rank being a hash of its slot, so the
/// shape does not show in any result. Cost: O(log n) for each change, 48 bytes a value.
/// </summary>
internal sealed unsafe class CountedValues(PhysicalKind kind) : IDisposable
{
    private readonly RowPages _nodes = new(sizeof(Node));

    [StructLayout(LayoutKind.Sequential)]
    private struct Node
    {
        public OwnedValue Value;
        public long Weight;
        public int Left;
        public int Right;
    }

    public long Rows => _nodes.Rows;

    public long Bytes => _nodes.Bytes;

    /// <summary>Adds weight to a value of a column (not NULL) in the set with this root.</summary>
    public void Add(int* root, in Column column, int row, long weight) => *root = Add(*root, column, row, weight);

    /// <summary>Adds all of another set.</summary>
    public void AddAll(int* root, int other)
    {
        if (other == 0) return;
        var node = At(other);
        AddAll(root, node->Left);
        node = At(other);
        Add(root, new Column { Kind = kind, IsConstant = true, Values = &node->Value }, 0, node->Weight);
        AddAll(root, At(other)->Right);
    }

    /// <summary>The least or greatest value of positive weight; null in a set without one.</summary>
    public OwnedValue* Extreme(int root, bool greatest)
    {
        if (root == 0) return null;
        var node = At(root);
        var first = Extreme(greatest ? node->Right : node->Left, greatest);
        if (first is not null) return first;
        return node->Weight > 0 ? &node->Value : Extreme(greatest ? node->Left : node->Right, greatest);
    }

    /// <summary>Shows the values of positive weight, in order.</summary>
    public void Walk<T>(int root, ref T visitor)
        where T : struct, IValueVisitor
    {
        if (root == 0) return;
        var node = At(root);
        Walk(node->Left, ref visitor);
        if (node->Weight > 0) visitor.Visit(&node->Value, node->Weight);
        Walk(node->Right, ref visitor);
    }

    /// <summary>Frees a whole set.</summary>
    public void Clear(int* root)
    {
        if (*root != 0) Clear(*root);
        *root = 0;
    }

    public void EndOfStep() => _nodes.EndOfStep();

    public void Dispose() => _nodes.Dispose();

    private Node* At(int slot) => (Node*)_nodes.At(slot - 1);

    private int Add(int slot, in Column column, int row, long weight)
    {
        if (slot == 0)
        {
            var made = _nodes.Add() + 1;
            At(made)->Value = OwnedValue.Copy(column, row);
            At(made)->Weight = weight;
            return made;
        }

        var node = At(slot);
        var order = OwnedValue.Compare(column, row, &node->Value);
        if (order == 0)
        {
            node->Weight += weight;
            return node->Weight == 0 ? Remove(slot) : slot;
        }

        if (order < 0)
        {
            var left = Add(node->Left, column, row, weight);
            node->Left = left;
            return left != 0 && RankOf(left) > RankOf(slot) ? RotateRight(slot, left) : slot;
        }

        var right = Add(node->Right, column, row, weight);
        node->Right = right;
        return right != 0 && RankOf(right) > RankOf(slot) ? RotateLeft(slot, right) : slot;
    }

    private int Remove(int slot)
    {
        var node = At(slot);
        var joined = Join(node->Left, node->Right);
        OwnedValue.Free(&node->Value, kind);
        _nodes.Remove(slot - 1);
        return joined;
    }

    /// <summary>One tree of two, where all of the left come before all of the right.</summary>
    private int Join(int left, int right)
    {
        if (left == 0) return right;
        if (right == 0) return left;
        if (RankOf(left) > RankOf(right))
        {
            At(left)->Right = Join(At(left)->Right, right);
            return left;
        }

        At(right)->Left = Join(left, At(right)->Left);
        return right;
    }

    private int RotateRight(int slot, int left)
    {
        At(slot)->Left = At(left)->Right;
        At(left)->Right = slot;
        return left;
    }

    private int RotateLeft(int slot, int right)
    {
        At(slot)->Right = At(right)->Left;
        At(right)->Left = slot;
        return right;
    }

    private void Clear(int slot)
    {
        var node = At(slot);
        if (node->Left != 0) Clear(node->Left);
        if (node->Right != 0) Clear(node->Right);
        OwnedValue.Free(&node->Value, kind);
        _nodes.Remove(slot - 1);
    }

    private static uint RankOf(int slot)
    {
        var mixed = (uint)slot * 0x9E3779B1;
        mixed ^= mixed >> 15;
        mixed *= 0x85EBCA77;
        return mixed ^ mixed >> 13;
    }
}
