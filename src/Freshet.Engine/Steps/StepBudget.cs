namespace Freshet.Engine.Steps;

/// <summary>
/// The most that one step takes. Under low load a step is what has arrived, one event or a few; under high load it grows up
/// to these bounds, which keep the memory of a step and the wait of a reader small.
/// </summary>
/// <param name="Rows">Rows of all inputs together.</param>
/// <param name="Bytes">Bytes of all inputs together.</param>
public readonly record struct StepBudget(int Rows, long Bytes)
{
    public static StepBudget Default { get; } = new(65_536, 32 << 20);
}
