using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Plan.Catalog;

/// <summary>A table's column that is computed from its others.</summary>
public sealed record Computed(int Column, BoundExpression Expression);

/// <summary>A column that stands beside the row in its source: an offset, a timestamp, a file's name.</summary>
/// <param name="Key">The connector's name for it.</param>
/// <param name="IsVirtual">It is read and never written.</param>
public sealed record Metadata(int Column, string Key, bool IsVirtual);

/// <summary>How the rows of a table's source change.</summary>
public enum RowChanges
{
    /// <summary>Rows are added alone.</summary>
    None,

    /// <summary>Rows are taken back as they came.</summary>
    TakenBack,

    /// <summary>A row replaces that of its primary key, or ends it.</summary>
    ByKey,
}

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

    /// <summary>The member of a JSON row that says what happens to it.</summary>
    public const string OpFieldOption = "json.op-field";

    /// <summary>How rows change, of tables that a program feeds: <c>retract</c> or <c>upsert</c>.</summary>
    public const string ChangesOption = "changelog";

    public ImmutableArray<Metadata> Metadata { get; init; } = [];

    /// <summary>Where the rows come from an operator behind the source of another table; null for a table with a source of its own.</summary>
    public FeedOutput? Feed { get; init; }

    /// <summary>The table whose source is read for this one.</summary>
    public TableDefinition SourceTable => Feed?.Feed.Source ?? this;

    /// <summary>Columns of PARTITIONED BY.</summary>
    public ImmutableArray<int> PartitionKeys { get; init; } = [];

    /// <summary>The statement, with what LIKE and AS added; null for tables that no statement declares.</summary>
    public CreateTable? Declaration { get; init; }

    /// <summary>Where an option is written; the place of the table where it is not part of its statement.</summary>
    public TextSpan PlaceOf(string option) =>
        Declaration is { Like: null } create && create.Span == Place && create.Options.LastOrDefault(o => o.Key == option) is { } pair && pair.Span.Start >= Place.Start && pair.Span.Start < Place.Start + Place.Length ? pair.Span : Place;

    /// <summary>The name in CREATE TABLE: a scan with OPTIONS of its own is named after it, behind a #.</summary>
    public string DeclaredName => Name.Split('#')[0];

    public string Connector => Options.GetValueOrDefault(ConnectorOption, "");

    /// <summary>A hash of all that changes what a scan of the table gives; part of the identity of every operator above it.</summary>
    public string Fingerprint => PlanNode.HashOf(
        $"{Name}{Schema} computed {string.Join(", ", Computed.Select(c => $"{c.Column}={c.Expression}"))} time {RowTime} watermark {Watermark} "
        + (Metadata.IsEmpty ? "" : $"metadata {string.Join(", ", Metadata)} ")
        + (Feed is null ? "" : $"output {Feed.Number} of {Feed.Feed.Fingerprint} ")
        + $"key {string.Join(",", PrimaryKey)} with {string.Join(", ", Options.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key}={o.Value}"))}");

    /// <summary>Whether the source can give a field of a ROW without the rest: where it decodes JSON, or makes the values itself.</summary>
    public bool GivesFields => Connector is "" or "log" or "nexmark" or "filesystem" && Option("format", "json") == "json";

    public bool IsComputed(int column) => Computed.Any(c => c.Column == column);

    public bool IsMetadata(int column) => Metadata.Any(c => c.Column == column);

    /// <summary>How rows change; needs a primary key to be <see cref="RowChanges.ByKey"/>.</summary>
    public RowChanges Changes => Option(ChangesOption, "") switch
    {
        "retract" => RowChanges.TakenBack,
        "upsert" => RowChanges.ByKey,
        _ when Connector == "view" => RowChanges.TakenBack,
        _ when Option("format", "") is "debezium-json" or "canal-json" or "maxwell-json" || Options.ContainsKey(OpFieldOption) => PrimaryKey.IsEmpty ? RowChanges.TakenBack : RowChanges.ByKey,
        _ => RowChanges.None,
    };

    /// <summary>Columns that INSERT INTO gives, in order.</summary>
    public IEnumerable<int> Writable => Enumerable.Range(0, Schema.Count).Where(c => !IsComputed(c) && !Metadata.Any(m => m.Column == c && m.IsVirtual));

    /// <summary>An option's value, or what holds without it.</summary>
    public string Option(string key, string otherwise) => Options.GetValueOrDefault(key, otherwise);
}
