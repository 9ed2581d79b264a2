using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Aggregation;

/// <summary>
/// The groups that one batch was the first of its step to touch, with what they were before: keys, whether they had rows, and
/// the old results. At the end of the step the same groups are read again and the difference is the output.
/// Its memory holds one reference for itself; batches made from it retain it.
/// </summary>
internal sealed unsafe class ChangedGroups
{
    public BatchMemory Memory = null!;

    public int Count;

    /// <summary>The groups' slots.</summary>
    public int* Slots;

    /// <summary>1 where the group had rows before the step.</summary>
    public byte* HadRows;

    /// <summary>Whether any group had rows, so that <see cref="Old"/> means something.</summary>
    public bool AnyHadRows;

    /// <summary>The key columns.</summary>
    public Column[] Keys = [];

    /// <summary>The old results, one column for each call; unspecified where the group had no rows.</summary>
    public Column[] Old = [];
}
