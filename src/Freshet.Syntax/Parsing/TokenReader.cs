using Freshet.Syntax.Text;

namespace Freshet.Syntax.Parsing;

/// <summary>The tokens of a script and the place that has been reached; errors name what was expected there.</summary>
internal sealed class TokenReader(SourceText source)
{
    /// <summary>Deepest nesting of expressions and queries: more would overflow the stack.</summary>
    public const int DepthMax = 200;

    private static readonly string[] Keywords =
    [
        "SELECT", "FROM", "WHERE", "GROUP", "BY", "HAVING", "ORDER", "LIMIT", "OFFSET", "INSERT", "INTO", "CREATE", "TABLE", "VIEW", "MATERIALIZED",
        "WITH", "AS", "JOIN", "LEFT", "INNER", "ON", "UNION", "ALL", "DISTINCT", "VALUES", "PRIMARY", "KEY", "WATERMARK", "FOR", "CAST", "CASE", "WHEN",
        "THEN", "ELSE", "END", "AND", "OR", "NOT", "NULL", "BETWEEN", "LIKE", "IN", "IS", "EXPLAIN", "SHOW", "DESCRIBE", "DROP", "SET", "RESET", "UNNEST",
    ];

    /// <summary>Words that end an expression or a table and so are no alias without AS.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "ALL", "AND", "AS", "BETWEEN", "BY", "CASE", "CAST", "CONSTRAINT", "CREATE", "CROSS", "DISTINCT", "ELSE", "END", "EXCEPT", "EXISTS", "FETCH", "FOR", "FROM",
        "FULL", "GROUP", "HAVING", "IN", "INNER", "INSERT", "INTERSECT", "INTO", "IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT", "MATCH_RECOGNIZE", "NATURAL",
        "NOT", "NULL", "OFFSET", "ON", "OR", "ORDER", "OUTER", "PARTITION", "RIGHT", "SELECT", "SIMILAR", "TABLE", "THEN", "UNION", "UNNEST", "USING",
        "VALUES", "WHEN", "WHERE", "WINDOW", "WITH", "QUALIFY", "TRUE", "FALSE",
    };

    /// <summary>Links beyond the sixteenth of operator chains, in one statement: each is a level of the tree.</summary>
    public const int ChainMax = 2000;

    private const int FreeLinks = 16;

    private readonly List<Token> _tokens = Lexer.Read(source);
    private int _at;
    private int _depth;
    private int _links;

    public SourceText Source => source;

    public Token Current => _tokens[_at];

    public Token Peek(int ahead = 1) => _tokens[Math.Min(_at + ahead, _tokens.Count - 1)];

    /// <summary>The token behind the parenthesis that closes the one standing so many tokens ahead.</summary>
    public Token PeekBehindParenthesis(int ahead)
    {
        var depth = 0;
        for (var i = _at + ahead; i < _tokens.Count; i++)
        {
            if (_tokens[i].IsSymbol("(")) depth++;
            else if (_tokens[i].IsSymbol(")") && --depth == 0) return _tokens[Math.Min(i + 1, _tokens.Count - 1)];
        }

        return _tokens[^1];
    }

    public bool AtEnd => Current.Kind == TokenKind.End;

    /// <summary>The last token that has been read.</summary>
    public Token Previous => _tokens[Math.Max(0, _at - 1)];

    public Token Next() => AtEnd ? Current : _tokens[_at++];

    public bool TryWord(string word)
    {
        if (!Current.Is(word)) return false;
        _at++;
        return true;
    }

    /// <summary>Reads the words when all stand here, in order.</summary>
    public bool TryWords(params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
            if (!Peek(i).Is(words[i])) return false;
        _at += words.Length;
        return true;
    }

    public bool TrySymbol(string symbol)
    {
        if (!Current.IsSymbol(symbol)) return false;
        _at++;
        return true;
    }

    public void ExpectWord(string word)
    {
        if (!TryWord(word)) throw Expected(word);
    }

    public void ExpectSymbol(string symbol)
    {
        if (!TrySymbol(symbol)) throw Expected($"'{symbol}'");
    }

    public string ExpectString(string what)
    {
        if (Current.Kind != TokenKind.String) throw Expected(what);
        return Next().Text;
    }

    /// <summary>An identifier: any word that is not reserved, or a quoted name.</summary>
    public string ExpectName(string what)
    {
        if (!IsName(Current)) throw Expected(what);
        return Next().Text;
    }

    public static bool IsName(Token token) =>
        token.Kind == TokenKind.QuotedName || (token.Kind == TokenKind.Word && !Reserved.Contains(token.Text));

    public static bool IsReserved(Token token) => token.Kind == TokenKind.Word && Reserved.Contains(token.Text);

    public SqlException Expected(string what)
    {
        var found = Current.Kind == TokenKind.End ? "the end of the text" : $"'{Current.Text}'";
        var hint = Current.Kind == TokenKind.Word && Current.Text.Length > 2 && !Reserved.Contains(Current.Text) ? NearestName.Hint(Current.Text, Keywords) : "";
        // FROM t WEHRE a > 1: the misspelt word was read as an alias.
        if (hint.Length == 0 && _at > 0 && Previous.Kind == TokenKind.Word && !Reserved.Contains(Previous.Text) && NearestName.Of(Previous.Text, Keywords) is { } meant && !Previous.Is(meant))
            hint = $" Did you mean {meant} instead of '{Previous.Text}'?";
        return new SqlException(source, Current.Span, $"Expected {what}, found {found}.{hint}");
    }

    public SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    /// <summary>Counts one level of nesting until disposed.</summary>
    public Nesting Nest()
    {
        if (++_depth > DepthMax) throw new SqlException(source, Current.Span, $"The statement is nested more than {DepthMax} levels deep.");
        return new Nesting(this);
    }

    /// <summary>
    /// Counts a link of a chain that leans to the left (1 + 1 + 1 ...): nesting does not see it, but it is as deep as it is long.
    /// </summary>
    public void Link(ref int length)
    {
        if (++length <= FreeLinks) return;
        if (++_links > ChainMax) throw new SqlException(source, Current.Span, $"The statement chains more than {ChainMax} operators: split it.");
    }

    /// <summary>A new statement begins.</summary>
    public void Restart() => _links = 0;

    /// <summary>The first of the words that stands here, read, or null.</summary>
    public string? TryAny(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
            if (TryWord(word)) return word;
        return null;
    }

    public readonly struct Nesting(TokenReader reader) : IDisposable
    {
        public void Dispose() => reader._depth--;
    }
}
