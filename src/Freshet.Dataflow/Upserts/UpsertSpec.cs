using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Upserts;

/// <summary>A stream of upserts: rows of weight +1 replace the row of their key, rows of weight -1 remove it.</summary>
/// <param name="InputTypes">Types of the input's columns.</param>
/// <param name="Columns">The columns of a row, which are those of the output.</param>
/// <param name="Keys">Columns of the key, in the input.</param>
/// <param name="Order">The input column with the row's position as one number, which becomes the output's last column; -1 for none.</param>
public sealed record UpsertSpec(ImmutableArray<SqlType> InputTypes, ImmutableArray<int> Columns, ImmutableArray<int> Keys, int Order);
