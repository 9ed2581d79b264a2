using System.Collections.Immutable;
using System.Globalization;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tests;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Aggregation.Tests;

/// <summary>Variances, lists, first and last values, percentiles: any cut against a model, and nothing left when all is taken back.</summary>
public sealed class AccumulatorTests
{
    private const int Position = 1;

    private static readonly ImmutableArray<SqlType> Types =
    [
        SqlType.String, SqlType.Decimal(38, 0).NotNull, SqlType.String, SqlType.BigInt, SqlType.Double, SqlType.Decimal(20, 2), SqlType.String, SqlType.Boolean,
    ];

    private static readonly PhysicalKind[] Kinds = [.. Types.Select(t => t.Physical)];

    private static readonly (string Name, AggregateCall Call, Func<List<Row>, string> Model)[] Cases =
    [
        ("first text", Call(AggregateKind.First, 2), rows => Present(rows, r => r.Text).FirstOrDefault() ?? "NULL"),
        ("last text", Call(AggregateKind.Last, 2), rows => Present(rows, r => r.Text).LastOrDefault() ?? "NULL"),
        ("first number", Call(AggregateKind.First, 3), rows => Text(rows.FirstOrDefault(r => r.Number is not null)?.Number)),
        ("last double", Call(AggregateKind.Last, 4), rows => Text(rows.LastOrDefault(r => r.Double is not null)?.Double)),
        ("list", Call(AggregateKind.List, 2) with { Parameter = "; " }, rows => List(Present(rows, r => r.Text), "; ")),
        ("distinct list", Call(AggregateKind.List, 2, distinct: true) with { Parameter = "," }, rows => List(Present(rows, r => r.Text).Distinct(), ",")),
        ("array", Call(AggregateKind.Array, 6), rows => rows.Count == 0 ? "NULL" : $"[{string.Join(',', rows.Select(r => r.Item[1..^1]))}]"),
        ("collect", Call(AggregateKind.Collect, 6), rows => $"[{string.Join(',', rows.Select(r => r.Item[1..^1]).Order(StringComparer.Ordinal))}]"),
        ("filtered list", Call(AggregateKind.List, 2, filter: 7) with { Parameter = "" }, rows => List(Present(rows.Where(r => r.Flag == true), r => r.Text), "")),
        ("count of two", new AggregateCall("n", AggregateKind.Count, [2, 3], [Types[2], Types[3]], SqlType.BigInt.NotNull, -1, false), rows => Text(rows.Count(r => r.Text is not null && r.Number is not null))),
        ("distinct count of two", new AggregateCall("n", AggregateKind.Count, [2, 3], [Types[2], Types[3]], SqlType.BigInt.NotNull, -1, true), rows => Text(rows.Where(r => r.Text is not null && r.Number is not null).DistinctBy(r => (r.Text, r.Number)).Count())),
        ("sum or zero", Call(AggregateKind.SumZero, 3), rows => Text(rows.Sum(r => r.Number ?? 0))),
        ("variance", Call(AggregateKind.VarPop, 3), rows => Variance(rows.Select(r => r.Number), false)),
        ("sample variance", Call(AggregateKind.VarSamp, 3), rows => Variance(rows.Select(r => r.Number), true)),
        ("distinct sample variance", Call(AggregateKind.VarSamp, 3, distinct: true), rows => Variance(rows.Select(r => r.Number).Distinct(), true)),
        ("median", Call(AggregateKind.Percentile, 4) with { Parameter = "0.5" }, rows => Median([.. rows.Where(r => r.Double is not null).Select(r => r.Double!.Value).Order()])),
    ];

    private sealed record Row(string Group, Int128 Position, string? Text, long? Number, double? Double, string Item, bool? Flag)
    {
        public object?[] Values => [Group, Position, Text, Number, Double, null, Item, Flag];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_cut_gives_what_the_model_gives_and_taking_all_back_leaves_nothing(bool appendOnly)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20; turn++)
        {
            var kept = new List<Row>();
            var input = new List<(object?[], long)>();
            for (var i = 0; i < 200; i++)
            {
                if (!appendOnly && kept.Count > 0 && random.Next(3) == 0)
                {
                    var gone = kept[random.Next(kept.Count)];
                    kept.Remove(gone);
                    input.Add((gone.Values, -1));
                    continue;
                }

                // Rows of different partitions come out of the order of their positions.
                var row = new Row(
                    "group " + random.Next(4), ((Int128)random.Next(3) << 80) + i, random.Next(4) == 0 ? null : "a text of the length " + random.Next(8),
                    random.Next(4) == 0 ? null : random.Next(-9, 9), random.Next(4) == 0 ? null : random.Next(-20, 20) / 4.0, $"[{random.Next(5)}]", random.Next(3) == 0 ? null : random.Next(2) == 0);
                kept.Add(row);
                input.Add((row.Values, 1));
            }

