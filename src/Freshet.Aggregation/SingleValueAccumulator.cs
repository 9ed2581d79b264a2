using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>SINGLE_VALUE: the value of a group's only row, NULL or not; NULL of no row, an error of several.</summary>
internal sealed unsafe class SingleValueAccumulator(StoredForm form) : BagAccumulator(PhysicalKind.View)
{
    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(form.Result, count, memory);
        result.EnsureValidity(count, memory);
        for (var i = 0; i < count; i++)
        {
            var root = *RootOf(groups[i]);
            var rows = new RowCount();
            Values.Walk(root, ref rows);
            form.Read(rows.Count == 1 ? Values.Extreme(root, greatest: false) : null, result, i, memory);
            if (rows.Count > 1) failures.Add(new FailedResult(i, $"{rows.Count} rows", "The query in place of a single value gives more than one row."));
        }

        return result;
    }

    private struct RowCount : IValueVisitor
    {
        public long Count;

        public void Visit(OwnedValue* value, long weight) => Count += weight;
    }
}
