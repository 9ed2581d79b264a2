using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Joins;

/// <summary>What an inner join with a shared relation does: left columns, then the relation's. Immutable.</summary>
/// <param name="LeftIsAppendOnly">No left row is ever taken back.</param>
public sealed record RelationJoinSpec(ImmutableArray<SqlType> LeftTypes, ImmutableArray<int> LeftKeys, bool LeftIsAppendOnly, ImmutableArray<SqlType> RightTypes, ImmutableArray<int> RightKeys);
