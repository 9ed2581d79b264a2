using System.Collections.Immutable;

namespace Freshet.Plan;

/// <summary>INTERSECT or EXCEPT [ALL] of two inputs with the same types. NULL equals NULL. A row is there once without ALL.</summary>
public sealed class SetOperation(PlanNode left, PlanNode right, bool isExcept, bool isAll) : PlanNode(left.Schema, [left, right])
{
    public bool IsExcept { get; } = isExcept;

    public bool IsAll { get; } = isAll;

    public override bool IsAppendOnly => !IsExcept && base.IsAppendOnly;

    public override bool HasAtMostOneRow => Inputs[0].HasAtMostOneRow || (!IsExcept && !IsAll && Inputs[1].HasAtMostOneRow);

    public override ImmutableArray<int> Key => Inputs[0].Key.IsEmpty && !IsAll ? [.. Enumerable.Range(0, Schema.Count)] : Inputs[0].Key;

    public string Name => $"{(IsExcept ? "except" : "intersect")}{(IsAll ? " all" : "")}";

    public override string Describe() => Name;
}
