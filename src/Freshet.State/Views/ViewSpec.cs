using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.State.Views;

/// <summary>What a view's table holds and how it is looked up. Immutable.</summary>
/// <param name="Columns">The types of its rows.</param>
/// <param name="Key">The primary key's columns; empty where rows have none and are kept with their weight.</param>
/// <param name="Lookups">Further sets of columns that rows are looked up by.</param>
public sealed record ViewSpec(ImmutableArray<SqlType> Columns, ImmutableArray<int> Key, ImmutableArray<ImmutableArray<int>> Lookups)
{
    public bool HasKey => !Key.IsEmpty;
}
