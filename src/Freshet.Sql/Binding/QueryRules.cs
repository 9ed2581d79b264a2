using Freshet.Sql.Functions;

namespace Freshet.Sql.Binding;

/// <summary>What a query may hold, by where it stands.</summary>
/// <param name="IsBounded">It is run once to its end: it may be ordered and cut, and the clock stands still.</param>
/// <param name="MayReadClock">The clock is a value of each row: in INSERT INTO, as in Flink.</param>
internal sealed record QueryRules(bool IsBounded, bool MayReadClock = false)
{
    /// <summary>The option with which Flink takes ORDER BY of anything over input without an end.</summary>
    public const string SortOption = "__table.exec.sort.non-temporal.enabled__";

    /// <summary>ORDER BY of what is no time attribute is taken where it has no meaning.</summary>
    public bool SortsAnything { get; init; }

    /// <summary>Takes a sentence on what was accepted and has no effect.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>The functions of the program.</summary>
    public FunctionRegistry Functions { get; init; } = new();

    /// <summary>Most nodes of a plan, shared ones counted each time.</summary>
    public const int PlanNodesMax = 5_000;

    /// <summary>Most nodes of one expression.</summary>
    public const int ExpressionNodesMax = 50_000;

    /// <summary>Deepest expression that is read.</summary>
    public const int ExpressionDepthMax = 1_000;
}
