using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Hashing;
using Freshet.State.Pages;

namespace Freshet.Aggregation;

/// <summary>
/// The values of one argument that each group has seen, for DISTINCT over input that takes nothing back, in groups that never
/// end: a value comes once and stays, so that a flag is all that is kept of it. All calls over the argument share the values,
/// whatever their FILTER: each filter has a flag, and one look-up of a row's value sets the flags of all filters that it passes.
/// NULLs are no values. Cost: one cache miss a row, 28 to 40 bytes a value; then a pass over the batch for each filter.
/// </summary>
internal sealed unsafe class SeenValues(ImmutableArray<int> filters, ulong seed) : IDisposable
{
    private readonly PairFlags _pairs = new(new PageVersions(), seed);
    private int _count;
    private int* _rows;
    private byte** _groups;
    private uint* _added;

    /// <summary>Whether values of a kind fit: fixed width, equal exactly where their bits are.</summary>
    public static bool Holds(PhysicalKind kind) => kind is PhysicalKind.Bool or PhysicalKind.Int8 or PhysicalKind.Int16 or PhysicalKind.Int32 or PhysicalKind.Int64;

    public long Rows => _pairs.Entries;

    public long Bytes => _pairs.Bytes;

    /// <summary>Looks up the values of a batch's rows, before any FILTER. <paramref name="slots"/> are the groups' slots, parallel to the input.</summary>
    public void Find(Batch batch, in Column values, in AccumulatorInput input, int* slots, BatchMemory scratch)
    {
        _rows = scratch.Allocate<int>(input.Count);
        _groups = (byte**)scratch.Allocate<nint>(input.Count);
        _added = scratch.Allocate<uint>(input.Count);
        var owners = scratch.Allocate<uint>(input.Count);
        _count = 0;
        for (var i = 0; i < input.Count; i++)
        {
            _rows[_count] = input.Rows[i];
            _groups[_count] = input.Groups[i];
            owners[_count] = (uint)slots[i];
            if (values.IsValid(input.Rows[i])) _count++;
        }

        var words = scratch.Allocate<ulong>(_count);
        var flags = scratch.Allocate<uint>(_count);
        Widen(values, _rows, _count, words);
        new Span<uint>(flags, _count).Clear();
        for (var flag = 0; flag < filters.Length; flag++) SetFlag(batch, filters[flag], 1u << flag, flags);
        _pairs.Add(owners, words, flags, _count, _added);
        KeepAdded();
    }

    /// <summary>The rows of the last batch with whose values came through a filter for the first time. Lies in that batch's scratch memory.</summary>
    public AccumulatorInput Found(int filter, BatchMemory scratch)
    {
        var flag = filters.IndexOf(filter);
        var rows = scratch.Allocate<int>(_count + 1);
        var groups = (byte**)scratch.Allocate<nint>(_count + 1);
        var found = 0;
        for (var i = 0; i < _count; i++)
        {
            rows[found] = _rows[i];
            groups[found] = _groups[i];
            found += (int)(_added[i] >> flag & 1);
        }

        return new AccumulatorInput { Count = found, Rows = rows, Groups = groups };
    }

    public void Dispose() => _pairs.Dispose();

    /// <summary>Most rows of a long stream bring nothing: each filter then looks at the others only.</summary>
    private void KeepAdded()
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            var added = _added[i];
            _rows[kept] = _rows[i];
            _groups[kept] = _groups[i];
            _added[kept] = added;
            kept += added != 0 ? 1 : 0;
        }

        _count = kept;
    }

    private void SetFlag(Batch batch, int filter, uint flag, uint* flags)
    {
        if (filter < 0)
        {
            for (var i = 0; i < _count; i++) flags[i] |= flag;
            return;
        }

        ref var column = ref batch.Columns[filter];
        var truths = column.As<byte>();
        if (column.Validity is null && !column.IsConstant)
        {
            for (var i = 0; i < _count; i++) flags[i] |= truths[_rows[i]] != 0 ? flag : 0;
            return;
        }

        for (var i = 0; i < _count; i++)
            if (column.IsValid(_rows[i]) && truths[column.IndexOf(_rows[i])] != 0) flags[i] |= flag;
    }

    private static void Widen(in Column values, int* rows, int count, ulong* words)
    {
        switch (values.Kind)
        {
            case PhysicalKind.Bool or PhysicalKind.Int8: Widen<sbyte>(values, rows, count, words); break;
            case PhysicalKind.Int16: Widen<short>(values, rows, count, words); break;
            case PhysicalKind.Int32: Widen<int>(values, rows, count, words); break;
            default: Widen<long>(values, rows, count, words); break;
        }
    }

    private static void Widen<T>(in Column values, int* rows, int count, ulong* words)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var source = values.As<T>();
        for (var i = 0; i < count; i++) words[i] = ulong.CreateTruncating(source[values.IndexOf(rows[i])]);
    }
}
