using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tests;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Aggregation.Tests;

public sealed class AggregateTests
{
    private static readonly ImmutableArray<SqlType> Types =
    [
        SqlType.String, SqlType.BigInt, SqlType.Decimal(10, 2), SqlType.Double, SqlType.Boolean, SqlType.String,
    ];

    private static readonly PhysicalKind[] Kinds = [.. Types.Select(t => t.Physical)];

    [Fact]
    public void Counts_and_sums_of_groups_change_by_one_row_back_and_one_row_added()
    {
        var driver = Make([0], [AggregateCall.CountStar("n"), Call(AggregateKind.Sum, 1)]);
        Assert.Equal(["a|2|3 x+1", "b|1|NULL x+1"], driver.Step(Rows((["a", 1], 1), (["b", null], 1), (["a", 2], 1))));
        Assert.Equal(["a|2|3 x-1", "a|3|13 x+1"], driver.Step(Rows((["a", 10], 1))));
        Assert.Equal(["b|1|NULL x-1"], driver.Step(Rows((["b", null], -1))));
        Assert.Equal(1, driver.Operator.StateRows);
    }

    [Fact]
    public void A_group_whose_result_is_the_same_after_the_step_gives_nothing()
    {
        var driver = Make([0], [Call(AggregateKind.Sum, 1)]);
        driver.Step(Rows((["a", 1], 1)));
        Assert.Empty(driver.Step(Rows((["a", 5], 1)), Rows((["a", 5], -1))));
        Assert.Empty(driver.Step(Rows((["a", null], 1))));
        Assert.Empty(driver.Step(Rows((["z", 1], 1), (["z", 1], -1))));
        Assert.Equal(1, driver.Operator.StateRows);
    }

    [Fact]
    public void A_global_aggregate_has_its_row_from_the_first_step_and_keeps_it()
    {
        var driver = Make([], [AggregateCall.CountStar("n"), Call(AggregateKind.Sum, 1)]);
        Assert.Equal(["0|NULL x+1"], driver.Step());
        Assert.Empty(driver.Step());
        Assert.Equal(["0|NULL x-1", "1|4 x+1"], driver.Step(Rows((["a", 4], 1))));
        Assert.Equal(["1|4 x-1", "0|NULL x+1"], driver.Step(Rows((["a", 4], -1))));
    }

