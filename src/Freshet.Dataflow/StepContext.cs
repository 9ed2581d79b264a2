namespace Freshet.Dataflow;

/// <summary>What every operator of a step may see of it. Fixed for the whole step; read by all workers.</summary>
public sealed class StepContext
{
    /// <summary>The number of the step; the first is 1.</summary>
    public long Step { get; private set; }

    /// <summary>The step's one clock reading, µs since 1970.</summary>
    public long ClockMicros { get; private set; }

    public void Begin(long step, long clockMicros)
    {
        Step = step;
        ClockMicros = clockMicros;
    }
}
