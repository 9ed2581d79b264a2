namespace Freshet.Columns.Json;

/// <summary>The form of one valid document: where its scalars lie, and the columns that take them.</summary>
internal sealed unsafe class JsonForm
{
    private readonly JsonStructure _structure;
    private readonly List<(int Start, int End, int[] Columns)> _scalars = [];

    public JsonForm(JsonStructure structure) => _structure = structure;

    /// <summary>Finds the scalars; false for a document that has no form (<see cref="JsonShapes"/> says which).</summary>
    public bool TryRead(JsonPathNode root)
    {
        var index = 0;
        return TryRead(root, ref index) && _scalars.Count > 0;
    }

    /// <summary>Adds the form to a tree and returns the number of new steps.</summary>
    public int AddTo(JsonShapeStep start)
    {
        var (step, end, added) = (start, 0, 0);
        var text = new ReadOnlySpan<byte>(_structure.Text, _structure.Length);
        foreach (var scalar in _scalars)
        {
            var next = step.Follow(text[end..scalar.Start], scalar.Columns, isEnd: false, out var isNew);
            if (next is null) return added;
            if (isNew) added++;
            (step, end) = (next, scalar.End);
        }

        // The space at a document's end is no part of it: lines end with it or without.
        _ = step.Follow(text[end..].TrimEnd(" \t\r\n"u8), [], isEnd: true, out var isNewEnd);
        return isNewEnd ? added + 1 : added;
    }

    private bool TryRead(JsonPathNode? node, ref int index)
    {
        switch (_structure.At(index))
        {
            case (byte)'{':
                if (node is { Columns.Length: > 0 }) return false;
                return TryReadMembers(node, ref index);
            case (byte)'[':
                if (node is { Columns.Length: > 0 }) return false;
                return TryReadElements(node, ref index);
            default:
                if (_scalars.Count == JsonShapes.MaxScalars) return false;
                var value = _structure.ValueAt(index);
                var start = (int)(value.Start - _structure.Text);
                _scalars.Add((start, start + value.Length, node?.Columns ?? []));
                index = _structure.Skip(index);
                return true;
        }
    }

    private bool TryReadMembers(JsonPathNode? node, ref int index)
    {
        var text = _structure.Text;
        var positions = _structure.Positions;
        index++;
        while (_structure.At(index) == '"')
        {
            var key = new ReadOnlySpan<byte>(text + positions[index] + 1, positions[index + 1] - positions[index] - 1);

            // A key with escapes is another key when they are resolved.
            if (key.Contains((byte)'\\')) return false;
            var child = node?.Find(text + positions[index] + 1, key.Length, text + _structure.Length);
            index += 3;
            if (!TryRead(child, ref index)) return false;
            if (_structure.At(index) != ',') break;
            index++;
        }

        index++;
        return true;
    }

    private bool TryReadElements(JsonPathNode? node, ref int index)
    {
        index++;
        for (var element = 0; _structure.At(index) != ']'; element++)
        {
            JsonPathNode? child = null;
            if (node is not null)
                foreach (var wanted in node.Elements)
                    if (wanted.Index == element) child = wanted.Node;
            if (!TryRead(child, ref index)) return false;
            if (_structure.At(index) != ',') break;
            index++;
        }

        index++;
        return true;
    }
}
