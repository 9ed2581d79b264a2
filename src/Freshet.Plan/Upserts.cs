using System.Collections.Immutable;
using Freshet.Plan.Catalog;

namespace Freshet.Plan;

/// <summary>
/// A table whose source says of a key only what its row is now, or that there is none: the last row of each key. What a row
/// replaces is found in state, so that it can be taken back.
/// </summary>
public sealed class Upserts(PlanNode input, ImmutableArray<int> keys) : PlanNode(input.Schema, [input])
{
    /// <summary>Columns of the primary key.</summary>
    public ImmutableArray<int> Keys { get; } = keys;

    public override bool IsAppendOnly => false;

    public override ImmutableArray<int> Key => Keys;

    /// <summary>A row that is taken back stands where it came.</summary>
    public override bool HasPosition => Inputs[0].HasPosition;

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes;

    public override string Describe() => $"last row of {string.Join(",", Keys)}";

    /// <summary>What a name in FROM reads of a table.</summary>
    public static PlanNode Read(TableDefinition table) =>
        table.Changes == RowChanges.ByKey ? new Upserts(Scan.All(table), table.PrimaryKey) : Scan.All(table);
}
