using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tree;

/// <summary>A statement as written.</summary>
public abstract record Statement(TextSpan Span);

public abstract record ColumnDefinition(string Name, TextSpan Span)
{
    public string? Comment { get; init; }
}

public sealed record PhysicalColumn(string Name, SqlType Type, TextSpan Span) : ColumnDefinition(Name, Span);

public sealed record ComputedColumn(string Name, Expression Expression, TextSpan Span) : ColumnDefinition(Name, Span);

/// <summary>A name without a type: CREATE TABLE t (a, b) AS SELECT ...</summary>
public sealed record NamedColumn(string Name, TextSpan Span) : ColumnDefinition(Name, Span);

public sealed record MetadataColumn(string Name, SqlType Type, string? From, bool IsVirtual, TextSpan Span) : ColumnDefinition(Name, Span);

public sealed record WatermarkDefinition(Name Column, Expression Expression, TextSpan Span);

public sealed record TableLike(Name Table, ImmutableArray<string> Features, TextSpan Span);

public sealed record CreateTable(
    Name Name,
    bool IsTemporary,
    bool IfNotExists,
    ImmutableArray<ColumnDefinition> Columns,
    WatermarkDefinition? Watermark,
    ImmutableArray<string> PrimaryKey,
    ImmutableArray<OptionPair> Options,
    TableLike? Like,
    Query? As,
    TextSpan Span) : Statement(Span)
{
    public string? Comment { get; init; }

    /// <summary>Whether a table of this name is replaced; of CREATE OR REPLACE and REPLACE.</summary>
    public bool IsReplacing { get; init; }

    /// <summary>Whether it was written as REPLACE TABLE.</summary>
    public bool IsBareReplace { get; init; }

    public ImmutableArray<string> PartitionedBy { get; init; } = [];

    public Distribution? Distribution { get; init; }

    /// <summary>Of USING CONNECTION.</summary>
    public Name? Connection { get; init; }

    /// <summary>UNIQUE (...), which is read and promises nothing.</summary>
    public ImmutableArray<ImmutableArray<string>> UniqueKeys { get; init; } = [];
}

/// <summary>DISTRIBUTED BY HASH(a) INTO 4 BUCKETS.</summary>
/// <param name="Kind">HASH, RANGE or null.</param>
public sealed record Distribution(string? Kind, ImmutableArray<string> Columns, int? Buckets);

public sealed record OptionPair(string Key, string Value, TextSpan Span);

public sealed record CreateView(Name Name, bool IsMaterialized, bool IsTemporary, bool IfNotExists, ImmutableArray<string> Columns, Query Query, TextSpan Span) : Statement(Span)
{
    public string? Comment { get; init; }

    /// <summary>WITH (...) of a materialized view.</summary>
    public ImmutableArray<OptionPair> Options { get; init; } = [];
}

public sealed record Insert(Name Table, ImmutableArray<string> Columns, Query Query, TextSpan Span) : Statement(Span)
{
    /// <summary>Of a hint behind the table's name.</summary>
    public ImmutableArray<Hint> Hints { get; init; } = [];
}

/// <summary>An INSERT with OVERWRITE, PARTITION or ON CONFLICT.</summary>
/// <param name="Partition">PARTITION (column = value, ...).</param>
/// <param name="OnConflict">ERROR, NOTHING, DEDUPLICATE, or null where it is not written.</param>
public sealed record InsertWith(Insert Insert, bool IsOverwrite, ImmutableArray<Assignment> Partition, string? OnConflict, TextSpan Span) : Statement(Span);

/// <param name="Value">Null where only the column is named.</param>
public sealed record Assignment(string Column, Expression? Value);

/// <summary>A statement set some of whose inserts are <see cref="InsertWith"/>.</summary>
public sealed record StatementBlock(ImmutableArray<Statement> Statements, TextSpan Span) : Statement(Span);

public sealed record Update(Name Table, ImmutableArray<Assignment> Assignments, Expression? Where, TextSpan Span) : Statement(Span);

public sealed record Delete(Name Table, Expression? Where, TextSpan Span) : Statement(Span);

