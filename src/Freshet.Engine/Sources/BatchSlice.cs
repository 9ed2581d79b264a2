using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Plan;

namespace Freshet.Engine.Sources;

/// <summary>
/// Rows that are columns already, as a slice: the columns that the scan asks for, then the position of each row. Owns the batch
/// and gives it up when it is decoded.
/// </summary>
/// <param name="first">The position of the first row.</param>
internal sealed class BatchSlice(ImmutableArray<ScanColumn> columns, Batch rows, long first) : ISourceSlice
{
    public unsafe Batch Decode(List<SourceError> errors)
    {
        var memory = BatchMemory.Create();
        var positions = Column.Allocate(PhysicalKind.Int64, rows.Rows, memory);
        for (var i = 0; i < rows.Rows; i++) positions.As<long>()[i] = first + i;
        var batch = rows.WithColumns(memory, [.. columns.Select(c => rows.Columns[c.Column]), positions]);
        rows.Release();
        return batch;
    }
}
