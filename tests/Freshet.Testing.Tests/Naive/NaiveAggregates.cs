using System.Globalization;
using System.Numerics;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Testing.Tests.Naive;

/// <summary>Aggregate functions over the rows of one group, the slow obvious way. Lists are in order of their values.</summary>
internal static class NaiveAggregates
{
    /// <summary>Rows here have no position, so a list that is ordered by it is left out.</summary>
    public static bool Knows(PlanNode plan) => plan is not Aggregate aggregate || !((aggregate.OrdersByPosition && aggregate.Inputs[0].HasPosition) || aggregate.Calls.Any(c => c.Kind == AggregateKind.User));

    public static byte[]? Call(PlanAggregate call, Schema schema, List<(NaiveRow Row, long Weight)> rows)
    {
        if (call.Filter >= 0) rows = [.. rows.Where(r => r.Row.Values[call.Filter] is [1, ..])];
        if (call.Kind == AggregateKind.Single) return rows.Sum(r => r.Weight) == 1 ? rows[0].Row.Values[call.Arguments[0]] : null;
        rows = [.. rows.Where(r => call.Arguments.All(a => r.Row.Values[a] is not null))];
        if (call.IsDistinct) rows = [.. rows.DistinctBy(r => new NaiveRow([.. call.Arguments.Select(a => r.Row.Values[a])]).Key).Select(r => (r.Row, 1L))];
        if (call.Kind == AggregateKind.Count) return NaiveEvaluator.Bytes(call.Type, (Int128)rows.Sum(r => r.Weight));
        var argument = call.Arguments[^1];
        if (call.Kind != AggregateKind.JsonObject) argument = call.Arguments[0];
        var type = schema[argument];
        var order = Comparer<byte[]>.Create((a, b) => NaiveEvaluator.Compare(type, a, b));
        var values = rows.OrderBy(r => r.Row.Values[call.Arguments[0]]!, order).Select(r => (Value: r.Row.Values[argument]!, r.Weight)).ToList();
        var items = values.SelectMany(v => Enumerable.Repeat(v.Value, (int)v.Weight));
        switch (call.Kind)
        {
            case AggregateKind.JsonArray: return Joined("[", items.Where(i => i.Length > 2).Select(i => i[1..^1]), ",", "]");
            case AggregateKind.JsonObject when items.Where(i => i.Length > 2).GroupBy(i => System.Text.Json.Nodes.JsonNode.Parse(i)!.AsObject().First().Key).Any(g => g.Count() > 1): return null;
            case AggregateKind.JsonObject: return Joined("{", items.Where(i => i.Length > 2).Select(i => i[1..^1]), ",", "}");
            case AggregateKind.Collect: return Joined("[", items.Select(i => i[1..^1]), ",", "]");
            case AggregateKind.SumZero when values.Count == 0: return NaiveEvaluator.Bytes(call.Type, Int128.Zero);
        }

        if (values.Count == 0) return null;
        return call.Kind switch
        {
            AggregateKind.Min or AggregateKind.First => values[0].Value,
            AggregateKind.Max or AggregateKind.Last => values[^1].Value,
            AggregateKind.List => Joined("", items, call.Parameter, ""),
            AggregateKind.Array => Joined("[", items.Select(i => i[1..^1]), ",", "]"),
            AggregateKind.Percentile => Percentile(call, rows),
            AggregateKind.Bitmap => Bitmap(call, values),
            _ => Number(call, type, values),
        };
    }

    private static byte[] Joined(string open, IEnumerable<byte[]> items, string between, string close) =>
        Encoding.UTF8.GetBytes(open + string.Join(between, items.Select(Encoding.UTF8.GetString)) + close);

    /// <summary>Whether a sum is a value of its type; of DECIMAL(38) this evaluator sees none that is not.</summary>
    private static bool Fits(SqlType type, BigInteger sum)
    {
        var bits = type.Kind switch { TypeKind.TinyInt => 8, TypeKind.SmallInt => 16, TypeKind.Int => 32, TypeKind.BigInt => 64, _ => 128 };
        return sum >= -BigInteger.Pow(2, bits - 1) && sum < BigInteger.Pow(2, bits - 1);
    }

