using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>
/// All values of a group, counted and in order; what is made of them is said when it is read. NULL arguments count for nothing.
/// State: 8 bytes in the group's row and one node for each different value.
/// </summary>
internal abstract unsafe class BagAccumulator(PhysicalKind kind) : Accumulator
{
    public override int StateBytes => 8;

    public override long ExtraRows => Values.Rows;

    public override long ExtraBytes => Values.Bytes;

    protected CountedValues Values { get; } = new(kind);

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        var argument = arguments[0];
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            var weight = input.WeightOf(row);
            if (weight != 0 && argument.IsValid(row)) Values.Add(RootOf(input.Groups[i]), argument, row, weight);
        }
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++) Values.AddAll(RootOf(into[i]), *RootOf(from[i]));
    }

    public override void EndOfStep() => Values.EndOfStep();

    public override void Dispose()
    {
        Values.Dispose();
        base.Dispose();
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++) Values.Clear(RootOf(groups[i]));
    }

    /// <summary>The set of a group.</summary>
    protected int* RootOf(byte* group) => (int*)(group + Offset);
}
