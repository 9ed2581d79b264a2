using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Json;

/// <summary>
/// The columns that a decoder fills, a row at a time: a value that nobody stores is NULL and zero, and a row may be taken back as
/// long as it is the last one. Rows are cleared a block ahead of the row in work, so that it is done in the nearest cache and only for
/// rows that come.
/// </summary>
internal sealed unsafe class JsonColumns
{
    private const int ClearAtOnce = 64;

    private readonly JsonPathColumn[] _specs;
    private readonly Column[] _targets;
    private readonly bool[] _isInteger;
    private readonly bool[] _isText;
    private readonly TimeZoneInfo _zone;
    private readonly List<DecodeError> _errors = [];
    private BatchMemory _memory = null!;
    private int _capacity;
    private int _cleared;

    public JsonColumns(JsonPathColumn[] specs, TimeZoneInfo zone)
    {
        _specs = specs;
        _zone = zone;
        _targets = new Column[specs.Length];
        _isInteger = [.. specs.Select(s => s.Type.Kind is TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt)];
        _isText = [.. specs.Select(s => s.Type.Physical == PhysicalKind.View && s.Type.IsCharacter)];
    }

    /// <summary>The row that is being filled.</summary>
    public int Row { get; private set; }

    public bool IsFull => Row >= _capacity;

    public List<DecodeError> Errors => _errors;

    public void Begin(int rowCapacity, BatchMemory memory)
    {
        _memory = memory;
        _capacity = rowCapacity;
        _cleared = 0;
        Row = 0;
        _errors.Clear();
        for (var c = 0; c < _specs.Length; c++)
        {
            var target = Column.Allocate(_specs[c].Type.Physical, rowCapacity, memory);
            target.Validity = memory.AllocateBits(rowCapacity, false);
            _targets[c] = target;
        }

        ClearAhead();
    }

    /// <summary>The row is done.</summary>
    public void Next()
    {
        Debug.Assert(Row < _capacity, "the batch is full");
        if (++Row == _cleared) ClearAhead();
    }

    /// <summary>Takes the row before back, with its errors.</summary>
    public void Back()
    {
        Row--;
        _errors.RemoveAll(error => error.Row == Row);
        ClearRow();
    }

    /// <summary>What has been stored of the row counts no more.</summary>
    public void ClearRow()
    {
        for (var c = 0; c < _targets.Length; c++) Clear(c);
    }

    /// <summary>The row's value of a column, and its errors, count no more.</summary>
    public void Forget(int column)
    {
        Clear(column);
        _errors.RemoveAll(error => error.Row == Row && error.Column == column);
    }

    /// <summary>Stores a value that is not null; one that the column cannot take is NULL, and an error if the column says so.</summary>
    /// <param name="limit">The end of the text: bytes before it may be read.</param>
    public void Store(int column, in JsonValue value, byte* document, byte* limit)
    {
        var result = TryStore(column, value, value.IsEscaped, limit);
        if (result != TextResult.Ok) Fail(column, value, document, result);
    }

    /// <summary>Stores a value that is not null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TextResult TryStore(int column, in JsonValue value, bool isEscaped, byte* limit)
    {
        ref var target = ref _targets[column];
        ref readonly var spec = ref _specs[column];
        TextResult result;
        if ((_isText[column] && !isEscaped) || spec.Type.Kind == TypeKind.Variant)
        {
            var inset = value.Kind == JsonKind.String && _isText[column] ? 1 : 0;
            Bytes64.StoreView((StringView*)target.Values + Row, value.Start + inset, value.Length - 2 * inset, limit);
            result = TextResult.Ok;
        }
        else result = JsonScalar.TryWrite(value, spec.Type, target.Values, Row, _zone, _memory);

        if (result == TextResult.Ok) target.Validity[Row >> 6] |= 1UL << Row;
        return result;
    }

    /// <summary>Whether the column takes an integer as it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsInteger(int column) => _isInteger[column];

    /// <summary>Stores an integer in a column that takes one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TextResult TryStore(int column, long value)
    {
        ref var target = ref _targets[column];
        var result = TextValue.WriteInteger(value, target.Kind, target.Values, Row);
        if (result == TextResult.Ok) target.Validity[Row >> 6] |= 1UL << Row;
        return result;
    }

    public void AddMissing(int column) => _errors.Add(new DecodeError(Row, column, -1, $"{_specs[column].Path}: The field is missing.", ""));

    /// <summary>Hands the columns over, <see cref="Row"/> long.</summary>
    public void End(Span<Column> columns)
    {
        for (var c = 0; c < _targets.Length; c++)
        {
            columns[c] = _targets[c];
            if (CountValid(_targets[c].Validity) == Row) columns[c].Validity = null;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Fail(int column, in JsonValue value, byte* document, TextResult result)
    {
        Clear(column);
        ref readonly var spec = ref _specs[column];
        if (spec.OnFailure == OnDecodeFailure.Null) return;
        _errors.Add(new DecodeError(Row, column, (int)(value.Start - document), $"{spec.Path}: {TextValue.Reason(result, spec.Type)}", DecodeError.Cut(value.Raw)));
    }

    private void Clear(int column)
    {
        ref var target = ref _targets[column];
        var width = target.Kind.WidthBytes();
        new Span<byte>((byte*)target.Values + (long)Row * width, width).Clear();
        target.Validity[Row >> 6] &= ~(1UL << Row);
    }

    private void ClearAhead()
    {
        var rows = Math.Min(ClearAtOnce, _capacity - _cleared);
        for (var c = 0; c < _targets.Length; c++)
        {
            var width = _targets[c].Kind.WidthBytes();
            new Span<byte>((byte*)_targets[c].Values + (long)_cleared * width, rows * width).Clear();
        }

        _cleared += rows;
    }

    private int CountValid(ulong* validity)
    {
        var count = 0;
        for (var w = 0; w < (Row + 63) >> 6; w++) count += BitOperations.PopCount(validity[w]);
        return count;
    }
}
