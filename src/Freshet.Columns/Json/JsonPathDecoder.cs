using System.Collections.Immutable;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
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
    private readonly Column[] _targets;
    private readonly List<DecodeError> _errors = [];
    private readonly JsonPathNode[] _nodes;
    private readonly bool _isTrusted;
    private readonly bool _failsOnMissing;
    private readonly JsonLimits _limits;
    private readonly TimeZoneInfo _zone;
    private BatchMemory _memory = null!;
    private int _capacity;
    private long _stamp;

    public JsonPathDecoder(ReadOnlySpan<JsonPathColumn> columns, JsonDecodeOptions? options = null)
    {
        options ??= new JsonDecodeOptions();
        foreach (var column in columns)
            if (!CanDecode(column.Path)) throw new ArgumentException($"{column.Path}: a decoder takes members and elements counted from the start only.", nameof(columns));
        _columns = columns.ToArray();
        _targets = new Column[columns.Length];
        _root = JsonPathNode.Build(_columns, out _nodes);
        _failsOnMissing = options.FailOnMissingField;
        _isTrusted = options.IsTrusted;
        _limits = options.Limits ?? JsonLimits.Default;
        _zone = options.Zone ?? TimeZoneInfo.Utc;
    }

    /// <summary>Whether a path leads to one place: no wildcards, no elements counted from the end.</summary>
    public static bool CanDecode(JsonPath path) => path.Steps.All(step => step.Index >= 0);

    /// <summary>The columns to fill, in order.</summary>
    public ImmutableArray<JsonPathColumn> Columns => [.. _columns];

    /// <summary>Rows since <see cref="Begin"/>.</summary>
    public int Rows { get; private set; }

    /// <summary>What could not be read since <see cref="Begin"/>, by row.</summary>
    public IReadOnlyList<DecodeError> Errors => _errors;

    /// <summary>Starts a batch of at most <paramref name="rowCapacity"/> rows. Room for that many is cleared: give the number that will come.</summary>
    public void Begin(int rowCapacity, BatchMemory memory)
    {
        _memory = memory;
        _capacity = rowCapacity;
        Rows = 0;
        _errors.Clear();
        for (var c = 0; c < _columns.Length; c++)
        {
            var kind = _columns[c].Type.Physical;
            var target = Column.Allocate(kind, rowCapacity, memory);
            target.Validity = memory.AllocateBits(rowCapacity, false);
            new Span<byte>(target.Values, rowCapacity * kind.WidthBytes()).Clear();
            _targets[c] = target;
        }
    }

    /// <summary>Adds a row without a document: all columns NULL.</summary>
    public void AddNull()
    {
        Debug.Assert(Rows < _capacity, "the batch is full");
        Rows++;
    }

    /// <summary>Adds the row of one document.</summary>
    public void Add(byte* document, int length)
    {
        if (Rows >= _capacity) throw new InvalidOperationException("The batch is full: End it and Begin another.");
        _structure.Scan(document, length);
        if (!_isTrusted && !JsonValidator.TryValidate(_structure, _limits, out var error))
        {
            _errors.Add(new DecodeError(Rows, -1, error.Position, error.Reason, DecodeError.Cut(new ReadOnlySpan<byte>(document, length))));
            Rows++;
            return;
        }

        _stamp++;
        if (_structure.Count > 0) Visit(_root, 0);
        if (_failsOnMissing) ReportMissing();
        Rows++;
    }

    /// <summary>Takes the last row back, with its errors.</summary>
    internal void RemoveLast()
    {
        Rows--;
        _errors.RemoveAll(error => error.Row == Rows);
        for (var c = 0; c < _targets.Length; c++)
        {
            var width = _targets[c].Kind.WidthBytes();
            new Span<byte>((byte*)_targets[c].Values + (long)Rows * width, width).Clear();
            _targets[c].Validity[Rows >> 6] &= ~(1UL << Rows);
        }
    }

    /// <summary>Hands the columns over, <see cref="Rows"/> long.</summary>
    public void End(Span<Column> columns)
    {
        for (var c = 0; c < _targets.Length; c++)
        {
            columns[c] = _targets[c];
            if (CountValid(_targets[c].Validity) == Rows) columns[c].Validity = null;
        }
    }

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
        foreach (var column in node.Columns) Store(column, value);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(int column, in JsonValue value)
    {
        ref readonly var spec = ref _columns[column];
        ref var target = ref _targets[column];
        var row = Rows;
        TextResult result;
        if (spec.Type.Physical == PhysicalKind.View && (spec.Type.Kind == TypeKind.Variant || (spec.Type.IsCharacter && !value.IsEscaped)))
        {
            var inset = value.Kind == JsonKind.String && spec.Type.Kind != TypeKind.Variant ? 1 : 0;
            Bytes64.StoreView((StringView*)target.Values + row, value.Start + inset, value.Length - 2 * inset, _structure.Text + _structure.Length);
            result = TextResult.Ok;
        }
        else result = JsonScalar.TryWrite(value, spec.Type, target.Values, row, _zone, _memory);

        if (result == TextResult.Ok) target.Validity[row >> 6] |= 1UL << row;
        else Fail(column, value, result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fail(int column, in JsonValue value, TextResult result)
    {
        ref readonly var spec = ref _columns[column];
        ref var target = ref _targets[column];
        var width = spec.Type.Physical.WidthBytes();
        new Span<byte>((byte*)target.Values + (long)Rows * width, width).Clear();
        if (spec.OnFailure == OnDecodeFailure.Null) return;
        var position = (int)(value.Start - _structure.Text);
        _errors.Add(new DecodeError(Rows, column, position, $"{spec.Path}: {TextValue.Reason(result, spec.Type)}", DecodeError.Cut(value.Raw)));
    }

    private void ReportMissing()
    {
        for (var c = 0; c < _nodes.Length; c++)
            if (_nodes[c].Stamp != _stamp && _columns[c].OnFailure == OnDecodeFailure.Error)
                _errors.Add(new DecodeError(Rows, c, -1, $"{_columns[c].Path}: The field is missing.", ""));
    }

    /// <summary>A key appears again: what was read below it counts no more.</summary>
    private void Forget(JsonPathNode node)
    {
        foreach (var column in node.Columns)
        {
            ref var target = ref _targets[column];
            target.Validity[Rows >> 6] &= ~(1UL << Rows);
            var width = target.Kind.WidthBytes();
            new Span<byte>((byte*)target.Values + (long)Rows * width, width).Clear();
            _errors.RemoveAll(error => error.Row == Rows && error.Column == column);
        }

        foreach (var child in node.Children)
        {
            child.Stamp = 0;
            Forget(child);
        }
    }

    private int CountValid(ulong* validity)
    {
        var count = 0;
        for (var w = 0; w < (Rows + 63) >> 6; w++) count += BitOperations.PopCount(validity[w]);
        return count;
    }
}