    private static byte[]? Number(PlanAggregate call, SqlType type, List<(byte[] Value, long Weight)> values)
    {
        var count = values.Sum(v => v.Weight);
        if (type.IsApproximate)
        {
            var sum = values.Sum(v => (decimal)NaiveEvaluator.Double(type, v.Value) * v.Weight);
            // A decimal has a negative zero, which numbers that cancel leave; those of IEEE leave a positive one.
            if (sum == 0) sum = 0;
            if (call.Kind is AggregateKind.Sum or AggregateKind.SumZero) return NaiveEvaluator.Bytes(call.Type, (double)sum);
            if (call.Kind == AggregateKind.Avg) return NaiveEvaluator.Bytes(call.Type, (double)(sum / count));
            if (count == 1 && IsSample(call)) return null;
            var squares = values.Sum(v => (decimal)NaiveEvaluator.Double(type, v.Value) * (decimal)NaiveEvaluator.Double(type, v.Value) * v.Weight);
            var variance = (double)((count * squares - sum * sum) / count / (IsSample(call) ? count - 1 : count));
            return NaiveEvaluator.Bytes(call.Type, call.Kind is AggregateKind.StddevPop or AggregateKind.StddevSamp ? Math.Sqrt(variance) : variance);
        }

        var total = values.Aggregate(BigInteger.Zero, (t, v) => t + (BigInteger)NaiveEvaluator.Integer(type, v.Value) * v.Weight);
        if (call.Kind is AggregateKind.Sum or AggregateKind.SumZero) return Fits(call.Type, total) ? NaiveEvaluator.Bytes(call.Type, (Int128)total) : null;
        if (type.Kind == TypeKind.Decimal) throw new NotSupportedException($"{call.Function} of DECIMAL");
        if (call.Kind == AggregateKind.Avg) return NaiveEvaluator.Bytes(call.Type, (Int128)(total / count));
        if (count == 1 && IsSample(call)) return null;
        var sumOfSquares = values.Aggregate(BigInteger.Zero, (t, v) => t + BigInteger.Pow((BigInteger)NaiveEvaluator.Integer(type, v.Value), 2) * v.Weight);
        var quotient = (count * sumOfSquares - total * total) / ((BigInteger)count * (IsSample(call) ? count - 1 : count));
        return NaiveEvaluator.Bytes(call.Type, (Int128)(call.Kind is AggregateKind.StddevPop or AggregateKind.StddevSamp ? (BigInteger)Math.Floor(Math.Sqrt((double)quotient)) : quotient));
    }

    private static byte[] Bitmap(PlanAggregate call, List<(byte[] Value, long Weight)> sets)
    {
        var all = sets.Sum(s => s.Weight);
        var members = sets.SelectMany(s => Encoding.UTF8.GetString(s.Value).Trim('{', '}').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(m => (Member: uint.Parse(m, CultureInfo.InvariantCulture), s.Weight)))
            .GroupBy(m => m.Member, m => m.Weight)
            .Where(g => call.Parameter[0] == 'O' || (call.Parameter[0] == 'A' ? g.Sum() == all : g.Sum() % 2 == 1))
            .Select(g => g.Key).Order().ToList();
        return call.Type.Kind == TypeKind.BigInt ? BitConverter.GetBytes((long)members.Count) : Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}");
    }

    private static bool IsSample(PlanAggregate call) => call.Kind is AggregateKind.VarSamp or AggregateKind.StddevSamp;

    private static byte[]? Percentile(PlanAggregate call, List<(NaiveRow Row, long Weight)> rows)
    {
        var all = rows.SelectMany(r => Enumerable.Repeat(
            BitConverter.ToDouble(r.Row.Values[call.Arguments[0]]!), (int)r.Weight * (call.Arguments.Length == 1 ? 1 : (int)Math.Max(0, BitConverter.ToInt64(r.Row.Values[call.Arguments[1]]!))))).Order().ToList();
        if (all.Count == 0) return null;
        double At(double fraction)
        {
            var place = (all.Count - 1) * fraction;
            var (low, high) = ((int)Math.Floor(place), (int)Math.Ceiling(place));
            return low == high || all[low] == all[high] ? all[low] : (high - place) * all[low] + (place - low) * all[high];
        }

        var fractions = call.Parameter.Split(',').Select(f => double.Parse(f, CultureInfo.InvariantCulture)).ToList();
        return call.Type.Kind == TypeKind.Array
            ? Joined("[", fractions.Select(f => Encoding.UTF8.GetBytes(At(f) is var v && v == Math.Floor(v) ? v.ToString("0.0", CultureInfo.InvariantCulture) : At(f).ToString("R", CultureInfo.InvariantCulture))), ",", "]")
            : BitConverter.GetBytes(At(fractions[0]));
    }
}
