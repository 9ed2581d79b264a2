using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Json;

namespace Freshet.Dataflow.Unnesting;

/// <summary>CROSS JOIN UNNEST(collection), or LEFT JOIN UNNEST(collection) ON TRUE. Output: the kept columns, then those of the elements.</summary>
/// <param name="InputTypes">Types of the input's columns.</param>
/// <param name="Collection">The input column with the collections: ARRAY, MULTISET, MAP or VARIANT.</param>
/// <param name="Kept">Input columns that the output has, in order.</param>
/// <param name="WithOrdinality">A last column counts the elements of a row from 1.</param>
/// <param name="IsLeft">A row without elements stays, with NULLs.</param>
public sealed record UnnestSpec(ImmutableArray<SqlType> InputTypes, int Collection, ImmutableArray<int> Kept, bool WithOrdinality, bool IsLeft)
{
    /// <summary>Names and types of the columns of the elements.</summary>
    public ImmutableArray<RowField> ElementColumns
    {
        get
        {
            using var explosion = new CollectionExplosion(InputTypes[Collection], WithOrdinality);
            return explosion.Columns;
        }
    }
}
