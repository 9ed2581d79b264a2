using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Joins;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Joins;

public sealed class RelationJoinTests
{
    private static readonly PhysicalKind[] Left = [PhysicalKind.Int32, PhysicalKind.View];
    private static readonly PhysicalKind[] Right = [PhysicalKind.Int32, PhysicalKind.Int64];

    [Fact]
    public void A_change_of_the_relation_meets_what_the_step_has_left_of_the_rows()
    {
        using var both = new WithRelation();
        var driver = new OperatorDriver(both);
        Assert.Equal(["1|a|1|10 x+1"], driver.Step(0, (0, Rows(Left, ([1, "a"], 1), ([null, "x"], 1))), (1, Rows(Right, ([1, 10L], 1)))));
        // The row that comes meets the relation before the step too, and loses it again.
        Assert.Equal(5, driver.Step(0, (1, Rows(Right, ([1, 10L], -1), ([1, 20L], 1))), (0, Rows(Left, ([1, "b"], 1)))).Count);
        Assert.Equal(["1|a|1|20 x+1", "1|b|1|20 x+1"], driver.Result);
    }

    [Fact]
    public void A_change_that_meets_many_rows_gives_each_of_them_once()
    {
        using var both = new WithRelation();
        var driver = new OperatorDriver(both);
        driver.Step(0, (1, Rows(Right, ([1, 10L], 1))), (0, Rows(Left, [.. Enumerable.Range(0, 1000).Select(i => ((object?[])[1, $"row {i}"], 1L))])));
        Assert.Equal(2000, driver.Step(0, (1, Rows(Right, ([1, 10L], -1), ([1, 20L], 1)))).Count);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"1|row {i}|1|20 x+1").Order(StringComparer.Ordinal), driver.Result);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_cut_gives_the_pairs_that_are_left_and_taking_all_back_leaves_nothing(bool isAppendOnly)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20; turn++)
        {
            // A relation of one row a key that changes all the time, and left rows between.
            var relation = new Dictionary<int, long>();
            var rows = new List<(int Port, object?[] Values, long Weight)>();
            for (var i = 0; i < 150; i++)
            {
                var key = random.Next(12);
                if (random.Next(2) == 0)
                {
                    rows.Add((0, [random.Next(8) == 0 ? null : key, "t" + random.Next(3) + (random.Next(2) == 0 ? "" : " and more than twelve bytes")], 1));
                    continue;
                }

                if (relation.Remove(key, out var old)) rows.Add((1, [key, old], -1));
                if (random.Next(4) == 0) continue;
                relation[key] = random.Next(3);
                rows.Add((1, [key, relation[key]], 1));
            }

            using var both = new WithRelation(isAppendOnly);
            var driver = new OperatorDriver(both);
            driver.Feed(random, [Left, Right], [.. rows]);
            var expected = rows.Where(r => r.Port == 0 && r.Values[0] is int k && relation.ContainsKey(k))
                .GroupBy(r => string.Join('|', ((object?[])[.. r.Values, r.Values[0], relation[(int)r.Values[0]!]]).Select(TestRows.Text))).Select(g => $"{g.Key} x+{g.Sum(r => r.Weight)}").Order(StringComparer.Ordinal).ToList();
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            driver.Feed(random, [Left, Right], [.. relation.Select(r => (1, (object?[])[r.Key, r.Value], -1L))]);
            Assert.Empty(driver.Result);
            if (isAppendOnly) continue;
            driver.Feed(random, [Left, Right], [.. rows.Where(r => r.Port == 0).Select(r => (0, r.Values, -r.Weight))]);
            Assert.True(driver.Result.Count == 0 && both.StateRows == 0, $"random seed {seed}, turn {turn}: {both.StateRows} rows of state");
        }
    }

    private static Batch Rows(PhysicalKind[] kinds, params (object?[] Values, long Weight)[] rows) => TestRows.Weighted(kinds, rows);

    /// <summary>The join, and the operator that keeps its relation, over the same changes.</summary>
    private sealed class WithRelation : Operator
    {
        private readonly SharedRelationOperator _relation;
        private readonly RelationJoinOperator _join;

        public WithRelation(bool isAppendOnly = false)
        {
            var spec = new RelationJoinSpec([SqlType.Int, SqlType.String], [0], isAppendOnly, [SqlType.Int, SqlType.BigInt], [0]);
            var shared = new SharedRelation(spec.RightTypes, spec.RightKeys, 3);
            _relation = new SharedRelationOperator(shared);
            _join = new RelationJoinOperator(spec, shared, 3);
        }

        public override long StateRows => _relation.StateRows + _join.StateRows;

        public override void Accept(int port, Batch batch, StepContext step)
        {
            if (port == 1)
            {
                batch.AddReference();
                _relation.Accept(0, batch, step);
            }

            _join.Accept(port, batch, step);
        }

        public override void EndOfInput(StepContext step, long watermark) => _join.EndOfInput(step, watermark);

        public override Batch? Produce(StepContext step) => _join.Produce(step);

        public override void EndOfStep()
        {
            _relation.EndOfStep();
            _join.EndOfStep();
        }

        public override void Dispose()
        {
            _join.Dispose();
            _relation.Dispose();
            base.Dispose();
        }
    }
}
