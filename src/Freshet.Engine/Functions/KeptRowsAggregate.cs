using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Engine.Functions;

/// <summary>An aggregate function whose accumulator is an object: the rows of a group are kept, and given to a new one in order.</summary>
internal sealed class KeptRowsAggregate<TResult, TAccumulator>(string name, FunctionMethod accumulate, Func<object> create) : UserAggregate
{
    public override bool KeepsRows => true;

    public override bool CanMerge => true;

    internal override Accumulator Create(AggregateCall call, CallShape shape)
    {
        var function = (AggregateFunction<TResult, TAccumulator>)create();
        return new KeptRowsAccumulator<TResult, TAccumulator>(name, call, shape, function, accumulate.TakesNull, accumulate.Bind<Change<TAccumulator>>(function));
    }
}

/// <summary>
/// The rows of each group as tuples: position, then arguments. Cost: every step that changes a group reads all its rows. What the
/// function throws makes the group's value an error that heals when its rows change.
/// </summary>
internal sealed unsafe class KeptRowsAccumulator<TResult, TAccumulator>(
    string name, AggregateCall call, CallShape shape, AggregateFunction<TResult, TAccumulator> function, bool[] takesNull, Change<TAccumulator> accumulate) : BagAccumulator(PhysicalKind.View)
{
    private readonly ValueReader _reader = new();
    private readonly SqlType[] _types = [.. call.ArgumentTypes];
    private readonly SeenBytes? _seen = call.IsDistinct ? new SeenBytes(0) : null;

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var kind = call.ResultType.Physical;
        var result = Column.Allocate(kind, count, memory);
        new Span<byte>(result.Values, count * kind.WidthBytes()).Clear();
        result.EnsureValidity(count, memory);
        for (var i = 0; i < count; i++)
        {
            try
            {
                _seen?.Clear();
                var visitor = new Visitor(this, function.CreateAccumulator(), memory);
                Values.Walk(*RootOf(groups[i]), ref visitor);
                if (ValueWriter.TryWrite(function.GetValue(visitor.Accumulator), result.Values, i, memory)) continue;
            }
            catch (Exception exception)
            {
                failures.Add(new FailedResult(i, "", FunctionErrors.Reason(name, exception)));
            }

            result.SetNull(i);
        }

        return result;
    }

    private struct Visitor(KeptRowsAccumulator<TResult, TAccumulator> owner, TAccumulator accumulator, BatchMemory memory) : IValueVisitor
    {
        public TAccumulator Accumulator = accumulator;

        public void Visit(OwnedValue* value, long weight)
        {
            var tuple = StringView.Span((StringView*)value);
            if (!owner.TryMoveTo(tuple, memory)) return;
            if (owner._seen is not null) weight = 1;
            for (; weight > 0; weight--) owner.Accumulate(ref Accumulator);
        }
    }

    private void Accumulate(ref TAccumulator accumulator) => accumulate(ref accumulator, _reader);

    /// <summary>Reads a tuple's arguments; false for one that has been seen, or where an argument that cannot be NULL is.</summary>
    private bool TryMoveTo(ReadOnlySpan<byte> tuple, BatchMemory memory)
    {
        var at = 0;
        foreach (var kind in shape.Position) at = TupleKernel.Skip(tuple, at, isLast: false, kind);
        if (_seen?.Add(tuple[at..]) == false) return false;
        var columns = new Column[_types.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = Column.Allocate(shape.Arguments[i], 1, memory);
            columns[i].EnsureValidity(1, memory);
            at = TupleKernel.Read(tuple, at, isLast: i == columns.Length - 1, columns[i], 0, memory);
        }

        _reader.Begin(columns, _types);
        return _reader.MoveTo(0, takesNull);
    }
}
