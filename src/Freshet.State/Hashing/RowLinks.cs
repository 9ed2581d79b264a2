using System.Runtime.InteropServices;

namespace Freshet.State.Hashing;

/// <summary>The extra field of a row that is in a <see cref="ChainIndex"/>: its neighbours in the list of rows with its key.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RowLinks
{
    public const int Bytes = 8;

    /// <summary>The next row's slot and 1; 0 ends the list.</summary>
    internal uint NextPlusOne;

    /// <summary>The slot of the row before and 1; 0 for the first row, which the index names.</summary>
    internal uint PreviousPlusOne;
}
