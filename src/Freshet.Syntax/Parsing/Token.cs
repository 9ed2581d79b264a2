using Freshet.Syntax.Text;

namespace Freshet.Syntax.Parsing;

internal enum TokenKind
{
    Word,
    QuotedName,
    Integer,
    Decimal,
    Double,
    String,
    Binary,
    Symbol,
    Hint,
    End,
}

/// <summary>A token: for words <paramref name="Text"/> is as written, for quoted ones their content.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, TextSpan Span)
{
    public bool Is(string word) => Kind == TokenKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(string symbol) => Kind == TokenKind.Symbol && Text == symbol;
}
