using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.State.Views;

namespace Freshet.Engine.Views;

/// <summary>A view as its readers know it.</summary>
/// <param name="Key">Columns that name a row; empty where rows have no name and are counted.</param>
/// <param name="Table">Its rows: point reads at once, everything else over a pin.</param>
public sealed record ServedView(string Name, Schema Schema, ImmutableArray<int> Key, ViewTable Table)
{
    public ServedRows Rows { get; init; }

    /// <summary>The view or INSERT INTO whose rows these are, or whose errors or late rows.</summary>
    public string Of { get; init; } = Name;
}

/// <summary>What a served view holds.</summary>
public enum ServedRows
{
    Result,

    /// <summary>Rows on which an expression failed.</summary>
    Errors,

    /// <summary>Rows that came after the watermark had closed what they belong to.</summary>
    Late,
}
