using System.Runtime.InteropServices;

namespace Freshet.Aggregation;

/// <summary>The beginning of a group's state, before its accumulators.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GroupHeader
{
    /// <summary>Net weight of the group's rows; a group with 0 after a step is no more.</summary>
    public long Rows;

    /// <summary>Twice the last step that touched the group, plus 1 if the group has a row in the result.</summary>
    public long StepAndRow;

    /// <summary>Whether the group had a row in the result after the last step that ended.</summary>
    public bool HasRow
    {
        readonly get => (StepAndRow & 1) != 0;
        set => StepAndRow = StepAndRow & ~1L | (value ? 1L : 0);
    }
}
