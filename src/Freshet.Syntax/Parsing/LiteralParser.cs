using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>Literals, by the token or word that the reader stands at.</summary>
internal sealed class LiteralParser(TokenReader reader)
{
    /// <summary>The token at hand as it stands.</summary>
    public Literal Take(LiteralKind kind)
    {
        var token = reader.Next();
        return new Literal(kind, kind is LiteralKind.Null or LiteralKind.Boolean ? token.Text.ToUpperInvariant() : token.Text, token.Span);
    }

    /// <summary>'a' and, on a line of its own, 'b': one text.</summary>
    public Literal Text()
    {
        var token = reader.Next();
        var (text, span) = (token.Text, token.Span);
        while (reader.Current.Kind == TokenKind.String && reader.Source.Slice(new TextSpan(span.End, reader.Current.Span.Start - span.End)).Contains('\n', StringComparison.Ordinal))
        {
            text += reader.Current.Text;
            span = span.To(reader.Next().Span);
        }

        return new Literal(LiteralKind.String, text, span);
    }

    /// <summary>DATE, TIME or TIMESTAMP and a text.</summary>
    public Literal Typed(LiteralKind kind)
    {
        var start = reader.Next().Span;
        var text = reader.Next();
        return new Literal(kind, text.Text, start.To(text.Span));
    }

    /// <summary>TIMESTAMP WITH LOCAL TIME ZONE and a text.</summary>
    public Literal LocalTimestamp()
    {
        var start = reader.Next().Span;
        foreach (var word in new[] { "WITH", "LOCAL", "TIME", "ZONE" }) reader.ExpectWord(word);
        var text = reader.Next();
        return new Literal(LiteralKind.TimestampLtz, text.Text, start.To(text.Span));
    }
}
