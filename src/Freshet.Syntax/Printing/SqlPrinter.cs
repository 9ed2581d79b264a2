using System.Collections.Immutable;
using System.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Printing;

/// <summary>
/// Syntax trees as SQL text, on one line. Reading the text again gives the same tree but for places, so that printing it again
/// gives the same text. Names are always quoted; parentheses stand wherever an operand binds less tightly than its operator.
/// </summary>
public static class SqlPrinter
{
    public static string Print(Statement statement) => Text(writer => new StatementPrinter(writer).Print(statement));

    public static string Print(Query query) => Text(writer => new QueryPrinter(writer).Print(query));

    public static string Print(Expression expression) => Text(writer => new QueryPrinter(writer).Expressions.Print(expression));

    private static string Text(Action<SqlWriter> print)
    {
        var writer = new SqlWriter();
        print(writer);
        return writer.ToString();
    }
}

/// <summary>The text that is being printed.</summary>
internal sealed class SqlWriter
{
    private readonly StringBuilder _text = new();

    public SqlWriter Add(string text)
    {
        _text.Append(text);
        return this;
    }

    public SqlWriter Add(bool condition, string text) => condition ? Add(text) : this;

    public SqlWriter Name(string name) => Add("`").Add(name.Replace("`", "``", StringComparison.Ordinal)).Add("`");

    public SqlWriter Name(Name name)
    {
        for (var i = 0; i < name.Parts.Length; i++) Add(i > 0, ".").Name(name.Parts[i]);
        return this;
    }

    public SqlWriter Quoted(string text) => Add("'").Add(text.Replace("'", "''", StringComparison.Ordinal)).Add("'");

    /// <summary>The items with a comma between them.</summary>
    public SqlWriter List<T>(ImmutableArray<T> items, Action<T> print)
    {
        for (var i = 0; i < items.Length; i++)
        {
            Add(i > 0, ", ");
            print(items[i]);
        }

        return this;
    }

    /// <summary>(a, b).</summary>
    public SqlWriter Names(ImmutableArray<string> names) => Add("(").List(names, n => Name(n)).Add(")");

    public override string ToString() => _text.ToString();
}
