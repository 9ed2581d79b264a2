using System.Runtime.CompilerServices;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// An operator's rows of one size that are reached by slot alone, from another row. A row's address is good within the step; a
/// removed row's slot is used again after <see cref="EndOfStep"/>.
/// </summary>
internal sealed unsafe class RowPages : IDisposable
{
    private readonly StateTable _table;

    public RowPages(int rowBytes) => _table = new StateTable(new RowLayout(ReadOnlySpan<Freshet.Columns.Types.PhysicalKind>.Empty, new ExtraField(rowBytes)), new PageVersions());

    public long Rows => _table.Rows;

    public long Bytes => _table.Bytes;

    /// <summary>A row, to be read or changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(int slot) => _table.Change((uint)slot);

    /// <summary>A row, to be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Read(int slot) => _table.Row((uint)slot);

    /// <summary>A row of zeros.</summary>
    public int Add() => (int)_table.Add();

    public void Remove(int slot) => _table.Remove((uint)slot);

    public void EndOfStep() => _table.EndOfStep();

    public void Dispose() => _table.Dispose();
}
