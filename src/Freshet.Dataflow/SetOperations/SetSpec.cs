using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.SetOperations;

/// <summary>INTERSECT or EXCEPT of two inputs with the same columns. Port 0 is the left input, port 1 the right.</summary>
/// <param name="Types">Types of the columns of both inputs.</param>
/// <param name="IsExcept">EXCEPT, else INTERSECT.</param>
/// <param name="IsAll">A row counts as often as it is there; else it is there once or not at all.</param>
public sealed record SetSpec(ImmutableArray<SqlType> Types, bool IsExcept, bool IsAll)
{
    /// <summary>How often a row is in the result that is in the inputs so often.</summary>
    public long Result(long left, long right)
    {
        if (IsAll) return Math.Max(0, IsExcept ? left - Math.Max(0, right) : Math.Min(left, right));
        return left > 0 && right > 0 != IsExcept ? 1 : 0;
    }
}