/// <summary>SUBSCRIBE to a query: its result now, then every change.</summary>
public sealed record Subscribe(Query Query, TextSpan Span) : Statement(Span);

/// <summary>EXPLAIN view: the plan that keeps it.</summary>
public sealed record ExplainView(Name View, TextSpan Span) : Statement(Span)
{
    /// <summary>With ESTIMATED_COST.</summary>
    public bool IsEstimated { get; init; }
}

/// <summary>EXPLAIN WATERMARK FOR view.</summary>
public sealed record ExplainWatermark(Name View, TextSpan Span) : Statement(Span);

/// <summary>EXPLAIN MEMBERSHIP OF 'type:value' IN segment: why a profile is in it, or is not.</summary>
/// <param name="Profile">One of its identifiers.</param>
public sealed record ExplainMembership(string Profile, Name Segment, TextSpan Span) : Statement(Span);

public sealed record CreateFunction(
    Name Name,
    string ClassName,
    string? Language,
    ImmutableArray<string> Artifacts,
    ImmutableArray<OptionPair> Options,
    bool IsTemporary,
    bool IsSystem,
    bool IfNotExists,
    TextSpan Span) : Statement(Span);

/// <summary>CREATE CATALOG or CREATE DATABASE.</summary>
public sealed record CreateNamespace(string Kind, Name Name, bool IfNotExists, string? Comment, ImmutableArray<OptionPair> Options, TextSpan Span) : Statement(Span);

/// <summary>
/// A statement that Flink has and that is not carried out here: ALTER, modules, models, connections, jars, compiled plans, jobs.
/// It is read to its end, so that it is refused by its name and its own mistakes are found.
/// </summary>
/// <param name="What">Its leading words.</param>
/// <param name="Text">All of it, as written.</param>
public sealed record OtherStatement(string What, Name? Name, string Text, TextSpan Span) : Statement(Span)
{
    /// <summary>Of ALTER ... RENAME TO.</summary>
    public Name? RenameTo { get; init; }

    /// <summary>Of ALTER ... SET.</summary>
    public ImmutableArray<OptionPair> SetOptions { get; init; } = [];

    /// <summary>Of ALTER ... RESET.</summary>
    public ImmutableArray<string> ResetOptions { get; init; } = [];
}

public sealed record StatementSet(ImmutableArray<Insert> Inserts, TextSpan Span) : Statement(Span);

public sealed record Select(Query Query, TextSpan Span) : Statement(Span);

public sealed record Explain(Statement Statement, TextSpan Span) : Statement(Span)
{
    /// <summary>ESTIMATED_COST, CHANGELOG_MODE and the like.</summary>
    public ImmutableArray<string> Details { get; init; } = [];

    public bool IsEstimated => Details.Contains("ESTIMATED_COST");
}

/// <param name="What">TABLES, COLUMNS, CREATE TABLE, CURRENT CATALOG and so on.</param>
/// <param name="Of">The table, or the database after FROM or IN.</param>
public sealed record Show(string What, Name? Of, TextSpan Span) : Statement(Span)
{
    /// <summary>The pattern after LIKE or ILIKE.</summary>
    public string? Pattern { get; init; }

    public bool IsCaseInsensitive { get; init; }

    public bool IsNegated { get; init; }
}

public sealed record Describe(Name Table, TextSpan Span) : Statement(Span)
{
    /// <summary>TRAIT, SEGMENT, IDENTIFIER or EVENT; null for a table or view.</summary>
    public string? Kind { get; init; }

    public bool IsExtended { get; init; }
}

public sealed record SetOption(string? Key, string? Value, TextSpan Span) : Statement(Span);

public sealed record ResetOption(string? Key, TextSpan Span) : Statement(Span);

public sealed record Use(Name Name, TextSpan Span) : Statement(Span)
{
    public bool IsCatalog { get; init; }
}

public sealed record Drop(string What, Name Name, bool IfExists, TextSpan Span) : Statement(Span)
{
    public bool IsTemporary { get; init; }
}
