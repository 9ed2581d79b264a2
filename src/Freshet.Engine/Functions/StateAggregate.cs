using System.Reflection;
using System.Runtime.CompilerServices;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Engine.Functions;

/// <summary>Changes an accumulator by the row that the reader stands on.</summary>
internal delegate void Change<TAccumulator>(ref TAccumulator accumulator, ValueReader row);

/// <summary>Adds one accumulator to another.</summary>
internal delegate void MergeInto<TAccumulator>(ref TAccumulator into, TAccumulator from);

/// <summary>An aggregate function whose accumulator is a struct of plain values, which lies in the group's row.</summary>
internal sealed class StateAggregate<TResult, TAccumulator>(string name, FunctionMethod accumulate, FunctionMethod? retract, MethodInfo? merge, Func<object> create) : UserAggregate
    where TAccumulator : unmanaged
{
    public override bool KeepsRows => false;

    public override bool CanMerge => merge is not null;

    internal override Accumulator Create(AggregateCall call, CallShape shape)
    {
        var function = (AggregateFunction<TResult, TAccumulator>)create();
        return new StateAccumulator<TResult, TAccumulator>(
            name, call, function, accumulate.TakesNull, accumulate.Bind<Change<TAccumulator>>(function), retract?.Bind<Change<TAccumulator>>(function), merge is null ? null : merge.IsStatic ? merge.CreateDelegate<MergeInto<TAccumulator>>() : merge.CreateDelegate<MergeInto<TAccumulator>>(function));
    }
}

/// <summary>
/// The accumulators of a program's function, in the rows of groups. A group in which a call has failed has no value until it ends:
/// what it holds is no longer known. State: the accumulator, and 8 bytes for the failure.
/// </summary>
internal sealed unsafe class StateAccumulator<TResult, TAccumulator>(
    string name,
    AggregateCall call,
    AggregateFunction<TResult, TAccumulator> function,
    bool[] takesNull,
    Change<TAccumulator> accumulate,
    Change<TAccumulator>? retract,
    MergeInto<TAccumulator>? merge) : Accumulator
    where TAccumulator : unmanaged
{
    private readonly ValueReader _reader = new();
    private readonly SqlType[] _types = [.. call.ArgumentTypes];

    /// <summary>Why calls have failed; a group has the place of its own plus one.</summary>
    private readonly List<string> _reasons = [];

    public override int StateBytes => (sizeof(TAccumulator) + 7 & ~7) + sizeof(long);

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        _reader.Begin(arguments, _types);
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (!_reader.MoveTo(row, takesNull)) continue;
            var weight = input.WeightOf(row);
            try
            {
                ref var accumulator = ref Of(input.Groups[i]);
                for (; weight > 0; weight--) accumulate(ref accumulator, _reader);
                for (; weight < 0; weight++) retract!(ref accumulator, _reader);
            }
            catch (Exception exception)
            {
                Fail(input.Groups[i], exception);
            }
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var kind = call.ResultType.Physical;
        var result = Column.Allocate(kind, count, memory);
        new Span<byte>(result.Values, count * kind.WidthBytes()).Clear();
        result.EnsureValidity(count, memory);
        for (var i = 0; i < count; i++)
        {
            var reason = *ReasonOf(groups[i]) is var place && place == 0 ? null : _reasons[(int)place - 1];
            try
            {
                if (reason is null && ValueWriter.TryWrite(function.GetValue(Of(groups[i])), result.Values, i, memory)) continue;
            }
            catch (Exception exception)
            {
                reason = FunctionErrors.Reason(name, exception);
            }

            result.SetNull(i);
            if (reason is not null) failures.Add(new FailedResult(i, "", reason));
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (*ReasonOf(into[i]) == 0) *ReasonOf(into[i]) = *ReasonOf(from[i]);
            try
            {
                merge!(ref Of(into[i]), Of(from[i]));
            }
            catch (Exception exception)
            {
                Fail(into[i], exception);
            }
        }
    }

    private ref TAccumulator Of(byte* group) => ref Unsafe.AsRef<TAccumulator>(group + Offset);

    private long* ReasonOf(byte* group) => (long*)(group + Offset + StateBytes - sizeof(long));

    private void Fail(byte* group, Exception exception)
    {
        var reason = FunctionErrors.Reason(name, exception);
        var place = _reasons.IndexOf(reason);
        if (place < 0)
        {
            place = _reasons.Count;
            _reasons.Add(reason);
        }

        if (*ReasonOf(group) == 0) *ReasonOf(group) = place + 1;
    }
}
