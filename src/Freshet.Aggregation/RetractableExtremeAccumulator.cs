using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Aggregation;

/// <summary>
/// MIN, MAX, FIRST_VALUE and LAST_VALUE over an input that takes rows back: all values of a group, in order, so that the next one
/// is there when the best is gone.
/// </summary>
internal sealed unsafe class RetractableExtremeAccumulator(StoredForm form, bool greatest) : BagAccumulator(form.Kind)
{
    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(form.Result, count, memory);
        result.EnsureValidity(count, memory);
        var valid = 0;
        for (var i = 0; i < count; i++) valid += form.Read(Values.Extreme(*RootOf(groups[i]), greatest), result, i, memory);
        if (valid == count) result.Validity = null;
        return result;
    }
}
