using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Plan;

/// <summary>
/// The position of the row: what RAND() and UUID() are computed from. The lowering puts the hidden column of positions in its
/// place, so that it can stand only where the rows have one: <see cref="Check"/> refuses the other plans.
/// </summary>
public sealed class BoundRowPosition(TextSpan span) : BoundExpression(SqlType.Decimal(SqlType.MaxDecimalPrecision, 0).NotNull, span)
{
    public override BoundExpression With(ImmutableArray<BoundExpression> children) => this;

    public override VectorExpression Lower() => throw new InvalidOperationException("The position of a row was not replaced by its column.");

    public override string ToString() => "POSITION";

    /// <summary>Whether expressions read the position.</summary>
    public static bool IsIn(IEnumerable<BoundExpression> expressions) => expressions.Any(e => e.Parts().Any(p => p is BoundRowPosition));

    /// <summary>Refuses a plan that asks for the positions of rows that have none.</summary>
    public static void Check(PlanNode plan, SourceText source, TextSpan place)
    {
        if (IsIn(plan.OwnExpressions) && !(plan is Project or Filter && plan.Inputs[0] is { IsAppendOnly: true, HasPosition: true }))
            throw new SqlException(source, place, "RAND() and UUID() need rows with a position: rows of tables that are only appended to, and what is selected and joined from them.");
        foreach (var input in plan.Inputs) Check(input, source, place);
    }

    /// <summary>Refuses a read that asks for positions: what is read from a view has none.</summary>
    public static void Refuse(PlanNode plan, SourceText source, TextSpan place)
    {
        if (IsIn(plan.OwnExpressions)) throw new SqlException(source, place, "RAND() and UUID() stand in views and INSERTs: the rows of a view that is read have no position.");
        foreach (var input in plan.Inputs) Refuse(input, source, place);
    }
}
