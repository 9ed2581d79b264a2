using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Circuits;

namespace Freshet.Dataflow.Tests.Circuits;

public sealed class CircuitTests
{
    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 100)]
    [InlineData(3, 50_000)]
    public void Every_row_reaches_the_share_of_its_key_exactly_once(int shares, int rows)
    {
        var seen = new KeySums[shares];
        var spec = new CircuitSpec([
            NodeSpec.Source("source"),
            new NodeSpec("keys", "", share => seen[share] = new KeySums(), [new InputSpec(0, EdgeSpec.Keyed(0, [0]))]),
        ]);
        using var circuit = new Circuit(spec, shares, seed: 7);
        var step = new StepContext();
        for (var n = 1; n <= 5; n++)
        {
            step.Begin(n, 0);
            circuit.Run(step, [.. Numbers(rows).Select(b => new SourceBatch(0, b))]);
        }

        var all = seen.SelectMany(s => s.Counts).ToList();
        Assert.Equal(rows, all.Count);
        Assert.All(all, pair => Assert.Equal(5, pair.Value));
        if (shares > 1) Assert.All(seen, share => Assert.NotEmpty(share.Counts));
    }

    [Fact]
    public void An_end_mark_carries_the_least_watermark_of_the_inputs()
    {
        var ends = new List<long>();
        var spec = new CircuitSpec([
            NodeSpec.Source("left"),
            NodeSpec.Source("right"),
            new NodeSpec("both", "", _ => new EndRecorder(ends), [new InputSpec(0, EdgeSpec.Local(0)), new InputSpec(1, EdgeSpec.Local(1))]),
        ]);
        using var circuit = new Circuit(spec, 1, seed: 7);
        var step = new StepContext();
        circuit.AdvanceWatermark(0, 50);
        step.Begin(1, 0);
        circuit.Run(step, []);
        circuit.AdvanceWatermark(1, 20);
        step.Begin(2, 0);
        circuit.Run(step, []);
        circuit.AdvanceWatermark(1, 90);
        step.Begin(3, 0);
        circuit.Run(step, []);
        Assert.Equal([Operator.NoWatermark, 20, 50], ends);
    }

    [Fact]
    public void An_idle_input_is_left_out_of_the_least_watermark()
    {
        var ends = new List<long>();
        var spec = new CircuitSpec([
            NodeSpec.Source("left"),
            NodeSpec.Source("right"),
            new NodeSpec("both", "", _ => new EndRecorder(ends), [new InputSpec(0, EdgeSpec.Local(0)), new InputSpec(1, EdgeSpec.Local(1))]),
        ]);
        using var circuit = new Circuit(spec, 1, seed: 7);
        var step = new StepContext();
        Run(left: 50, right: 20);
        Run(left: 50, right: 20, rightIdle: true);
        Run(left: 60, right: 20, leftIdle: true, rightIdle: true);
        Run(left: 70, right: 20, rightIdle: true);
        Run(left: 80, right: 30);
        Run(left: 90, right: 75);
        Run(left: Operator.EndWatermark, right: 75, rightIdle: true);
        Run(left: Operator.EndWatermark, right: Operator.EndWatermark);
        Assert.Equal([20, 50, 50, 70, 70, 75, 75, Operator.EndWatermark], ends);

        void Run(long left, long right, bool leftIdle = false, bool rightIdle = false)
        {
            circuit.AdvanceWatermark(0, left, leftIdle);
            circuit.AdvanceWatermark(1, right, rightIdle);
            step.Begin(ends.Count + 1, 0);
            circuit.Run(step, []);
        }
    }

    [Fact]
    public void After_the_first_a_step_visits_only_what_its_sources_reach()
    {
        var ends = new List<long>();
        var spec = new CircuitSpec([
            NodeSpec.Source("left"),
            NodeSpec.Source("right"),
            new NodeSpec("reads right", "", _ => new EndRecorder(ends), [new InputSpec(0, EdgeSpec.Local(1))]),
        ]);
        using var circuit = new Circuit(spec, 2, seed: 7);
        var step = new StepContext();
        step.Begin(1, 0);
        circuit.Run(step, []);
        Assert.Equal(2, ends.Count);
        step.Begin(2, 0);
        circuit.Run(step, [.. Numbers(10).Select(b => new SourceBatch(0, b))]);
        Assert.Equal(2, ends.Count);
    }

    [Fact]
    public void An_exception_of_an_operator_ends_the_step()
    {
        var spec = new CircuitSpec([
            NodeSpec.Source("source"),
            new NodeSpec("fails", "", _ => new Failing(), [new InputSpec(0, EdgeSpec.Keyed(0, [0]))]),
        ]);
        using var circuit = new Circuit(spec, 2, seed: 7);
        var step = new StepContext();
        step.Begin(1, 0);
        Assert.Throws<InvalidOperationException>(() => circuit.Run(step, [.. Numbers(20_000).Select(b => new SourceBatch(0, b))]));
    }

    /// <summary>The other workers wait for room in the slow share's queue, then for its marks: long enough to park.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parked_workers_are_woken_by_room_by_marks_and_by_a_failure(bool fails)
    {
        const int Shares = 3;
        var seen = new KeySums[Shares];
        var spec = new CircuitSpec([
            NodeSpec.Source("source"),
            new NodeSpec("fast", "", _ => new Passing(0, false), [new InputSpec(0, EdgeSpec.Local(0))]),
            new NodeSpec("slow", "", share => new Passing(share == 0 ? 2 : 0, fails && share == 0), [new InputSpec(0, EdgeSpec.Keyed(1, [0]))]),
            new NodeSpec("keys", "", share => seen[share] = new KeySums(), [new InputSpec(0, EdgeSpec.Keyed(2, [0]))]),
        ]);
        using var circuit = new Circuit(spec, Shares, seed: 7);
        var step = new StepContext();
        step.Begin(1, 0);
        var inputs = Numbers(100 * Batch.TypicalRows).Select(b => new SourceBatch(0, b)).ToArray();
        if (fails)
        {
            Assert.Throws<InvalidOperationException>(() => circuit.Run(step, inputs));
            return;
        }

        circuit.Run(step, inputs);
        Assert.Equal(100 * Batch.TypicalRows, seen.Sum(share => share.Counts.Count));
    }

    [Fact]
    public void A_reference_to_a_later_node_is_refused()
    {
        var spec = new CircuitSpec([new NodeSpec("early", "", _ => new Failing(), [new InputSpec(0, EdgeSpec.Local(1))]), NodeSpec.Source("late")]);
        Assert.Throws<ArgumentException>(() => new Circuit(spec, 1, 0).Dispose());
    }

    private static unsafe IEnumerable<Batch> Numbers(int rows)
    {
        var batches = new List<Batch>();
        for (var first = 0; first < rows; first += Batch.TypicalRows)
        {
            var count = Math.Min(Batch.TypicalRows, rows - first);
            var memory = BatchMemory.Create();
            var column = Column.Allocate(PhysicalKind.Int64, count, memory);
            for (var i = 0; i < count; i++) column.As<long>()[i] = first + i;
            batches.Add(new Batch(memory, [column], count));
        }

        return batches;
    }

    private sealed class KeySums : Operator
    {
        public Dictionary<long, int> Counts { get; } = [];

        public override unsafe void Accept(int port, Batch batch, StepContext step)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var key = batch.Columns[0].As<long>()[batch.RowAt(i)];
                Counts[key] = Counts.GetValueOrDefault(key) + 1;
            }

            batch.Release();
        }

        public override Batch? Produce(StepContext step) => null;
    }

    private sealed class EndRecorder(List<long> ends) : Operator
    {
        public override void Accept(int port, Batch batch, StepContext step) => batch.Release();

        public override Batch? Produce(StepContext step) => null;

        public override void EndOfInput(StepContext step, long watermark) => ends.Add(watermark);
    }

    /// <summary>Hands its input on after a pause; one that fails does so at the end of its input.</summary>
    private sealed class Passing(int pauseMs, bool fails) : Operator
    {
        private Batch? _batch;

        public override void Accept(int port, Batch batch, StepContext step)
        {
            Thread.Sleep(pauseMs);
            _batch = batch;
        }

        public override Batch? Produce(StepContext step)
        {
            var batch = _batch;
            _batch = null;
            return batch;
        }

        public override void EndOfInput(StepContext step, long watermark)
        {
            if (fails) throw new InvalidOperationException("bad operator");
        }
    }

    private sealed class Failing : Operator
    {
        public override void Accept(int port, Batch batch, StepContext step) => throw new InvalidOperationException("bad operator");

        public override Batch? Produce(StepContext step) => null;
    }
}
