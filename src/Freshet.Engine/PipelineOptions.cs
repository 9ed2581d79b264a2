namespace Freshet.Engine;

/// <summary>How a pipeline runs.</summary>
public sealed record PipelineOptions
{
    /// <summary>Shares of the keys, and the most threads of a step.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How far the watermark of <c>events</c> stays behind the highest event time, ms.</summary>
    public long EventsWatermarkDelayMs { get; init; } = 10_000;

    /// <summary>The topic <c>events</c> has a retention, so that no view may read it.</summary>
    public bool EventsAreCut { get; init; }

    /// <summary>Relative paths of the SQL are taken from here.</summary>
    public string Folder { get; init; } = Environment.CurrentDirectory;

    /// <summary>Where connector <c>print</c> writes.</summary>
    public TextWriter Output { get; init; } = TextWriter.Null;

    /// <summary>Functions that the program gives to SQL.</summary>
    public Functions.FunctionSet Functions { get; init; } = new();

    /// <summary>Makes what a layer above the engine adds to a project's catalogue; called once for each project that is bound.</summary>
    public Func<Sql.Binding.ICatalogLayer>? Layer { get; init; }

    /// <summary>Spreads keys over shares; never shows in a result.</summary>
    public ulong HashSeed { get; init; } = 0x5eed_f4e5;

    /// <summary>Rows and bytes of one step at most.</summary>
    public Steps.StepBudget Budget { get; init; } = Steps.StepBudget.Default;

    /// <summary>Bytes of state of the whole process at most; beyond it the engine stops and names the operator that keeps most. 0: no bound.</summary>
    public long StateBytesMax { get; init; }

    /// <summary>Bytes that one ad-hoc query may hold; beyond them it ends with an error. 0: no bound.</summary>
    public long QueryBytesMax { get; init; }

    /// <summary>Makes what a bounded run calls between two batches, of which an exception breaks it off.</summary>
    internal Func<Dataflow.Circuits.Circuit, Action>? Watch { get; init; }

    /// <summary>Takes the rows of every INSERT INTO of a bounded run in the place of its table; for runs that only look at them.</summary>
    internal Func<Columns.Schema, Sinks.IRowSink>? Sink { get; init; }

    /// <summary>The clock of a bounded run, µs since 1970; the machine's without one.</summary>
    internal Func<long>? ClockMicros { get; init; }

    /// <summary>Bad values in bounded runs are left out instead of ending the run.</summary>
    public bool SkipsErrors { get; init; }
}
