using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>Hints: /*+ NAME, NAME(a, b), OPTIONS('key' = 'value') */. What they say is left to who reads them.</summary>
internal static class HintParser
{
    /// <summary>Every hint that stands here.</summary>
    public static ImmutableArray<Hint> Read(TokenReader reader)
    {
        if (reader.Current.Kind != TokenKind.Hint) return [];
        var hints = ImmutableArray.CreateBuilder<Hint>();
        while (reader.Current.Kind == TokenKind.Hint)
        {
            var token = reader.Next();
            // The text before is blanked, not cut, so that places in messages stay true.
            var blank = string.Concat(reader.Source.Text.AsSpan(0, token.Span.Start + 3).ToString().Select(c => c == '\n' ? c : ' '));
            var inner = new TokenReader(new SourceText(reader.Source.Name, blank + token.Text));
            do hints.Add(One(inner));
            while (inner.TrySymbol(",") || !inner.AtEnd);
        }

        return hints.ToImmutable();
    }

    /// <summary>The pairs of all OPTIONS among the hints.</summary>
    public static ImmutableDictionary<string, string> Options(ImmutableArray<Hint> hints)
    {
        var options = ImmutableDictionary<string, string>.Empty;
        foreach (var hint in hints)
        {
            if (!hint.Name.Equals("OPTIONS", StringComparison.OrdinalIgnoreCase)) continue;
            foreach (var argument in hint.Arguments)
                if (argument.Key is not null) options = options.SetItem(argument.Key, argument.Value);
        }

        return options;
    }

    private static Hint One(TokenReader reader)
    {
        var start = reader.Current.Span;
        var name = reader.ExpectName("a hint");
        var arguments = ImmutableArray.CreateBuilder<HintArgument>();
        if (reader.TrySymbol("(") && !reader.TrySymbol(")"))
        {
            do
            {
                var first = Value(reader);
                arguments.Add(reader.TrySymbol("=") ? new HintArgument(first, Value(reader)) : new HintArgument(null, first));
            }
            while (reader.TrySymbol(","));
            reader.ExpectSymbol(")");
        }

        return new Hint(name, arguments.ToImmutable(), start.To(reader.Previous.Span));
    }

    private static string Value(TokenReader reader)
    {
        if (reader.Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Decimal) return reader.Next().Text;
        if (reader.Current.Kind is not (TokenKind.Word or TokenKind.QuotedName)) throw reader.Expected("a name or a text in quotes");
        var value = reader.Next().Text;
        while (reader.TrySymbol(".")) value += "." + reader.Next().Text;
        return value;
    }
}
