using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>What stands in the parentheses of CREATE TABLE and behind ALTER TABLE ADD: columns, keys, a watermark.</summary>
internal sealed class ElementParser(TokenReader reader, QueryParser queries, DefinitionParser definitions)
{
    private readonly ImmutableArray<ColumnDefinition>.Builder _columns = ImmutableArray.CreateBuilder<ColumnDefinition>();
    private readonly ImmutableArray<ImmutableArray<string>>.Builder _unique = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
    private TextSpan _secondKey;

    public ImmutableArray<ColumnDefinition> Columns => _columns.ToImmutable();

    public ImmutableArray<ImmutableArray<string>> UniqueKeys => _unique.ToImmutable();

    public ImmutableArray<string> PrimaryKey { get; private set; } = [];

    public WatermarkDefinition? Watermark { get; private set; }

    /// <summary>(element, element, ...).</summary>
    public void List(bool isAlter)
    {
        reader.ExpectSymbol("(");
        do One(isAlter);
        while (reader.TrySymbol(","));
        reader.ExpectSymbol(")");
    }

    /// <summary>What holds for a whole table: one key, and types unless a query gives them.</summary>
    public void Check(bool hasQuery, bool mayHaveKeys)
    {
        if (_secondKey.Length > 0 && !mayHaveKeys) throw reader.Error(_secondKey, "A table has one primary key.");
        var untyped = _columns.FirstOrDefault(c => c is NamedColumn);
        if (untyped is null) return;
        if (!hasQuery) throw reader.Error(untyped.Span, $"The column {untyped.Name} has no type; only CREATE TABLE ... AS takes columns without.");
        var typed = _columns.FirstOrDefault(c => c is not NamedColumn);
        if (typed is not null) throw reader.Error(typed.Span, "Either all columns have a type or none has.");
    }

    public void One(bool isAlter)
    {
        if (reader.Current.Is("WATERMARK") && reader.Peek().Is("FOR")) ReadWatermark();
        else if (reader.Current.Is("CONSTRAINT") || (reader.Current.Is("PRIMARY") && reader.Peek().Is("KEY")) || (reader.Current.Is("UNIQUE") && reader.Peek().IsSymbol("("))) Key();
        else _columns.Add(Column(isAlter));
    }

    private void ReadWatermark()
    {
        var start = reader.Next().Span;
        if (Watermark is not null) throw reader.Error(start, "A table has one watermark.");
        reader.ExpectWord("FOR");
        var column = definitions.Name();
        reader.ExpectWord("AS");
        var expression = Computed();
        Watermark = new WatermarkDefinition(column, expression, start.To(reader.Previous.Span));
    }

    private Expression Computed()
    {
        var expression = queries.Expressions.Parse();
        return expression is ScalarQuery or Exists ? throw reader.Error(expression.Span, "A query cannot stand here.") : expression;
    }

    private void Key()
    {
        var start = reader.Current.Span;
        if (reader.TryWord("CONSTRAINT")) reader.ExpectName("a name for the constraint");
        var isPrimary = reader.TryWords("PRIMARY", "KEY");
        if (!isPrimary) reader.ExpectWord("UNIQUE");
        var columns = queries.NameList();
        if (columns.IsEmpty) throw reader.Expected("the key's columns in parentheses");
        Enforcement();
        Add(columns, isPrimary, start.To(reader.Previous.Span));
    }

    private void Add(ImmutableArray<string> columns, bool isPrimary, TextSpan span)
    {
        if (!isPrimary) _unique.Add(columns);
        else if (PrimaryKey.IsEmpty) PrimaryKey = columns;
        else _secondKey = span;
    }

    private void Enforcement()
    {
        if (!reader.TryWords("NOT", "ENFORCED")) reader.TryWord("ENFORCED");
    }

    private ColumnDefinition Column(bool isAlter)
    {
        var start = reader.Current.Span;
        if (reader.Current.Kind is not (TokenKind.Word or TokenKind.QuotedName)) throw reader.Expected("a column name");
        var name = reader.Next().Text;
        while (isAlter && reader.TrySymbol(".")) name += "." + reader.ExpectName("a field");
        if (reader.Current.IsSymbol(",") || reader.Current.IsSymbol(")")) return new NamedColumn(name, start);
        var column = reader.TryWord("AS") ? new ComputedColumn(name, Computed(), start) : Typed(name, start);
        if (column.Comment is null) column = column with { Comment = definitions.Comment() };
        if (isAlter && !reader.TryWord("FIRST") && reader.TryWord("AFTER")) definitions.Name();
        return column with { Span = start.To(reader.Previous.Span) };
    }

    private ColumnDefinition Typed(string name, TextSpan start)
    {
        var type = TypeParser.Parse(reader);
        if (reader.TryWord("METADATA"))
        {
            var from = reader.TryWord("FROM") ? reader.ExpectString("a metadata key in quotes") : null;
            return new MetadataColumn(name, type, from, reader.TryWord("VIRTUAL"), start);
        }

        while (true)
        {
            if (reader.TryWord("CONSTRAINT"))
            {
                reader.ExpectName("a name for the constraint");
                if (!reader.Current.Is("PRIMARY") && !reader.Current.Is("UNIQUE")) throw reader.Expected("PRIMARY KEY or UNIQUE");
            }

            var isPrimary = reader.TryWords("PRIMARY", "KEY");
            if (!isPrimary && !reader.TryWord("UNIQUE")) return new PhysicalColumn(name, type, start);
            Enforcement();
            Add([name], isPrimary, start.To(reader.Previous.Span));
        }
    }
}
