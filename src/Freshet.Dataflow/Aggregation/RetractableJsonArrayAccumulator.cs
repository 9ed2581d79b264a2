using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>
/// JSON_ARRAYAGG over an input that takes rows back, or whose order of arrival is not one order: items in order of their
/// JSON text, so that the array depends on the rows alone. The argument is as for <see cref="JsonArrayAccumulator"/>.
/// State: 8 bytes in the group's row and one node for each different item.
/// </summary>
internal sealed unsafe class RetractableJsonArrayAccumulator : Accumulator
{
    private readonly CountedValues _items = new(PhysicalKind.View);
    private readonly Utf8Buffer _text = new();

    public override int StateBytes => 8;

    public override long ExtraRows => _items.Rows;

    public override long ExtraBytes => _items.Bytes;

    public override void Add(in Column argument, in AccumulatorInput input)
    {
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            var weight = input.WeightOf(row);
            if (weight != 0 && argument.IsValid(row)) _items.Add((int*)(input.Groups[i] + Offset), argument, row, weight);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(PhysicalKind.View, count, memory);
        for (var i = 0; i < count; i++)
        {
            _text.Clear();
            _text.Write((byte)'[');
            _items.WriteItems(*(int*)(groups[i] + Offset), _text);
            _text.Write((byte)']');
            result.As<StringView>()[i] = StringView.Copy(_text.Written, memory);
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++) _items.AddAll((int*)(into[i] + Offset), *(int*)(from[i] + Offset));
    }

    public override void EndOfStep() => _items.EndOfStep();

    public override void Dispose()
    {
        _items.Dispose();
        base.Dispose();
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++) _items.Clear((int*)(groups[i] + Offset));
    }
}