            var driver = Make(appendOnly, [.. Cases.Select(c => c.Call)]);
            driver.Feed(random, Kinds, [.. input]);
            var expected = kept.GroupBy(r => r.Group).Select(g => $"{g.Key}|{string.Join('|', Cases.Select(c => c.Model([.. g.OrderBy(r => r.Position)])))} x+1").Order(StringComparer.Ordinal).ToList();
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\n---\n{string.Join('\n', driver.Result.Except(expected))}");
            if (appendOnly) continue;
            driver.Feed(random, Kinds, [.. kept.OrderBy(_ => random.Next()).Select(r => (r.Values, -1L))]);
            Assert.True(driver.Result.Count == 0 && driver.Operator.StateRows == 0, $"random seed {seed}, turn {turn}: {driver.Operator.StateRows} rows of state");
        }
    }

    [Fact]
    public void Variances_of_doubles_are_exact_and_cancel()
    {
        AggregateKind[] functions = [AggregateKind.VarPop, AggregateKind.VarSamp, AggregateKind.StddevPop, AggregateKind.StddevSamp];
        var driver = Make(false, [.. functions.Select(f => Call(f, 4))]);
        driver.Step(Rows((1e9 + 1, 1), (1e9 + 2, 1), (1e9 + 4, 1), (1e300, 1)));
        driver.Step(Rows((1e300, -1)));
        Assert.Equal([FormattableString.Invariant($"a|{14 / 9.0:R}|{14 / 6.0:R}|{Math.Sqrt(14 / 9.0):R}|{Math.Sqrt(14 / 6.0):R} x+1")], driver.Result);
        driver.Step(Rows((1e9 + 1, -1), (1e9 + 2, -1)));
        Assert.Equal(["a|0|NULL|0|NULL x+1"], driver.Result);
        driver.Step(Rows((double.NaN, 1)));
        Assert.Equal(["a|NaN|NaN|NaN|NaN x+1"], driver.Result);
        driver.Step(Rows((double.NaN, -1), (1e9 + 4, -1)));
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Variances_of_integers_are_cut_and_of_decimals_rounded_as_in_Flink()
    {
        var driver = Make(false, [Call(AggregateKind.StddevPop, 3), Call(AggregateKind.VarSamp, 3), Call(AggregateKind.StddevPop, 5), Call(AggregateKind.StddevSamp, 5), Call(AggregateKind.VarPop, 5), Call(AggregateKind.VarSamp, 5)]);
        object?[] Of(long number, int cents) => ["a", (Int128)0, null, number, null, (Int128)cents, "[]", null];
        driver.Step(TestRows.Of(Kinds, Of(16, 27), Of(32, 28), Of(47, 39)));
        Assert.Equal(["a|12|240|54365|66583|2956|4433 x+1"], driver.Result);
    }

    [Fact]
    public void More_than_one_row_is_an_error_of_SINGLE_VALUE_that_heals()
    {
        var driver = Make(false, [Call(AggregateKind.Single, 2)]);
        object?[] Of(string? text) => ["a", (Int128)0, text, null, null, null, "[]", null];
        Assert.Equal(["a|NULL x+1"], driver.Step(TestRows.Of(Kinds, Of(null))));
        driver.Step(TestRows.Of(Kinds, Of("x")));
        Assert.Equal(["a|NULL x+1"], driver.Result);
        Assert.Single(driver.Side(0));
        driver.Step(TestRows.Weighted(Kinds, (Of(null), -1)));
        Assert.Equal(["a|x x+1"], driver.Result);
        Assert.Empty(driver.Side(0));
    }

    [Fact]
    public void A_key_that_comes_twice_is_an_error_of_JSON_OBJECTAGG()
    {
        var driver = Make(false, [Call(AggregateKind.JsonObject, 6)]);
        object?[] Of(string item) => ["a", (Int128)0, null, null, null, null, item, null];
        Assert.Equal(["a|{\"a\":1,\"b\":null} x+1"], driver.Step(TestRows.Of(Kinds, Of("{\"b\":null}"), Of("{\"a\":1}"), Of("{}"))));
        driver.Step(TestRows.Of(Kinds, Of("{\"a\":2}")));
        Assert.Equal(["a|NULL x+1"], driver.Result);
        Assert.Single(driver.Side(0));
        driver.Step(TestRows.Weighted(Kinds, (Of("{\"a\":1}"), -1)));
        Assert.Equal(["a|{\"a\":2,\"b\":null} x+1"], driver.Result);
    }

    private static Freshet.Columns.Batch Rows(params (double Value, long Weight)[] rows) =>
        TestRows.Weighted(Kinds, [.. rows.Select(r => ((object?[])["a", (Int128)0, null, null, r.Value, null, "[]", null], r.Weight))]);

    private static OperatorDriver Make(bool appendOnly, ImmutableArray<AggregateCall> calls) =>
        new(new AggregateOperator(new AggregateSpec(Types, [0], calls, appendOnly) { Position = [Position] }, 0, 3));

    private static AggregateCall Call(AggregateKind function, int column, int filter = -1, bool distinct = false) => new("r", function, column, Types[column], filter, distinct);

    private static IEnumerable<T> Present<T>(IEnumerable<Row> rows, Func<Row, T?> value)
        where T : class => rows.Select(value).OfType<T>();

    private static string List(IEnumerable<string> texts, string separator) => texts.Any() ? string.Join(separator, texts) : "NULL";

    private static string Text(object? value) => TestRows.Text(value);

    private static string Variance(IEnumerable<long?> numbers, bool isSample)
    {
        var values = numbers.OfType<long>().ToList();
        if (values.Count < (isSample ? 2 : 1)) return "NULL";
        var sum = values.Sum();
        return ((values.Count * values.Sum(v => v * v) - sum * sum) / (values.Count * (values.Count - (isSample ? 1L : 0)))).ToString(CultureInfo.InvariantCulture);
    }

    private static string Median(List<double> values) => values.Count == 0 ? "NULL" : Text((values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2);
}
