using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Tests;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Aggregation.Tests;

public sealed class RelatedGroupsTests
{
    private static readonly PhysicalKind[] Rows = [PhysicalKind.Int32, PhysicalKind.View, PhysicalKind.Int64];
    private static readonly PhysicalKind[] Relation = [PhysicalKind.Int32, PhysicalKind.Int64];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_cut_gives_each_group_with_its_row_of_the_relation_and_taking_all_back_leaves_nothing(bool isByPart)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20; turn++)
        {
            // A relation of one row a key that changes all the time, and rows between, some of which are taken back.
            var relation = new Dictionary<int, long>();
            var kept = new List<object?[]>();
            var rows = new List<(int Port, object?[] Values, long Weight)>();
            for (var i = 0; i < 200; i++)
            {
                var key = random.Next(8);
                if (random.Next(3) > 0)
                {
                    object?[] row = [random.Next(8) == 0 ? null : key, "category " + random.Next(3) + (random.Next(2) == 0 ? "" : " of more bytes"), (long)random.Next(5)];
                    kept.Add(row);
                    rows.Add((0, row, 1));
                    if (random.Next(3) > 0) continue;
                    var back = random.Next(kept.Count);
                    rows.Add((0, kept[back], -1));
                    kept.RemoveAt(back);
                    continue;
                }

                if (relation.Remove(key, out var old)) rows.Add((1, [key, old], -1));
                if (random.Next(4) == 0) continue;
                relation[key] = random.Next(3);
                rows.Add((1, [key, relation[key]], 1));
            }

            using var both = new WithRelation(isByPart);
            var driver = new OperatorDriver(both);
            driver.Feed(random, [Rows, Relation], [.. rows]);
            var expected = kept.Where(r => r[0] is int k && relation.ContainsKey(k))
                .GroupBy(r => isByPart ? $"{r[0]}|{r[1]}" : $"{r[0]}")
                .Select(g => $"{g.Key}|{g.Count()}|{g.Sum(r => (long)r[2]!)}|{g.First()[0]}|{relation[(int)g.First()[0]!]} x+1").Order(StringComparer.Ordinal).ToList();
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            driver.Feed(random, [Rows, Relation], [.. kept.Select(r => (0, r, -1L))]);
            Assert.Empty(driver.Result);
            driver.Feed(random, [Rows, Relation], [.. relation.Select(r => (1, (object?[])[r.Key, r.Value], -1L))]);
            Assert.True(driver.Result.Count == 0 && both.StateRows == 0, $"random seed {seed}, turn {turn}: {both.StateRows} rows of state");
        }
    }

    [Fact]
    public void A_change_that_meets_many_groups_gives_each_of_them_once()
    {
        using var both = new WithRelation(isByPart: true);
        var driver = new OperatorDriver(both);
        driver.Step(0, (1, TestRows.Weighted(Relation, ([1, 10L], 1))), (0, TestRows.Weighted(Rows, [.. Enumerable.Range(0, 1000).Select(i => ((object?[])[1, $"category {i}", 1L], 1L))])));
        Assert.Equal(2000, driver.Step(0, (1, TestRows.Weighted(Relation, ([1, 10L], -1), ([1, 20L], 1)))).Count);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"1|category {i}|1|1|1|20 x+1").Order(StringComparer.Ordinal), driver.Result);
    }

    /// <summary>An aggregation, the join of its groups, and the operator that keeps the relation: as in a circuit.</summary>
    private sealed class WithRelation : Operator
    {
        private readonly SharedRelationOperator _relation;
        private readonly AggregateOperator _groups;
        private readonly RelatedGroupsOperator _join;
        private readonly Queue<Batch> _ready = new();

        public WithRelation(bool isByPart)
        {
            SqlType[] types = [SqlType.Int, SqlType.String, SqlType.BigInt];
            var spec = new AggregateSpec([.. types], isByPart ? [0, 1] : [0], [AggregateCall.CountStar("n"), new AggregateCall("s", AggregateKind.Sum, 2, SqlType.BigInt)], false) { FoundBy = [0] };
            var shared = new SharedRelation([SqlType.Int, SqlType.BigInt], [0], 3);
            _relation = new SharedRelationOperator(shared);
            _groups = new AggregateOperator(spec, 0, 3);
            _join = new RelatedGroupsOperator(new RelationJoinSpec([.. spec.Keys.Select(k => types[k]), SqlType.BigInt, SqlType.BigInt], [0], false, [SqlType.Int, SqlType.BigInt], [0]), shared, _groups);
        }

        public override long StateRows => _relation.StateRows + _groups.StateRows + _join.StateRows;

        public override void Accept(int port, Batch batch, StepContext step)
        {
            if (port == 0)
            {
                _groups.Accept(0, batch, step);
                return;
            }

            batch.AddReference();
            _relation.Accept(0, batch, step);
            _join.Accept(1, batch, step);
        }

        public override void EndOfInput(StepContext step, long watermark)
        {
            _groups.EndOfInput(step, watermark);
            while (_groups.Produce(step) is { } groups)
            {
                _join.Accept(0, groups, step);
                Drain(step);
            }

            _join.EndOfInput(step, watermark);
            Drain(step);
        }

        public override Batch? Produce(StepContext step) => _ready.TryDequeue(out var batch) ? batch : null;

        public override void EndOfStep()
        {
            _relation.EndOfStep();
            _groups.EndOfStep();
            _join.EndOfStep();
        }

        public override void Dispose()
        {
            _join.Dispose();
            _groups.Dispose();
            _relation.Dispose();
            base.Dispose();
        }

        private void Drain(StepContext step)
        {
            while (_join.Produce(step) is { } batch) _ready.Enqueue(batch);
        }
    }
}
