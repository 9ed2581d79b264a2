using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Engine.Planning;
using Freshet.Engine.Sources;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Engine.Steps;

/// <summary>From a finished plan to a runner that has done its first step: the one without input, in which constants enter.</summary>
internal static class RunnerFactory
{
    public static StepRunner Create(CircuitBuilder builder, PipelineOptions options, Func<SourceNode, ImmutableArray<ScanColumn>, IRowSource> createSource)
    {
        var specs = builder.Sources.Select(source =>
        {
            var plan = ColumnPlan.Of(source);
            var rows = createSource(source, plan.Physical);
            var onEveryRow = source.Table.Option("scan.watermark.emit.strategy", "on-periodic") == "on-event";
            var idleTimeout = Durations.TryParse(source.Table.Option("scan.watermark.idle-timeout", ""), out var timeout) ? timeout : TableInputSpec.DefaultIdleTimeoutMicros;
            return new TableInputSpec(rows, source.Node, plan.Output, plan.RowTime, plan.Watermark, onEveryRow, source.Order, source.Columns.Length) { IdleTimeoutMicros = idleTimeout, TellsWatermarks = source.TellsWatermarks };
        }).ToList();
        // Tables over one topic become idle together: when the last of them would.
        var inputs = specs.Select(spec => new TableInput(spec with { IdleTimeoutMicros = specs.Where(s => s.Source.Name == spec.Source.Name && s.Watermark is not null).Select(s => s.IdleTimeoutMicros).DefaultIfEmpty().Max() })).ToArray();
        var circuit = new Circuit(builder.Build(), Math.Max(1, options.Workers), options.HashSeed);
        foreach (var constant in builder.Constants) circuit.AdvanceWatermark(constant.Node, Operator.EndWatermark);
        var step = new StepContext();
        step.Begin(StepRunner.FirstStep, 0);
        circuit.BeforeBatch = options.Watch?.Invoke(circuit);
        var runner = new StepRunner(circuit, inputs) { Memory = new MemoryBudget(options.StateBytesMax, builder.Titles) };
        try
        {
            circuit.Run(step, [.. builder.Constants.Select(c => new SourceBatch(c.Node, Rows(c)))]);
            return runner;
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    /// <summary>The rows of VALUES, computed.</summary>
    private static unsafe Batch Rows(ConstantNode node)
    {
        var values = node.Values;
        var memory = BatchMemory.Create();
        var context = new EvaluationContext();
        var rows = values.Rows.Length;
        var columns = new Column[values.Schema.Count];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = Column.Allocate(values.Schema[c].Physical, rows, memory);
            columns[c].Validity = memory.AllocateBits(rows, true);
        }

        var empty = new Batch(memory, [], 1);
        context.Begin(empty, memory);
        for (var row = 0; row < rows; row++)
        {
            for (var c = 0; c < columns.Length; c++)
            {
                var value = values.Rows[row][c].Lower().Evaluate(context);
                if (value.IsNull(0))
                {
                    columns[c].SetNull(row);
                    continue;
                }

                var width = value.Kind.WidthBytes();
                Buffer.MemoryCopy(value.Values, (byte*)columns[c].Values + (long)row * width, width, width);
            }
        }

        if (!node.HasPosition) return new Batch(memory, columns, rows);
        var positions = Column.Allocate(PhysicalKind.Int128, rows, memory);
        for (var row = 0; row < rows; row++) positions.As<Int128>()[row] = row;
        return new Batch(memory, [.. columns, positions], rows);
    }
}
