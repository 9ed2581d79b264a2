using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>The arguments of functions that have words between them: EXTRACT(unit FROM x), TRIM(BOTH c FROM x), JSON_VALUE(x, p RETURNING t ...).</summary>
internal sealed class SpecialCalls(TokenReader reader)
{
    private static readonly HashSet<string> UnitFirst = ["TIMESTAMPADD", "TIMESTAMPDIFF"];
    private static readonly HashSet<string> UnitLast = ["FLOOR", "CEIL", "CEILING"];
    private static readonly HashSet<string> Json = ["JSON_VALUE", "JSON_QUERY", "JSON_EXISTS"];
    private static readonly HashSet<string> JsonMaking = ["JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG"];

    public ImmutableArray<Expression> Arguments(string function, ExpressionParser expressions, ref ImmutableDictionary<string, object> options)
    {
        if (reader.Peek().IsSymbol("=>")) return Named(expressions);
        if (function == "EXTRACT") return Extract(expressions);
        if (UnitFirst.Contains(function)) return [Unit(), .. Rest(expressions)];
        if (function == "TRIM") return Trim(expressions);
        if (function == "POSITION") return Between(expressions, "IN");
        if (function is "SUBSTRING" or "SUBSTR") return Between(expressions, "FROM", "FOR");
        if (function == "OVERLAY") return Between(expressions, "PLACING", "FROM", "FOR");
        if (UnitLast.Contains(function)) return UnitLastArguments(expressions);
        if (JsonMaking.Contains(function)) return JsonItems(function, expressions, ref options);
        var arguments = expressions.ParseList();
        if (Json.Contains(function)) JsonOptions(expressions, ref options);
        return arguments;
    }

    /// <summary>f(name => value, ...).</summary>
    private ImmutableArray<Expression> Named(ExpressionParser expressions)
    {
        var arguments = ImmutableArray.CreateBuilder<Expression>();
        do
        {
            var start = reader.Current.Span;
            var name = reader.ExpectName("an argument's name");
            reader.ExpectSymbol("=>");
            var value = reader.Current.Is("DEFAULT") ? new Word("DEFAULT", reader.Next().Span) : expressions.Parse();
            arguments.Add(new NamedValue(name, value, start.To(reader.Previous.Span)));
        }
        while (reader.TrySymbol(","));
        return arguments.ToImmutable();
    }

    private Word Unit()
    {
        var token = reader.Next();
        var unit = TimeUnits.Normalize(token.Text.ToUpperInvariant())
            ?? throw reader.Error(token.Span, $"There is no time unit {token.Text}.{NearestName.Hint(token.Text, TimeUnits.All)}");
        return new Word(unit, token.Span);
    }

    private ImmutableArray<Expression> Rest(ExpressionParser expressions)
    {
        reader.ExpectSymbol(",");
        return expressions.ParseList();
    }

    private ImmutableArray<Expression> Extract(ExpressionParser expressions)
    {
        var unit = Unit();
        reader.ExpectWord("FROM");
        return [unit, expressions.Parse()];
    }

    private ImmutableArray<Expression> Trim(ExpressionParser expressions)
    {
        var where = new[] { "BOTH", "LEADING", "TRAILING" }.FirstOrDefault(w => reader.Current.Is(w));
        var word = new Word(where ?? "BOTH", reader.Current.Span);
        if (where is not null) reader.Next();
        if (where is not null && reader.TryWord("FROM")) return [word, expressions.Parse()];
        var first = expressions.Parse();
        if (reader.TryWord("FROM")) return [word, expressions.Parse(), first];
        return [word, first];
    }

    private ImmutableArray<Expression> Between(ExpressionParser expressions, params ReadOnlySpan<string> words)
    {
        // POSITION(a IN b): "a IN b" must not be read as a predicate, so its first part is a string or a name.
        var arguments = ImmutableArray.CreateBuilder<Expression>();
        arguments.Add(words[0] == "IN" ? expressions.ParseOperand() : expressions.Parse());
        while (!reader.Current.IsSymbol(")"))
        {
            var found = false;
            foreach (var word in words) found |= reader.TryWord(word);
            if (!found) reader.ExpectSymbol(",");
            arguments.Add(expressions.Parse());
        }

        return arguments.ToImmutable();
    }

    private ImmutableArray<Expression> UnitLastArguments(ExpressionParser expressions)
    {
        var value = expressions.Parse();
        return reader.TryWord("TO") ? [value, Unit()] : reader.Current.IsSymbol(",") ? [value, .. Rest(expressions)] : [value];
    }

    private ImmutableArray<Expression> JsonItems(string function, ExpressionParser expressions, ref ImmutableDictionary<string, object> options)
    {
        var items = ImmutableArray.CreateBuilder<Expression>();
        while (!reader.Current.IsSymbol(")") && !reader.Current.Is("NULL") && !reader.Current.Is("ABSENT"))
        {
            reader.TryWord("KEY");
            items.Add(expressions.Parse());
            if (function.StartsWith("JSON_OBJECT", StringComparison.Ordinal))
            {
                if (!reader.TryWord("VALUE") && !reader.TrySymbol(":")) reader.ExpectWord("VALUE");
                items.Add(expressions.Parse());
            }

            if (!reader.TrySymbol(",")) break;
        }

        if (reader.TryWords("NULL", "ON", "NULL")) options = options.Add("ON NULL", "NULL");
        else if (reader.TryWords("ABSENT", "ON", "NULL")) options = options.Add("ON NULL", "ABSENT");
        return items.ToImmutable();
    }

    private void JsonOptions(ExpressionParser expressions, ref ImmutableDictionary<string, object> options)
    {
        if (reader.TryWord("RETURNING")) options = options.Add("RETURNING", TypeParser.Parse(reader));
        while (!reader.Current.IsSymbol(")"))
        {
            if (reader.TryWord("WITHOUT")) options = options.SetItem("WRAPPER", "WITHOUT");
            else if (reader.TryWord("WITH")) options = options.SetItem("WRAPPER", reader.TryWord("CONDITIONAL") ? "CONDITIONAL" : "UNCONDITIONAL");
            else if (reader.TryWord("ARRAY") || reader.TryWord("UNCONDITIONAL") || reader.TryWord("WRAPPER")) continue;
            else OnEmptyOrError(expressions, ref options);
        }
    }

    private void OnEmptyOrError(ExpressionParser expressions, ref ImmutableDictionary<string, object> options)
    {
        object behaviour;
        if (reader.TryWord("DEFAULT")) behaviour = expressions.Parse();
        else if (reader.TryWords("EMPTY", "ARRAY")) behaviour = "EMPTY ARRAY";
        else if (reader.TryWords("EMPTY", "OBJECT")) behaviour = "EMPTY OBJECT";
        else if (new[] { "NULL", "ERROR", "TRUE", "FALSE", "UNKNOWN" }.FirstOrDefault(reader.TryWord) is { } word) behaviour = word;
        else throw reader.Expected("NULL, ERROR or DEFAULT ... ON EMPTY or ON ERROR");
        reader.ExpectWord("ON");
        if (reader.TryWord("EMPTY")) options = options.SetItem("ON EMPTY", behaviour);
        else if (reader.TryWord("ERROR")) options = options.SetItem("ON ERROR", behaviour);
        else throw reader.Expected("EMPTY or ERROR");
    }
}
