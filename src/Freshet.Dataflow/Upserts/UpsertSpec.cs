using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Upserts;

/// <summary>A stream of upserts: rows of weight +1 replace the row of their key, rows of weight -1 remove it.</summary>
/// <param name="InputTypes">Types of the input's columns.</param>
/// <param name="Columns">The columns of a row, which are those of the output.</param>
/// <param name="Keys">Columns of the key, in the input.</param>
/// <param name="Order">The input column with the row's position as one number, which becomes the output's last column; -1 for none.</param>
public sealed record UpsertSpec(ImmutableArray<SqlType> InputTypes, ImmutableArray<int> Columns, ImmutableArray<int> Keys, int Order)
{
    /// <summary>
    /// Words in UTF-8 for added, before an update, after an update and removed, if what happened is to come as rows that nothing
    /// takes back, with the word as their first column; a change whose word is null makes no row. Without a position then.
    /// </summary>
    public ImmutableArray<byte[]?> Words { get; init; } = [];
}
