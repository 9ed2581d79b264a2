using Freshet.Columns;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Testing.Tests.Naive;

/// <summary>OVER the slow obvious way: for each row its frame by looking at every row of the partition.</summary>
internal static class NaiveOvers
{
    public static IEnumerable<(NaiveRow Row, long Weight)> Rows(Over over, IEnumerable<(NaiveRow Row, long Weight)> input)
    {
        var schema = over.Inputs[0].Schema;
        foreach (var partition in NaiveRanks.Partitions(schema, over.Partition, over.Order, input))
        {
            var ranks = NaiveRanks.Numbers(schema, over.Order, partition, RankKind.Rank);
            var dense = NaiveRanks.Numbers(schema, over.Order, partition, RankKind.DenseRank);
            for (var i = 0; i < partition.Count; i++)
            {
                var frame = Enumerable.Range(0, partition.Count).Where(j => IsInFrame(over, schema, partition, i, j)).ToList();
                yield return (new NaiveRow([.. partition[i].Values, .. over.Calls.Select(c => Call(c, schema, partition, frame, i, ranks, dense))]), 1);
            }
        }
    }

    private static byte[]? Call(PlanOverCall call, Schema schema, List<NaiveRow> rows, List<int> frame, int i, List<long> ranks, List<long> dense)
    {
        switch (call.Function)
        {
            case OverFunction.Aggregate: return NaiveAggregates.Call(call.Aggregate!, schema, [.. frame.Select(j => (rows[j], 1L))]);
            case OverFunction.RowNumber: return BitConverter.GetBytes(i + 1L);
            case OverFunction.Rank: return BitConverter.GetBytes(ranks[i]);
            case OverFunction.DenseRank: return BitConverter.GetBytes(dense[i]);
            case OverFunction.PercentRank: return BitConverter.GetBytes(rows.Count == 1 ? 0.0 : (double)(ranks[i] - 1) / (rows.Count - 1));
            case OverFunction.CumeDist: return BitConverter.GetBytes((ranks.LastIndexOf(ranks[i]) + 1.0) / rows.Count);
            case OverFunction.FirstValue: return frame.Select(j => rows[j].Values[call.Argument]).FirstOrDefault(v => v is not null);
            case OverFunction.LastValue: return frame.Select(j => rows[j].Values[call.Argument]).LastOrDefault(v => v is not null);
            case OverFunction.Lag or OverFunction.Lead:
                var distance = call.Number < 0 ? 1 : BitConverter.ToInt64(rows[i].Values[call.Number]!);
                var at = i + (call.Function == OverFunction.Lag ? -distance : distance);
                return at >= 0 && at < rows.Count ? rows[(int)at].Values[call.Argument] : call.Default < 0 ? null : rows[i].Values[call.Default];
            default: throw new NotSupportedException(call.ToString());
        }
    }

    private static bool IsInFrame(Over over, Schema schema, List<NaiveRow> rows, int i, int j)
    {
        if (!over.Frame.IsRange)
            return (over.Frame.From.IsUnbounded || j - i >= over.Frame.From.Distance) && (over.Frame.To.IsUnbounded || j - i <= over.Frame.To.Distance);
        var order = NaiveRanks.Compare(schema, over.Order, rows[j], rows[i]);
        return Side(over, schema, rows, i, j, over.Frame.From, order >= 0, isFrom: true) && Side(over, schema, rows, i, j, over.Frame.To, order <= 0, isFrom: false);
    }

    private static bool Side(Over over, Schema schema, List<NaiveRow> rows, int i, int j, PlanBound bound, bool isPeerSide, bool isFrom)
    {
        if (bound.IsUnbounded) return true;
        if (bound.IsCurrent) return isPeerSide;
        var column = over.Order[0];
        var (current, value) = (rows[i].Values[column.Column], rows[j].Values[column.Column]);
        if (current is null || value is null) return (current is null && value is null) || (value is null && isFrom != column.NullsFirst && current is not null) || (current is null && isPeerSide);
        var distance = NaiveEvaluator.Integer(schema[column.Column], value) - NaiveEvaluator.Integer(schema[column.Column], current);
        if (column.IsDescending) distance = -distance;
        return isFrom ? distance >= bound.Distance : distance <= bound.Distance;
    }
}
