using System.Collections.Immutable;

namespace Freshet.Dataflow.Changelogs;

/// <summary>Which rows a word in a column adds and which it takes back.</summary>
/// <param name="Operation">The column with the word.</param>
/// <param name="Words">Known words in UTF-8, and the sign of each.</param>
/// <param name="Columns">The columns of the output.</param>
/// <param name="PositionColumns">The columns of error rows before their own.</param>
public sealed record SignSpec(int Operation, ImmutableArray<(byte[] Word, long Sign)> Words, ImmutableArray<int> Columns, ImmutableArray<int> PositionColumns);
