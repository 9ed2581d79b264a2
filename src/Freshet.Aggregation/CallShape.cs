using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Aggregation;

/// <summary>
/// How the arguments of a call reach its accumulator: as they are, or each row's as one tuple (<see cref="Freshet.Kernels.TupleKernel"/>),
/// with the row's position in front where the call is ordered.
/// </summary>
/// <param name="Position">Kinds of the position's columns; empty where the call is not ordered or rows have no position.</param>
/// <param name="Arguments">Kinds of the arguments.</param>
/// <param name="IsAppendOnly">Nothing is taken back.</param>
/// <param name="EveryRowCounts">Every row of a group has a value, so that the group's number of rows is the number of values.</param>
internal sealed record CallShape(PhysicalKind[] Position, PhysicalKind[] Arguments, bool IsAppendOnly, bool EveryRowCounts)
{
    /// <summary>Whether the accumulator of a call gets tuples.</summary>
    public static bool IsPacked(AggregateCall call) => call.Function switch
    {
        AggregateKind.First or AggregateKind.Last or AggregateKind.Single => true,
        AggregateKind.List or AggregateKind.Array or AggregateKind.Collect or AggregateKind.JsonArray or AggregateKind.JsonObject => true,
        AggregateKind.Count => call.IsDistinct && call.Arguments.Length > 1,
        AggregateKind.User => call.User!.KeepsRows || (call.IsDistinct && call.Arguments.Length > 1),
        _ => false,
    };

    /// <summary>The first column of the tuple in which a NULL makes the row count for nothing.</summary>
    public int NullFrom(AggregateCall call) =>
        call.Function is AggregateKind.Single or AggregateKind.User ? Position.Length + Arguments.Length : Position.Length;
}
