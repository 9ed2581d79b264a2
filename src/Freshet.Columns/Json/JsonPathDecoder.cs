using System.Collections.Immutable;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Json;

/// <summary>What becomes of a value that is not one of its column's type.</summary>
public enum OnDecodeFailure : byte
{
    /// <summary>NULL, and an entry in <see cref="JsonPathDecoder.Errors"/>.</summary>
    Error,

    /// <summary>NULL.</summary>
    Null,
}

/// <summary>A column that a decoder fills.</summary>
/// <param name="Path">Where the value lies; <see cref="JsonPath.Root"/> is the document itself.</param>
public readonly record struct JsonPathColumn(JsonPath Path, SqlType Type, OnDecodeFailure OnFailure = OnDecodeFailure.Error);

/// <summary>How a decoder reads.</summary>
/// <param name="IsTrusted">The documents have been validated before (the engine's own events): grammar is not checked again.</param>
/// <param name="Zone">The zone of times without one that become TIMESTAMP_LTZ; UTC by default.</param>
/// <param name="FailOnMissingField"><c>json.fail-on-missing-field</c>: a value that is not there is an error; null is there.</param>
public sealed record JsonDecodeOptions(bool IsTrusted = false, JsonLimits? Limits = null, TimeZoneInfo? Zone = null, bool FailOnMissingField = false);

/// <summary>
/// Fills typed columns with the values at an exact set of paths, in one pass over each document: the structure is indexed,
/// keys are looked up by length and first eight bytes, what no path leads to is skipped by its brackets.
/// Documents of a form that was met before need no index: <see cref="JsonShapes"/> reads them.
/// A missing value and JSON null are NULL; of a key that appears twice the last one counts; a value of another type is
/// converted as <see cref="JsonScalar"/> says. A text that is not JSON makes a row of NULLs and one error of column -1.
/// <code>
/// decoder.Begin(rowCapacity, memory);
/// foreach (record) decoder.Add(pointer, length);      // or AddNull()
/// decoder.End(columns);                               // Rows, Errors
/// </code>
/// Ownership: values lie in the given memory. Strings without escapes and VARIANTs are views into the documents, which must
/// stay where they are for as long as the batch lives (its memory retains theirs). One thread; no allocation per row
/// unless a value is in error.
/// </summary>
public sealed unsafe class JsonPathDecoder : IDisposable
{
    private readonly JsonStructure _structure = new();
    private readonly JsonPathNode _root;
    private readonly JsonPathColumn[] _columns;
    private readonly JsonColumns _targets;
    private readonly JsonShapes? _shapes;
    private readonly JsonPathNode[] _nodes;
    private readonly bool _isTrusted;
    private readonly bool _failsOnMissing;
    private readonly JsonLimits _limits;
    private long _stamp;
    private bool _hasRepeats;

    public JsonPathDecoder(ReadOnlySpan<JsonPathColumn> columns, JsonDecodeOptions? options = null)
    {
        options ??= new JsonDecodeOptions();
        foreach (var column in columns)
            if (!CanDecode(column.Path)) throw new ArgumentException($"{column.Path}: a decoder takes members and elements counted from the start only.", nameof(columns));
        _columns = columns.ToArray();
        _root = JsonPathNode.Build(_columns, out _nodes);
        _failsOnMissing = options.FailOnMissingField;
        _isTrusted = options.IsTrusted;
        _limits = options.Limits ?? JsonLimits.Default;
        _targets = new JsonColumns(_columns, options.Zone ?? TimeZoneInfo.Utc);

        // In a trusted document what no path leads to is skipped by its brackets, which is faster than any reading of it.
        if (!_isTrusted && !_failsOnMissing) _shapes = new JsonShapes(_root, _targets, _limits.MaxBytes);
    }

    /// <summary>Whether a path leads to one place: no wildcards, no elements counted from the end.</summary>
    public static bool CanDecode(JsonPath path) => path.Steps.All(step => step.Index >= 0);

    /// <summary>The columns to fill, in order.</summary>
    public ImmutableArray<JsonPathColumn> Columns => [.. _columns];

    /// <summary>Rows since <see cref="Begin"/>.</summary>
    public int Rows => _targets.Row;

    /// <summary>What could not be read since <see cref="Begin"/>, by row.</summary>
    public IReadOnlyList<DecodeError> Errors => _targets.Errors;

    /// <summary>Starts a batch of at most <paramref name="rowCapacity"/> rows.</summary>
    public void Begin(int rowCapacity, BatchMemory memory) => _targets.Begin(rowCapacity, memory);

    /// <summary>Adds a row without a document: all columns NULL.</summary>
    public void AddNull() => _targets.Next();

