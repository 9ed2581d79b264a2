using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Sql.Text;

namespace Freshet.Sql.Syntax;

/// <summary>A statement as written.</summary>
public abstract record Statement(TextSpan Span);

public abstract record ColumnDefinition(string Name, TextSpan Span);

public sealed record PhysicalColumn(string Name, SqlType Type, TextSpan Span) : ColumnDefinition(Name, Span);

public sealed record ComputedColumn(string Name, Expression Expression, TextSpan Span) : ColumnDefinition(Name, Span);

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
    TextSpan Span) : Statement(Span);

public sealed record OptionPair(string Key, string Value, TextSpan Span);

public sealed record CreateView(Name Name, bool IsMaterialized, bool IsTemporary, bool IfNotExists, ImmutableArray<string> Columns, Query Query, TextSpan Span) : Statement(Span);

public sealed record Insert(Name Table, ImmutableArray<string> Columns, Query Query, TextSpan Span) : Statement(Span);

public sealed record StatementSet(ImmutableArray<Insert> Inserts, TextSpan Span) : Statement(Span);

public sealed record Select(Query Query, TextSpan Span) : Statement(Span);

public sealed record Explain(Statement Statement, TextSpan Span) : Statement(Span);

public sealed record Show(string What, Name? Of, TextSpan Span) : Statement(Span);

public sealed record Describe(Name Table, TextSpan Span) : Statement(Span);

public sealed record SetOption(string? Key, string? Value, TextSpan Span) : Statement(Span);

public sealed record ResetOption(string? Key, TextSpan Span) : Statement(Span);

public sealed record Use(Name Name, TextSpan Span) : Statement(Span);

public sealed record Drop(string What, Name Name, bool IfExists, TextSpan Span) : Statement(Span);
