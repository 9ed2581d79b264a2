using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.State.Views;

namespace Freshet.Engine.Views;

/// <summary>A view as its readers know it.</summary>
/// <param name="Key">Columns that name a row; empty where rows have no name and are counted.</param>
/// <param name="Table">Its rows: point reads at once, everything else over a pin.</param>
public sealed record ServedView(string Name, Schema Schema, ImmutableArray<int> Key, ViewTable Table);
