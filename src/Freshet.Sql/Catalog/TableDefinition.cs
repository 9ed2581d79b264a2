using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Sql.Plan;
using Freshet.Sql.Text;

namespace Freshet.Sql.Catalog;

/// <summary>A table's column that is computed from its others.</summary>
public sealed record Computed(int Column, BoundExpression Expression);

/// <summary>
/// A table: its columns in order, what its connector needs, and its time attribute.
/// </summary>
/// <param name="Schema">All columns in their order of declaration.</param>
/// <param name="Computed">Columns that the source does not give; their expressions are over <see cref="Schema"/>.</param>
/// <param name="RowTime">The time attribute's column, or -1.</param>
/// <param name="Watermark">The watermark expression over <see cref="Schema"/>; null without one.</param>
/// <param name="PrimaryKey">Columns of the declared primary key; empty for none.</param>
/// <param name="Options">The connector's options, as written.</param>
/// <param name="Place">Where the table is declared, for errors found later.</param>
public sealed record TableDefinition(
    string Name,
    Schema Schema,
    ImmutableArray<Computed> Computed,
    int RowTime,
    BoundExpression? Watermark,
    ImmutableArray<int> PrimaryKey,
    ImmutableDictionary<string, string> Options,
    SourceText Source,
    TextSpan Place)
{
    public const string ConnectorOption = "connector";

    /// <summary>The name in CREATE TABLE: a scan with OPTIONS of its own is named after it, behind a #.</summary>
    public string DeclaredName => Name.Split('#')[0];

    public string Connector => Options.GetValueOrDefault(ConnectorOption, "");

    /// <summary>A hash of all that changes what a scan of the table gives; part of the identity of every operator above it.</summary>
    public string Fingerprint => PlanNode.HashOf(
        $"{Name}{Schema} computed {string.Join(", ", Computed.Select(c => $"{c.Column}={c.Expression}"))} time {RowTime} watermark {Watermark} "
        + $"key {string.Join(",", PrimaryKey)} with {string.Join(", ", Options.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key}={o.Value}"))}");

    public bool IsComputed(int column) => Computed.Any(c => c.Column == column);

    /// <summary>An option's value, or what holds without it.</summary>
    public string Option(string key, string otherwise) => Options.GetValueOrDefault(key, otherwise);
}
