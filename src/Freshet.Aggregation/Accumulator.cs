using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Aggregation;

/// <summary>Rows of one batch on their way into accumulators: parallel lists of row index, group and weight.</summary>
internal unsafe struct AccumulatorInput
{
    /// <summary>Rows in the lists.</summary>
    public int Count;

    /// <summary>Row indexes into the batch.</summary>
    public int* Rows;

    /// <summary>The group's state of each row.</summary>
    public byte** Groups;

    /// <summary>Weights by row index; null where all are +1.</summary>
    public long* Weights;

    public readonly long WeightOf(int row) => Weights is null ? 1 : Weights[row];
}

/// <summary>A result that is NULL because it does not fit its type, or for another reason.</summary>
internal readonly record struct FailedResult(int Index, string Value, string? Reason = null);

/// <summary>
/// One aggregate call over all groups of a share: where its state lies in a group's row, and the loops that change and read it.
/// A call takes a whole batch; no method is called per row. State of a group that was never touched is all bits zero and is the
/// state of no rows; taking back all that was added leads there again (apart from what lies in tables of its own, which
/// <see cref="Release"/> frees).
/// </summary>
internal abstract unsafe class Accumulator : IDisposable
{
    /// <summary>Where the state begins, bytes from the group's state.</summary>
    public int Offset { get; set; }

    /// <summary>Bytes of state in the group's row, a multiple of 8.</summary>
    public abstract int StateBytes { get; }

    /// <summary>
    /// Adds rows (takes them back where the weight is negative). NULL arguments count for nothing. The arguments are columns of the
    /// batch, or one column of tuples (<see cref="CallShape"/>).
    /// </summary>
    public abstract void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input);

    /// <summary>The results of groups, as a column of <paramref name="count"/> values in <paramref name="memory"/>.</summary>
    public abstract Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures);

    /// <summary>Frees what the states of groups that end hold in tables of their own.</summary>
    public virtual void Release(byte** groups, int count)
    {
    }

    /// <summary>The step is over: free rows of tables of its own may be used again.</summary>
    public virtual void EndOfStep()
    {
    }

    /// <summary>Gives back the tables of its own, after all groups have been released.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>Adds the states of other groups of the same layout to these (panes of a window).</summary>
    public abstract void Merge(byte** from, byte** into, int count);

    /// <summary>Rows of state in tables of its own.</summary>
    public virtual long ExtraRows => 0;

    /// <summary>Bytes of state in tables of its own.</summary>
    public virtual long ExtraBytes => 0;
}
