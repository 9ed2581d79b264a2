using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Sql.Plan;
using Freshet.State.Rows;
using Freshet.State.Trees;

namespace Freshet.Engine.Sources;

/// <summary>The rows of one version of a served view, in key order. Bounded; positions are row numbers; read once, from the start.</summary>
internal sealed class ViewSource(string name, Schema schema, PersistentTree version, ImmutableArray<ScanColumn> columns) : IRowSource
{
    private readonly IEnumerator<(byte[] Key, PersistentTree.Entry Entry)> _rows = version.Scan().GetEnumerator();

    public string Name => name;

    public int Partitions => 1;

    public bool IsBounded => true;

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes) => Math.Min(version.Count, from + rows);

    public bool IsEnd(int partition, long position) => position >= version.Count;

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        for (; from < to; from += Batch.TypicalRows)
        {
            var count = (int)Math.Min(Batch.TypicalRows, to - from);
            var rows = new byte[count][];
            var weights = new long[count];
            for (var i = 0; i < count && _rows.MoveNext(); i++) (rows[i], weights[i]) = (_rows.Current.Entry.Row, _rows.Current.Entry.Weight);
            slices.Add(new ViewSlice(schema, columns, rows, weights, from));
        }
    }

    public void Dispose() => _rows.Dispose();

    private sealed class ViewSlice(Schema schema, ImmutableArray<ScanColumn> columns, byte[][] rows, long[] weights, long first) : ISourceSlice
    {
        public unsafe Batch Decode(List<SourceError> errors)
        {
            var whole = RowCodec.Decode(schema, rows, weights);
            var memory = BatchMemory.Create();
            var positions = Column.Allocate(PhysicalKind.Int64, rows.Length, memory);
            for (var i = 0; i < rows.Length; i++) positions.As<long>()[i] = first + i;
            var batch = whole.WithColumns(memory, [.. columns.Select(c => whole.Columns[c.Column]), positions]);
            whole.Release();
            return batch;
        }
    }
}
