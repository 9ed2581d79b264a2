using System.Collections.Immutable;
using Freshet.Plan;

namespace Freshet.Sql.Binding;

/// <summary>
/// Finds the window function that grouping columns come from, and takes it out from below an aggregation: a
/// <see cref="WindowAggregate"/> assigns windows itself, from the time column, and keeps panes instead of copies of rows.
/// Projections, filters and UNNEST may lie between the two. A condition on the window's bounds alone goes above the aggregation.
/// </summary>
internal sealed class WindowGrouping
{
    /// <summary>window_start, window_end and window_time.</summary>
    private const int WindowColumns = 3;

    private readonly WindowAssign _assign;
    private readonly List<BoundExpression> _late = [];

    public WindowGrouping(WindowAssign assign) => _assign = assign;

    /// <summary>A plan without the window function.</summary>
    /// <param name="Places">Where each column of the plan with it is: at or above 0 a column, -1 to -3 the window's columns.</param>
    /// <param name="Time">The time column.</param>
    public readonly record struct Stripped(PlanNode Node, int[] Places, int Time);

    /// <summary>The window function that a column of a node comes from, and which of its three columns; null where it is computed or another one.</summary>
    public static (WindowAssign Assign, int Column)? Origin(PlanNode node, int column)
    {
        while (true)
        {
            switch (node)
            {
                case WindowAssign assign:
                    var at = column - assign.Inputs[0].Schema.Count;
                    if (at >= 0) return (assign, at);
                    return null;
                case Filter:
                    break;
                case Project project when project.Expressions[column] is BoundColumn passed:
                    column = passed.Index;
                    break;
                case Unnest when column < node.Inputs[0].Schema.Count:
                    break;
                default:
                    return null;
            }

            node = node.Inputs[0];
        }
    }

    /// <summary>The plan without the window function; null where an expression before the aggregation reads the window's columns.</summary>
    public Stripped? Strip(PlanNode node)
    {
        if (node == _assign)
        {
            var count = _assign.Inputs[0].Schema.Count;
            return new Stripped(_assign.Inputs[0], [.. Enumerable.Range(0, count), .. Enumerable.Range(1, WindowColumns).Select(i => -i)], _assign.TimeColumn);
        }

        if (node.Inputs.Length != 1 || Strip(node.Inputs[0]) is not { } below) return null;
        switch (node)
        {
            case Filter filter:
                var here = new List<BoundExpression>();
                foreach (var part in BoundLogical.Conjuncts(filter.Condition))
                {
                    if (part.Columns().All(c => below.Places[c] >= 0)) here.Add(part.Shift(c => below.Places[c]));
                    else if (part.Columns().All(c => below.Places[c] < 0)) _late.Add(part.Shift(c => below.Places[c]));
                    else return null;
                }

                return below with { Node = here.Count == 0 ? below.Node : new Filter(below.Node, BoundLogical.All(here)!) };
            case Project project:
                var expressions = ImmutableArray.CreateBuilder<BoundExpression>();
                var names = ImmutableArray.CreateBuilder<string>();
                var places = new int[project.Expressions.Length];
                for (var i = 0; i < places.Length; i++)
                {
                    var expression = project.Expressions[i];
                    if (expression is BoundColumn column && below.Places[column.Index] < 0)
                    {
                        places[i] = below.Places[column.Index];
                        continue;
                    }

                    if (expression.Columns().Any(c => below.Places[c] < 0)) return null;
                    places[i] = expressions.Count;
                    expressions.Add(expression.Shift(c => below.Places[c]));
                    names.Add(project.Names[i]);
                }

                expressions.Add(new BoundColumn(below.Time, below.Node.Schema[below.Time]));
                names.Add(below.Node.Schema.Fields[below.Time].Name);
                return new Stripped(new Project(below.Node, expressions.ToImmutable(), names.ToImmutable()), places, expressions.Count - 1);
            case Unnest unnest when below.Places[unnest.Collection] >= 0:
                var stripped = unnest.Over(below.Node, below.Places[unnest.Collection]);
                return new Stripped(stripped, [.. below.Places, .. unnest.Elements.Select((_, i) => below.Node.Schema.Count + i)], below.Time);
            default:
                return null;
        }
    }

    /// <summary>What is left to check on the result, whose window columns begin at <paramref name="windowFrom"/>; null for nothing.</summary>
    public BoundExpression? Remaining(int windowFrom) => BoundLogical.All(_late.Select(c => c.Shift(i => windowFrom - 1 - i)));
}