    /// <summary>Adds the row of one document.</summary>
    public void Add(byte* document, int length)
    {
        if (_targets.IsFull) throw new InvalidOperationException("The batch is full: End it and Begin another.");
        if (_shapes is not null && _shapes.TryRead(document, document + length, JsonEnd.OfText, out _)) _targets.Next();
        else AddAny(document, length);
    }

    /// <summary>Adds the row of the document at the front of a text, if it is of a form that was met before and a line's end follows.</summary>
    /// <param name="consumed">The bytes of the document and its line's end.</param>
    internal bool TryAddLine(byte* text, int length, out int consumed)
    {
        consumed = 0;
        if (_shapes is null || !_shapes.TryRead(text, text + length, JsonEnd.OfLine, out consumed)) return false;
        _targets.Next();
        return true;
    }

    /// <summary>Adds the row of one document, of whatever form.</summary>
    internal void AddAny(byte* document, int length)
    {
        _structure.Scan(document, length);
        if (!_isTrusted && !JsonValidator.TryValidate(_structure, _limits, out var error))
        {
            _targets.Errors.Add(new DecodeError(Rows, -1, error.Position, error.Reason, DecodeError.Cut(new ReadOnlySpan<byte>(document, length))));
            _targets.Next();
            return;
        }

        _stamp++;
        _hasRepeats = false;
        if (_structure.Count > 0) Visit(_root, 0);
        if (_failsOnMissing) ReportMissing();
        _targets.Next();
        if (!_hasRepeats) _shapes?.Learn(_structure);
    }

    /// <summary>Takes the last row back, with its errors.</summary>
    internal void RemoveLast() => _targets.Back();

    /// <summary>Hands the columns over, <see cref="Rows"/> long.</summary>
    public void End(Span<Column> columns) => _targets.End(columns);

    public void Dispose() => _structure.Dispose();

    /// <summary>Reads the value at an entry for a node; returns the entry after it.</summary>
    private int Visit(JsonPathNode node, int index)
    {
        if (node.Stamp == _stamp) Forget(node);
        node.Stamp = _stamp;
        int after;
        if (node.IsLeaf) after = _structure.Skip(index);
        else
        {
            after = _structure.At(index) switch
            {
                (byte)'{' when node.HasMembers => VisitObject(node, index),
                (byte)'[' when node.Elements.Length > 0 => VisitArray(node, index),
                _ => _structure.Skip(index),
            };
            if (node.Columns.Length == 0) return after;
        }

        var value = _structure.ValueAt(index, after);
        if (value.Kind is JsonKind.Null or JsonKind.None) return after;
        foreach (var column in node.Columns) _targets.Store(column, value, _structure.Text, _structure.Text + _structure.Length);
        return after;
    }

    private int VisitObject(JsonPathNode node, int index)
    {
        var structure = _structure;
        var text = structure.Text;
        var limit = text + structure.Length;
        var count = structure.Count;
        var positions = structure.Positions;
        index++;
        while (index + 3 < count && text[positions[index]] == '"')
        {
            var key = text + positions[index] + 1;
            var length = positions[index + 1] - positions[index] - 1;
            var child = structure.HasEscapes && new ReadOnlySpan<byte>(key, length).Contains((byte)'\\')
                ? FindEscaped(node, key, length)
                : node.Find(key, length, limit);
            index = child is null ? structure.Skip(index + 3) : Visit(child, index + 3);
            if (index >= count || text[positions[index]] != ',') break;
            index++;
        }

        return index + 1;
    }

    private int VisitArray(JsonPathNode node, int index)
    {
        var next = 0;
        var element = 0;
        index++;
        while (index < _structure.Count && _structure.At(index) != ']')
        {
            if (next < node.Elements.Length && node.Elements[next].Index == element)
            {
                index = Visit(node.Elements[next].Node, index);
                next++;
            }
            else index = _structure.Skip(index);

            element++;
            if (index >= _structure.Count || _structure.At(index) != ',') break;
            index++;
        }

        return index + 1;
    }

    private static JsonPathNode? FindEscaped(JsonPathNode node, byte* key, int length)
    {
        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(length + 8);
        fixed (byte* text = rented)
        {
            var written = JsonText.Unescape(new ReadOnlySpan<byte>(key, length), new Span<byte>(text, length));
            var child = node.Find(text, written, text + rented.Length);
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
            return child;
        }
    }

    private void ReportMissing()
    {
        for (var c = 0; c < _nodes.Length; c++)
            if (_nodes[c].Stamp != _stamp && _columns[c].OnFailure == OnDecodeFailure.Error) _targets.AddMissing(c);
    }

    /// <summary>A key appears again: what was read below it counts no more.</summary>
    private void Forget(JsonPathNode node)
    {
        _hasRepeats = true;
        foreach (var column in node.Columns) _targets.Forget(column);
        foreach (var child in node.Children)
        {
            child.Stamp = 0;
            Forget(child);
        }
    }
}
