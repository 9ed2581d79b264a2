using System.Runtime.InteropServices;

namespace Freshet.Windows;

/// <summary>The beginning of a group's state in a pane, before its accumulators; its links make the pane's list.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PaneGroup
{
    /// <summary>The link at an end of a list. A link to a slot is the slot plus 2; a group with links of 0 is in no list.</summary>
    public const int End = 1;

    /// <summary>What is added to a slot in a link.</summary>
    public const int Bias = 2;

    /// <summary>Net weight of the group's rows.</summary>
    public long Rows;

    public int Next;

    public int Previous;
}
