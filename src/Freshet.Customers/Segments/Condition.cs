using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Freshet.Syntax.Printing;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>How a node of a condition's tree comes from what is below it.</summary>
internal enum ConditionKind
{
    All,
    Any,
    Not,

    /// <summary>A condition that is asked as a whole.</summary>
    Single,
}

/// <summary>
/// WHERE or HAVING of a segment as a tree: AND, OR and NOT, and below them the conditions that a row meets or not. What it says of a profile
/// is put in when its rows are read.
/// </summary>
internal sealed partial class Condition(ConditionKind kind, Expression expression, string clause, ImmutableArray<Condition> parts)
{
    public ConditionKind Kind { get; } = kind;

    public Expression Expression { get; } = expression;

    /// <summary>WHERE or HAVING.</summary>
    public string Clause { get; } = clause;

    public ImmutableArray<Condition> Parts { get; } = parts;

    public string Text { get; } = Shown(SqlPrinter.Print(expression));

    /// <summary>What of a single condition is compared, as written: everything but constants.</summary>
    public ImmutableArray<Expression> Operands { get; } = kind == ConditionKind.Single ? OperandsOf(expression) : [];

    /// <summary>The moments at which the clock turns the condition; empty where it does not read the clock.</summary>
    public ImmutableArray<Expression> Moments { get; } = kind == ConditionKind.Single ? ClockBounds.Of(expression) : [];

    public bool ReadsClock { get; } = kind == ConditionKind.Single && ClockText.IsIn(SqlPrinter.Print(expression));

    /// <summary>A query that the condition looks into, whose rows are profiles.</summary>
    public SegmentLevel? Query { get; set; }

    // What was found of a profile.

    /// <summary>Whether the row that comes nearest meets it; null for SQL's unknown.</summary>
    public bool? Holds { get; set; } = false;

    /// <summary>Rows of the profile that meet it.</summary>
    public long RowsHolding { get; set; }

    /// <summary>What the operands are in the row that comes nearest, as JSON; empty without one.</summary>
    public IReadOnlyList<string> Values { get; set; } = [];

    /// <summary>Why it could not be looked at row by row.</summary>
    public string? Note { get; set; }

    public static Condition Of(Expression expression, string clause) => expression switch
    {
        Binary { Operator: "AND" or "OR" } chain => new Condition(chain.Operator == "AND" ? ConditionKind.All : ConditionKind.Any, expression, clause, [.. ExpressionWalk.Chain(expression, chain.Operator).Select(e => Of(e, clause))]),
        Unary { Operator: "NOT" } not => new Condition(ConditionKind.Not, expression, clause, [Of(not.Operand, clause)]),
        _ => new Condition(ConditionKind.Single, expression, clause, []),
    };

    public IEnumerable<Condition> Singles() => Kind == ConditionKind.Single ? [this] : Parts.SelectMany(p => p.Singles());

    /// <summary>The tree's own condition and all below it.</summary>
    public IEnumerable<Condition> Tree() => Parts.SelectMany(p => p.Tree()).Prepend(this);

    /// <summary>SQL's three-valued logic over what the single conditions are.</summary>
    public bool? Evaluate(Func<Condition, bool?> single)
    {
        if (Kind == ConditionKind.Single) return single(this);
        if (Kind == ConditionKind.Not) return !Parts[0].Evaluate(single);
        var deciding = Kind == ConditionKind.Any;
        bool? result = !deciding;
        foreach (var part in Parts)
        {
            var value = part.Evaluate(single);
            if (value == deciding) return deciding;
            if (value is null) result = null;
        }

        return result;
    }

    /// <summary>SQL as a person would write it: quotes around plain names are left out.</summary>
    public static string Shown(string sql) => Quoted().Replace(sql, m => m.Groups[1].Success ? m.Groups[1].Value : m.Value);

    private static ImmutableArray<Expression> OperandsOf(Expression expression)
    {
        IEnumerable<Expression> operands = expression switch
        {
            Binary b => [b.Left, b.Right],
            Between b => [b.Operand, b.Low, b.High],
            InList l => [l.Operand],
            InQuery q => [q.Operand],
            Like l => [l.Operand],
            IsTest t => [t.Operand],
            Call { IsStar: false } c => c.Arguments,
            _ => [],
        };
        return [.. operands.Where(IsVariable).DistinctBy(SqlPrinter.Print)];
    }

    private static bool IsVariable(Expression expression) => ExpressionWalk.All(expression).Any(e => e is Name or Star or OverCall) || ClockText.IsIn(SqlPrinter.Print(expression));

    [GeneratedRegex("'(?:[^']|'')*'|`([A-Za-z_][A-Za-z0-9_]*)`")]
    private static partial Regex Quoted();
}
