using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// The columns by which a <see cref="KeyedTable"/> finds the rows of a batch. Where an operator has no key, all rows have the
/// key 0: one column that is the same in every row. With a key no column is copied.
/// </summary>
internal sealed class KeyColumns(ImmutableArray<int> columns)
{
    private readonly int[] _places = columns.IsEmpty ? [0] : [.. columns];

    /// <summary>The key's columns in what <see cref="Of"/> gives.</summary>
    public ReadOnlySpan<int> Places => _places;

    /// <summary>The kinds of the key's columns.</summary>
    /// <param name="types">Types of all columns of the batches.</param>
    public PhysicalKind[] KindsOf(ImmutableArray<SqlType> types) =>
        columns.IsEmpty ? [PhysicalKind.Int64] : [.. columns.Select(k => types[k].Physical)];

    /// <summary>The batch that has the key's columns, to be released by the caller; what is made lies in <paramref name="scratch"/>.</summary>
    public Batch Of(Batch batch, BatchMemory scratch)
    {
        if (!columns.IsEmpty)
        {
            batch.AddReference();
            return batch;
        }

        scratch.AddReference();
        return new Batch(scratch, [Column.Constant(PhysicalKind.Int64, 0L, scratch)], batch.Rows);
    }
}
