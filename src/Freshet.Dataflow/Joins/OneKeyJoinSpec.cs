using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Joins;

/// <summary>An input of a join of several on one key.</summary>
/// <param name="Types">Types of its columns.</param>
/// <param name="Keys">Its key; the kinds are the same on all sides.</param>
/// <param name="IsAppendOnly">It takes nothing back.</param>
public sealed record OneKeySide(ImmutableArray<SqlType> Types, ImmutableArray<int> Keys, bool IsAppendOnly);

/// <summary>An inner join of two or more inputs whose keys are all equal.</summary>
/// <param name="Sides">The inputs.</param>
/// <param name="Output">Columns of the result, in the numbering of the sides' columns, side after side.</param>
public sealed record OneKeyJoinSpec(ImmutableArray<OneKeySide> Sides, ImmutableArray<int> Output);
