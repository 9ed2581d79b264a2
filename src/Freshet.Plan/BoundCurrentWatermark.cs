using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Plan;

/// <summary>
/// CURRENT_WATERMARK(time): the watermark of the row's position, in milliseconds, NULL before the first. A function of the input, not of the step.
/// Rows have it between a table and what reads it row by row: <see cref="Check"/> refuses it elsewhere.
/// </summary>
public sealed class BoundCurrentWatermark(BoundExpression time, TextSpan span) : BoundExpression(ResultOf(time.Type), span)
{
    public const string Name = "CURRENT_WATERMARK";

    public override ImmutableArray<BoundExpression> Children => [time];

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundCurrentWatermark(children[0], Span);

    public override VectorExpression Lower() => new RowWatermark(Type);

    public override string ToString() => $"{Name}({time})";

    /// <summary>Whether a node's own expressions ask for the watermark of its rows.</summary>
    public static bool IsIn(PlanNode node) => Asked(node).Any();

    /// <summary>Refuses a plan that asks for it of what is no time attribute, or of rows that have left their table's order.</summary>
    public static void Check(PlanNode plan, SourceText source)
    {
        foreach (var call in Asked(plan))
        {
            var isTime = plan.Inputs.Length == 1 && call.Children[0] is BoundColumn column && plan.Inputs[0].RowTimes.Contains(column.Index);
            if (!isTime) throw new SqlException(source, call.Span, $"Invalid function call: {Name}({call.Children[0].Type}). It takes the time attribute of a table that has a watermark.");
            if (plan is not (Project or Filter) || !IsRowByRow(plan.Inputs[0]))
                throw new SqlException(source, call.Span, $"{Name} stands where rows still come as their table gives them, from which nothing is taken back: in SELECT and WHERE above the table, not above a join or an aggregate. Select it there, and use its column here.");
        }

        foreach (var input in plan.Inputs) Check(input, source);
    }

    private static IEnumerable<BoundExpression> Asked(PlanNode node) => node.OwnExpressions.SelectMany(e => e.Parts()).Where(p => p is BoundCurrentWatermark);

    private static bool IsRowByRow(PlanNode node) => node is Scan ? node.IsAppendOnly : node is Project or Filter or Union && node.Inputs.All(IsRowByRow);

    private static SqlType ResultOf(SqlType time) => (time.Kind == TypeKind.TimestampLtz ? SqlType.TimestampLtz(3) : SqlType.Timestamp(3)).WithNullable(true);
}
