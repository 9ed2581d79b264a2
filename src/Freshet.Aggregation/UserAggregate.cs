namespace Freshet.Aggregation;

/// <summary>An aggregate function that a program has registered, as a call needs it. Compared by reference.</summary>
public abstract class UserAggregate
{
    /// <summary>
    /// The rows of a group are kept and given to the function in order; else the function changes a state of fixed size and the
    /// order does not matter.
    /// </summary>
    public abstract bool KeepsRows { get; }

    /// <summary>Whether the states of panes can be merged to that of a window.</summary>
    public abstract bool CanMerge { get; }

    /// <summary>The accumulator of one call in one share.</summary>
    internal abstract Accumulator Create(AggregateCall call, CallShape shape);
}
