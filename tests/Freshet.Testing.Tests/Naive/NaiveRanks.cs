using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Plan;

namespace Freshet.Testing.Tests.Naive;

/// <summary>Partitions in order, and numbers, the slow obvious way. Ties go by content, as where rows have no position.</summary>
internal static class NaiveRanks
{
    public static IEnumerable<(NaiveRow Row, long Weight)> Top(TopN top, IEnumerable<(NaiveRow Row, long Weight)> input)
    {
        var schema = top.Inputs[0].Schema;
        foreach (var partition in Partitions(schema, top.Partition, top.Order, input))
        {
            var numbers = Numbers(schema, top.Order, partition, top.Kind);
            for (var i = 0; i < partition.Count; i++)
            {
                if (numbers[i] < top.First || numbers[i] > top.Last) continue;
                yield return (top.GivesNumber ? new NaiveRow([.. partition[i].Values, BitConverter.GetBytes(numbers[i])]) : partition[i], 1);
            }
        }
    }

    /// <summary>Each partition's rows in order, a row of weight n n times.</summary>
    public static IEnumerable<List<NaiveRow>> Partitions(Schema schema, ImmutableArray<int> partition, ImmutableArray<SortColumn> order, IEnumerable<(NaiveRow Row, long Weight)> input)
    {
        ImmutableArray<SortColumn> total = [.. order.Where(o => o.Column >= 0), .. Enumerable.Range(0, schema.Count).Select(c => new SortColumn(c, false, true))];
        return input.SelectMany(r => Enumerable.Repeat(r.Row, (int)r.Weight))
            .GroupBy(r => new NaiveRow([.. partition.Select(p => r.Values[p])]).Key)
            .Select(g => g.Order(Comparer<NaiveRow>.Create((a, b) => Compare(schema, total, a, b))).ToList());
    }

    public static List<long> Numbers(Schema schema, ImmutableArray<SortColumn> order, List<NaiveRow> rows, RankKind kind)
    {
        var numbers = new List<long>();
        for (var i = 0; i < rows.Count; i++)
        {
            var isPeer = i > 0 && Compare(schema, order, rows[i - 1], rows[i]) == 0;
            numbers.Add(kind == RankKind.RowNumber || i == 0 ? i + 1 : isPeer ? numbers[^1] : kind == RankKind.Rank ? i + 1 : numbers[^1] + 1);
        }

        return numbers;
    }

    public static int Compare(Schema schema, ImmutableArray<SortColumn> order, NaiveRow left, NaiveRow right)
    {
        foreach (var column in order.Where(o => o.Column >= 0))
        {
            var (a, b) = (left.Values[column.Column], right.Values[column.Column]);
            if (a is null && b is null) continue;
            if (a is null || b is null) return a is null == column.NullsFirst ? -1 : 1;
            var compared = NaiveEvaluator.Compare(schema[column.Column], a, b);
            if (compared != 0) return column.IsDescending ? -compared : compared;
        }

        return 0;
    }
}
