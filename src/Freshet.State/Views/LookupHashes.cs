using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;
using Freshet.State.Hashing;
using Freshet.State.Rows;

namespace Freshet.State.Views;

/// <summary>The keys and hashes of a batch's rows in each lookup index of a view, computed once a batch. Lies in the scratch memory.</summary>
internal readonly unsafe struct LookupHashes
{
    private readonly int[][] _columns;
    private readonly Column[][] _sources;
    private readonly ulong** _hashes;

    public LookupHashes(Batch batch, int[][] columns, ulong seed, BatchMemory scratch)
    {
        _columns = columns;
        _sources = columns.Length == 0 ? [] : [.. columns.Select(set => set.Select(c => batch.Columns[c]).ToArray())];
        _hashes = (ulong**)scratch.Allocate<nint>(columns.Length);
        for (var l = 0; l < columns.Length; l++)
        {
            _hashes[l] = scratch.Allocate<ulong>(batch.Rows);
            HashKernel.Hash(batch, columns[l], seed, _hashes[l]);
        }
    }

    public ulong Of(int lookup, int row) => _hashes[lookup][row];

    public ColumnsKey KeyOf(int lookup, StateTable table) => new(table, _columns[lookup], _sources[lookup]);
}
