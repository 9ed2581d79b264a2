using System.Globalization;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>
/// PERCENTILE: the value at a fraction of the way through the ordered values of a group, between two neighbours in proportion. The
/// first argument is a DOUBLE; a second one says how often it counts, and a value that counts less than once does not.
/// The call's parameter has the fractions; several give an ARRAY.
/// Cost: every step that changes a group walks its different values.
/// </summary>
internal sealed unsafe class PercentileAccumulator(AggregateCall call) : BagAccumulator(PhysicalKind.Float64)
{
    private readonly double[] _fractions = [.. call.Parameter.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(f => double.Parse(f, CultureInfo.InvariantCulture))];
    private readonly bool _isArray = call.ResultType.Kind == TypeKind.Array;
    private readonly Utf8Buffer _text = new();

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        if (arguments.Length == 1)
        {
            base.Add(arguments, input);
            return;
        }

        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (arguments[0].IsNull(row) || arguments[1].IsNull(row)) continue;
            var weight = input.WeightOf(row) * Math.Max(0, arguments[1].As<long>()[arguments[1].IndexOf(row)]);
            if (weight != 0) Values.Add(RootOf(input.Groups[i]), arguments[0], row, weight);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(call.ResultType.Physical, count, memory);
        for (var i = 0; i < count; i++)
        {
            var root = *RootOf(groups[i]);
            var rows = new RowCount();
            Values.Walk(root, ref rows);
            if (rows.Count == 0)
            {
                if (_isArray) result.As<StringView>()[i] = default;
                else result.As<double>()[i] = 0;
                result.EnsureValidity(count, memory);
                result.SetNull(i);
            }
            else if (_isArray)
            {
                result.As<StringView>()[i] = ArrayOf(root, rows.Count, memory);
            }
            else
            {
                result.As<double>()[i] = At(root, rows.Count, _fractions[0]);
            }
        }

        return result;
    }

    private StringView ArrayOf(int root, long rows, BatchMemory memory)
    {
        _text.Clear();
        for (var f = 0; f < _fractions.Length; f++)
        {
            _text.Write(f == 0 ? (byte)'[' : (byte)',');
            var value = At(root, rows, _fractions[f]);
            JsonValueWriter.Write(SqlType.Double, &value, 0, JsonTimeFormat.Iso8601, _text);
        }

        if (_fractions.Length == 0) _text.Write((byte)'[');
        _text.Write((byte)']');
        return StringView.Copy(_text.Written, memory);
    }

    private double At(int root, long rows, double fraction)
    {
        var place = (rows - 1) * fraction;
        var neighbours = new Neighbours((long)Math.Floor(place), (long)Math.Ceiling(place));
        Values.Walk(root, ref neighbours);
        return neighbours.Low == neighbours.High || neighbours.LowPlace == neighbours.HighPlace
            ? neighbours.Low
            : (neighbours.HighPlace - place) * neighbours.Low + (place - neighbours.LowPlace) * neighbours.High;
    }

    private struct RowCount : IValueVisitor
    {
        public long Count;

        public void Visit(OwnedValue* value, long weight) => Count += weight;
    }

    /// <summary>The values at two places of the ordered rows.</summary>
    private struct Neighbours(long lowPlace, long highPlace) : IValueVisitor
    {
        public readonly long LowPlace = lowPlace;
        public readonly long HighPlace = highPlace;
        public double Low;
        public double High;
        private long _before;

        public void Visit(OwnedValue* value, long weight)
        {
            var here = *(double*)value;
            if (_before <= LowPlace && LowPlace < _before + weight) Low = here;
            if (_before <= HighPlace && HighPlace < _before + weight) High = here;
            _before += weight;
        }
    }
}
