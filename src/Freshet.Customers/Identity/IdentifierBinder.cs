using System.Globalization;
using System.Text.RegularExpressions;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Engine.Planning;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Identity;

/// <summary>CREATE IDENTIFIER to a type of identifiers. Options that are not given keep what the type of that name has, or its default.</summary>
internal sealed class IdentifierBinder(SourceText source, IdentityRules rules)
{
    private static readonly string[] Known = ["priority", "limit", "limit.period", "unique", "normalize", "block", "block.pattern", "alias"];

    private static readonly Dictionary<string, Normalization> Words = new()
    {
        ["none"] = Normalization.None,
        ["trim"] = Normalization.Trim,
        ["lower"] = Normalization.Lower,
        ["e164"] = Normalization.E164,
        ["hash"] = Normalization.Hash,
    };

    public IdentityRules Bind(CreateIdentifier create)
    {
        var name = create.Name.Last;
        if (name == "group_id") throw Error(create.Name.Span, "group_id names an account, and never joins people: it cannot be an identifier.");
        var before = rules.Types.FirstOrDefault(t => t.Name == name);
        if (before is null && create.From.IsEmpty) throw Error(create.Name.Span, $"The identifier {name} needs FROM: the parts of an event that hold it, such as traits['{name}'].{NearestName.Hint(name, rules.Types.Select(t => t.Name))}");
        var type = before ?? new IdentifierType(name, rules.Types.Max(t => t.Priority) + 1, []);
        if (!create.From.IsEmpty) type = type with { From = [.. create.From.Select(PartOf)], When = [] };
        var changed = rules;
        foreach (var option in create.Options) (type, changed) = Set(type, changed, option);
        return changed.With(type);
    }

    private (IdentifierType Type, IdentityRules Rules) Set(IdentifierType type, IdentityRules changed, OptionPair option)
    {
        var value = option.Value;
        switch (option.Key)
        {
            case "priority":
                return (type with { Priority = Number(option, 1) }, changed);
            case "limit":
                return (type with { Limit = Number(option, 1) }, changed);
            case "limit.period":
                if (value == "ever") return (type with { PeriodMicros = 0 }, changed);
                if (!OptionText.TryDuration(value, out var period)) throw Error(option.Span, $"'limit.period' = '{value}' is no length of time: write 'ever', or one such as '7 d'.");
                return (type with { PeriodMicros = (long)period.TotalMicroseconds }, changed);
            case "unique":
                return (type with { IsUnique = Truth(option) }, changed);
            case "normalize":
                return (type with { Normalization = Split(value).Aggregate(Normalization.None, (all, word) => all | WordOf(word, option)) }, changed);
            case "block":
                // What is written replaces the common placeholders too.
                return (type with { Blocked = [.. Split(value)], BlocksPlaceholders = false }, changed);
            case "block.pattern":
                return (type with { BlockedPatterns = [Pattern(option)] }, changed);
            case "alias":
                if (type.Name != "user_id" || value is not ("join" or "ignore")) throw Error(option.Span, "'alias' belongs to user_id, and is 'join' or 'ignore'.");
                return (type, changed with { IgnoresAlias = value == "ignore" });
            default:
                throw Error(option.Span, $"An identifier has no option '{option.Key}'.{NearestName.Hint(option.Key, Known)} Its options are {string.Join(", ", Known)}.");
        }
    }

    /// <summary>A column of events of type STRING, or a member within one of its objects.</summary>
    private ScanColumn PartOf(Expression expression)
    {
        var keys = new Stack<string>();
        var at = expression;
        while (at is Syntax.Tree.Index { At: Literal { Kind: LiteralKind.String } key } index)
        {
            keys.Push(key.Text);
            at = index.Base;
        }

        if (at is Name { Parts.Length: 1 } name)
        {
            var column = EventsTable.Columns.FirstOrDefault(c => c.Column == name.Last);
            if (column.Column is null) throw Error(name.Span, $"events has no column {name}.{NearestName.Hint(name.Last, EventsTable.Columns.Select(c => c.Column))}");
            if (keys.Count == 0 && column.Type.Kind == TypeKind.VarChar) return IdentityRules.Column(name.Last);
            if (keys.Count > 0 && column.Type.Kind == TypeKind.Variant && JsonPathDecoder.CanDecode(JsonPath.Of(keys.ToArray()))) return IdentityRules.Part(name.Last, [.. keys]);
        }

        throw Error(expression.Span, "An identifier is read from a column of events that is a text, such as user_id, or from a member of traits, context or properties, such as traits['email'].");
    }

    private Regex Pattern(OptionPair option)
    {
        try
        {
            return new Regex(option.Value, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw Error(option.Span, $"'block.pattern' = '{option.Value}' is no regular expression that can be used: {e.Message}");
        }
    }

    private int Number(OptionPair option, int least) =>
        int.TryParse(option.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw Error(option.Span, $"'{option.Key}' = '{option.Value}' is no whole number from {least} on.");

    private bool Truth(OptionPair option) => option.Value switch
    {
        "true" => true,
        "false" => false,
        _ => throw Error(option.Span, $"'{option.Key}' is 'true' or 'false'."),
    };

    private Normalization WordOf(string word, OptionPair option) =>
        Words.TryGetValue(word, out var known) ? known : throw Error(option.Span, $"'normalize' does not know {word}.{NearestName.Hint(word, Words.Keys)} It takes {string.Join(", ", Words.Keys)}, joined by commas.");

    private static IEnumerable<string> Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);
}