    [Fact]
    public void JSON_ARRAYAGG_under_retraction_is_ordered_by_its_items_alone()
    {
        var driver = Make([0], [new AggregateCall("a", AggregateKind.JsonArray, 5, SqlType.String)]);
        Assert.Equal(["a|[1,2,2] x+1"], driver.Step(Items(("a", "[2]", 2), ("a", "[1]", 1), ("a", "[]", 1))));
        Assert.Equal(["a|[1,2,2] x-1", "a|[2] x+1"], driver.Step(Items(("a", "[1]", -1), ("a", "[2]", -1))));
        Assert.Equal(["a|[2] x-1"], driver.Step(Items(("a", "[]", -1), ("a", "[2]", -1))));
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Only_share_0_owns_the_group_of_a_global_aggregate()
    {
        var driver = new OperatorDriver(new AggregateOperator(new(Types, [], [AggregateCall.CountStar("n")], false), 1, 5));
        Assert.Empty(driver.Step());
    }

    [Fact]
    public void Without_calls_it_is_DISTINCT()
    {
        var driver = Make([0, 1], []);
        Assert.Equal(["a|1 x+1", "NULL|NULL x+1"], driver.Step(Rows((["a", 1], 2), ([null, null], 1))));
        Assert.Empty(driver.Step(Rows((["a", 1], -1))));
        Assert.Equal(["a|1 x-1"], driver.Step(Rows((["a", 1], -1))));
    }

    [Fact]
    public void Averages_have_Flinks_types_and_rounding()
    {
        Assert.Equal(SqlType.Decimal(38, 6), AggregateCall.ResultTypeOf(AggregateKind.Avg, SqlType.Decimal(10, 2)));
        Assert.Equal(SqlType.Decimal(38, 2), AggregateCall.ResultTypeOf(AggregateKind.Sum, SqlType.Decimal(10, 2)));
        Assert.Equal(SqlType.Int, AggregateCall.ResultTypeOf(AggregateKind.Avg, SqlType.Int.NotNull));
        var driver = Make([], [Call(AggregateKind.Avg, 1), Call(AggregateKind.Avg, 2), Call(AggregateKind.Avg, 3)]);
        driver.Step(Rows((["a", -5, 100, 1.0], 1), (["a", -6, 100, 2.0], 1), (["a", 0, 1, 4.5], 1)));
        Assert.Equal(["-3|670000|2.5 x+1"], driver.Result);
        driver.Step(Rows((["a", 0, 1, 4.5], -1), (["a", null, -1, null], 1)));
        Assert.Equal(["-5|663333|1.5 x+1"], driver.Result);
    }

    [Fact]
    public void A_sum_out_of_range_is_NULL_with_an_error_row_and_comes_back()
    {
        var driver = Make([0], [Call(AggregateKind.Sum, 1)]);
        driver.Step(Rows((["a", long.MaxValue], 1), (["a", 1], 1)));
        Assert.Equal(["a|NULL x+1"], driver.Result);
        Assert.Equal(["r0|9223372036854775808|The result does not fit BIGINT; cast the argument to a wider type. x+1"], driver.Side(0));
        driver.Step(Rows((["a", 1], -1)));
        Assert.Equal(["a|9223372036854775807 x+1"], driver.Result);
        Assert.Empty(driver.Side(0));
    }

    [Fact]
    public void Sums_of_doubles_are_exact_and_cancel()
    {
        var driver = Make([0], [Call(AggregateKind.Sum, 3)]);
        driver.Step(Rows((["a", 0, 0, 1e100], 1), (["a", 0, 0, 0.1], 1), (["a", 0, 0, 0.2], 3)));
        driver.Step(Rows((["a", 0, 0, 1e100], -1)));
        Assert.Equal(["a|0.7000000000000001 x+1"], driver.Result);
        driver.Step(Rows((["a", 0, 0, double.NaN], 1), (["a", 0, 0, double.MaxValue], 1000)));
        Assert.Equal(["a|NaN x+1"], driver.Result);
        Assert.Equal(2, driver.Operator.StateRows);
        driver.Step(Rows((["a", 0, 0, double.NaN], -1), (["a", 0, 0, double.MaxValue], -1000)));
        Assert.Equal(["a|0.7000000000000001 x+1"], driver.Result);
        driver.Step(Rows((["a", 0, 0, 0.1], -1), (["a", 0, 0, 0.2], -3)));
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Filters_and_distinct_values_count_as_they_should()
    {
        ImmutableArray<AggregateCall> calls =
        [
            AggregateCall.CountStar("n", filter: 4),
            new("d", AggregateKind.Count, 5, SqlType.String, IsDistinct: true),
            new("s", AggregateKind.Sum, 1, SqlType.BigInt, Filter: 4, IsDistinct: true),
        ];
        var driver = Make([0], calls);
        driver.Step(Rows((["a", 7, null, null, true, "x"], 1), (["a", 7, null, null, true, "x"], 1), (["a", 9, null, null, false, "y"], 1), (["a", 3, null, null, null, null], 1)));
        Assert.Equal(["a|2|2|7 x+1"], driver.Result);
        driver.Step(Rows((["a", 7, null, null, true, "x"], -1), (["a", 9, null, null, false, "y"], -1)));
        Assert.Equal(["a|1|1|7 x+1"], driver.Result);
        driver.Step(Rows((["a", 7, null, null, true, "x"], -1), (["a", 3, null, null, null, null], -1)));
        Assert.Empty(driver.Result);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Any_cut_gives_the_result_of_a_naive_evaluation_and_taking_all_back_leaves_nothing()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 30; turn++)
        {
            var rows = RandomInput(random, 400);
            var expected = Naive(rows);
            var driver = MakeAll();
            driver.Feed(random, Kinds, rows);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\n{string.Join('\n', driver.Result.Except(expected))}");
            var back = rows.Select(r => (r.Values, -r.Weight)).ToArray();
            Array.Reverse(back);
            driver.Feed(random, Kinds, back);
            Assert.True(driver.Result.Count == 0 && driver.Operator.StateRows == 0, $"random seed {seed}, turn {turn}: {driver.Operator.StateRows} rows of state");
        }
    }

    [Fact]
    public void Extremes_follow_when_the_best_value_is_taken_back()
    {
        var driver = Make([0], [Call(AggregateKind.Min, 5), Call(AggregateKind.Max, 3)]);
        driver.Step(Rows((["a", 0, 0, 1.5, null, "a long text, number 1"], 1), (["a", 0, 0, double.NaN, null, "a long text, number 0"], 1), (["a", 0, 0, -0.0, null, null], 1)));
        Assert.Equal(["a|a long text, number 0|NaN x+1"], driver.Result);
        driver.Step(Rows((["a", 0, 0, double.NaN, null, "a long text, number 0"], -1)));
        Assert.Equal(["a|a long text, number 1|1.5 x+1"], driver.Result);
        driver.Step(Rows((["a", 0, 0, 1.5, null, "a long text, number 1"], -1)));
        Assert.Equal(["a|NULL|-0 x+1"], driver.Result);
        driver.Step(Rows((["a", 0, 0, -0.0, null, null], -1)));
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Extremes_of_an_append_only_input_need_one_value()
    {
        var driver = new OperatorDriver(new AggregateOperator(new(Types, [0], [Call(AggregateKind.Min, 5), Call(AggregateKind.Max, 1)], true), 0, 1));
        for (var i = 0; i < 50; i++) driver.Step(Rows((["a", i % 20, 0, 0.0, null, "a long text, number " + (99 - i)], 1)));
        Assert.Equal(["a|a long text, number 50|19 x+1"], driver.Result);
        Assert.Equal(1, driver.Operator.StateRows);
    }

    [Fact]
    public void Distinct_values_of_an_append_only_input_are_those_of_a_counted_one_in_any_cut()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        ImmutableArray<AggregateCall> calls =
        [
            Distinct(1, AggregateCall.NoColumn), Distinct(1, 4), new("s", AggregateKind.Sum, 1, SqlType.BigInt, Filter: 4, IsDistinct: true),
            Distinct(4, AggregateCall.NoColumn), Distinct(5, 4), Distinct(3, AggregateCall.NoColumn),
        ];
        for (var turn = 0; turn < 20; turn++)
        {
            var rows = RandomInput(random, 300).Where(r => r.Weight > 0).ToArray();
            var counted = Make([0], calls);
            counted.Feed(random, Kinds, rows);
            var seen = new OperatorDriver(new AggregateOperator(new AggregateSpec(Types, [0], calls, true), 0, 8));
            seen.Feed(random, Kinds, rows);
            Assert.True(counted.Result.SequenceEqual(seen.Result), $"random seed {seed}, turn {turn}");
            Assert.True(seen.Operator.StateRows < counted.Operator.StateRows, "one entry serves all filters of an argument");
        }

        static AggregateCall Distinct(int column, int filter) => new("d", AggregateKind.Count, column, Types[column], filter, IsDistinct: true);
    }

    [Fact]
    public void The_order_of_output_does_not_depend_on_the_seed()
    {
        var rows = RandomInput(new Random(4), 300);
        var first = new OperatorDriver(new AggregateOperator(AllSpec, 0, 1)).Step(TestRows.Weighted(Kinds, rows));
        var second = new OperatorDriver(new AggregateOperator(AllSpec, 0, 2)).Step(TestRows.Weighted(Kinds, rows));
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var rows = Enumerable.Range(0, 4000).Select(i => new object?[] { "key " + i % 1000, i, i, i / 10.0, true, "x" }).ToArray();
        Allocation.AssertSteady(new AggregateOperator(new(Types, [0], [AggregateCall.CountStar("n"), Call(AggregateKind.Sum, 1), Call(AggregateKind.Sum, 3)], true), 0, 3), () => TestRows.Of(Kinds, rows), 4000);
    }

    private static AggregateSpec AllSpec { get; } = new(
        Types,
        [0, 4],
        [
            AggregateCall.CountStar("n"),
            Call(AggregateKind.Count, 1), Call(AggregateKind.Sum, 1), Call(AggregateKind.Avg, 2), Call(AggregateKind.Sum, 3),
            new("d", AggregateKind.Count, 5, SqlType.String, IsDistinct: true),
            new("e", AggregateKind.Sum, 1, SqlType.BigInt, Filter: 4, IsDistinct: true),
            Call(AggregateKind.Min, 5), Call(AggregateKind.Max, 1),
        ],
        false);

    private static OperatorDriver MakeAll() => new(new AggregateOperator(AllSpec, 0, 99));

    private static OperatorDriver Make(ImmutableArray<int> keys, ImmutableArray<AggregateCall> calls) =>
        new(new AggregateOperator(new AggregateSpec(Types, keys, calls, false), 0, 7));

    private static AggregateCall Call(AggregateKind function, int column) => new("r0", function, column, Types[column]);

    private static Freshet.Columns.Batch Rows(params (object?[] Values, long Weight)[] rows) =>
        TestRows.Weighted(Kinds, [.. rows.Select(r => ((object?[])[.. r.Values, .. new object?[Kinds.Length - r.Values.Length]], r.Weight))]);

    private static Freshet.Columns.Batch Items(params (string Group, string Item, long Weight)[] rows) =>
        Rows([.. rows.Select(r => ((object?[])[r.Group, null, null, null, null, r.Item], r.Weight))]);

    /// <summary>Rows with small weights; each row that is taken back was added before.</summary>
    private static (object?[] Values, long Weight)[] RandomInput(Random random, int count)
    {
        var rows = new List<(object?[], long)>();
        while (rows.Count < count)
        {
            if (rows.Count > 0 && random.Next(4) == 0 && rows[random.Next(rows.Count)] is var (values, weight) && weight > 0 && rows.Count(r => ReferenceEquals(r.Item1, values)) == 1)
            {
                rows.Add((values, -weight));
                continue;
            }

            rows.Add((
                [
                    random.Next(8) == 0 ? null : "a group with a long name " + random.Next(6),
                    random.Next(5) == 0 ? null : random.Next(-20, 20),
                    random.Next(5) == 0 ? null : random.Next(-1000, 1000),
                    random.Next(5) == 0 ? null : random.Next(-1000, 1000) * 0.01 * Math.Pow(10, random.Next(random.Next(10) == 0 ? 30 : 4)),
                    random.Next(3) == 0 ? null : random.Next(2) == 0,
                    random.Next(5) == 0 ? null : "value " + random.Next(9),
                ],
                random.Next(5) == 0 ? random.Next(1, 5) : 1));
        }

        return [.. rows];
    }

    private static List<string> Naive((object?[] Values, long Weight)[] rows)
    {
        var result = new List<string>();
        foreach (var group in rows.GroupBy(r => TestRows.Text(r.Values[0]) + "|" + TestRows.Text(r.Values[4])))
        {
            var count = group.Sum(r => r.Weight);
            if (count == 0) continue;
            var numbers = group.Where(r => r.Values[1] is not null).Select(r => (Value: (int)r.Values[1]!, r.Weight)).ToList();
            var decimals = group.Where(r => r.Values[2] is not null).Select(r => (Value: (int)r.Values[2]!, r.Weight)).ToList();
            var doubles = group.Where(r => r.Values[3] is not null).Select(r => (Value: (double)r.Values[3]!, r.Weight)).ToList();
            var distinct = group.Where(r => r.Values[5] is not null).GroupBy(r => r.Values[5]).Count(g => g.Sum(r => r.Weight) > 0);
            var filtered = group.Where(r => r.Values[4] is true && r.Values[1] is not null).GroupBy(r => (int)r.Values[1]!).Where(g => g.Sum(r => r.Weight) > 0).ToList();
            var nonNull = numbers.Sum(n => n.Weight);
            var decimalCount = decimals.Sum(n => n.Weight);
            result.Add(string.Join("|",
                group.Key,
                count,
                nonNull,
                nonNull == 0 ? "NULL" : numbers.Sum(n => n.Value * n.Weight),
                decimalCount == 0 ? "NULL" : Average(decimals.Sum(n => n.Value * n.Weight), decimalCount),
                doubles.Sum(n => n.Weight) == 0 ? "NULL" : TestRows.Text(ExactSum(doubles)),
                distinct,
                filtered.Count == 0 ? "NULL" : filtered.Sum(g => g.Key),
                Present(group, 5).Min(StringComparer.Ordinal) ?? "NULL",
                nonNull == 0 ? "NULL" : numbers.GroupBy(n => n.Value).Where(g => g.Sum(n => n.Weight) > 0).Max(g => g.Key)) + " x+1");
        }

        return [.. result.Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string?> Present(IEnumerable<(object?[] Values, long Weight)> group, int column) =>
        group.Where(r => r.Values[column] is not null).GroupBy(r => (string)r.Values[column]!).Where(g => g.Sum(r => r.Weight) > 0).Select(g => g.Key);

    private static string Average(long sum, long count) =>
        ((long)Math.Round(sum * 10000m / count, MidpointRounding.AwayFromZero)).ToString(CultureInfo.InvariantCulture);

    /// <summary>The sum in units of 2^-1074, rounded as a quotient of whole numbers.</summary>
    private static double ExactSum(List<(double Value, long Weight)> values)
    {
        var exact = BigInteger.Zero;
        foreach (var (value, weight) in values)
        {
            var bits = BitConverter.DoubleToInt64Bits(value);
            var exponent = (int)(bits >> 52 & 0x7FF);
            if (exponent == 0) continue;
            var mantissa = bits & (1L << 52) - 1 | 1L << 52;
            exact += new BigInteger(value < 0 ? -mantissa : mantissa) * weight << exponent - 1;
        }

        if (exact.IsZero) return 0;
        var size = BigInteger.Abs(exact);
        var cut = Math.Max((int)size.GetBitLength() - 53, 0);
        var kept = size >> cut;
        var rest = size - (kept << cut);
        var half = cut == 0 ? BigInteger.One : BigInteger.One << cut - 1;
        if (rest > half || (rest == half && !kept.IsEven)) kept++;
        return exact.Sign * Math.ScaleB((double)kept, cut - 1074);
    }
}
