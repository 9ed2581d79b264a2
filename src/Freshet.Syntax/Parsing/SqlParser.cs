using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>
/// Text to syntax trees: a script, one statement, or one expression. A text of any content gives a tree or a <see cref="SqlException"/>:
/// its length, its nesting and its chains of operators are limited, so that neither reading it nor walking the tree can exhaust the stack.
/// </summary>
public static class SqlParser
{
    /// <summary>Longest text that is read, UTF-16 units.</summary>
    public const int TextMax = 4 << 20;

    /// <summary>All statements of a script, each ended by a semicolon; the last one's may be missing.</summary>
    /// <exception cref="SqlException">The text is not SQL of this dialect; names the place.</exception>
    public static ImmutableArray<Statement> ParseScript(SourceText source)
    {
        var reader = Reader(source);
        var statements = ImmutableArray.CreateBuilder<Statement>();
        while (true)
        {
            while (reader.TrySymbol(";"))
            {
            }

            if (reader.AtEnd) return statements.ToImmutable();
            reader.Restart();
            statements.Add(new StatementParser(reader).Parse());
            if (!reader.AtEnd && !reader.Current.IsSymbol(";")) throw reader.Expected("';' or the end of the statement");
        }
    }

    /// <summary>The one statement of a text.</summary>
    public static Statement ParseOne(SourceText source)
    {
        var statements = ParseScript(source);
        return statements.Length == 1
            ? statements[0]
            : throw new SqlException(source, statements.Length == 0 ? default : statements[1].Span, $"Expected one statement, found {statements.Length}.");
    }

    /// <summary>A text that is one expression.</summary>
    public static Expression ParseExpression(SourceText source)
    {
        var reader = Reader(source);
        var expression = new QueryParser(reader).Expressions.Parse();
        return reader.AtEnd ? expression : throw reader.Expected("the end of the expression");
    }

    private static TokenReader Reader(SourceText source) =>
        source.Text.Length > TextMax ? throw new SqlException(source, default, $"The text has more than {TextMax} characters.") : new TokenReader(source);
}
