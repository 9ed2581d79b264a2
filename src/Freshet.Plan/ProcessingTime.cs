using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Plan;

/// <summary>
/// PROCTIME(): the clock of the step in which a row arrives, as Flink's processing-time attribute. The order of such times is the
/// order of arrival, so that ordering by one is ordering by position. A row that is taken back would bring another time than it
/// came with: over such input the value is refused.
/// </summary>
internal static class ProcessingTime
{
    public const string Name = "PROCTIME";

    public static BoundExpression Call(TextSpan span) => new BoundCall(Name, Now, [], SqlType.TimestampLtz(3).NotNull, span);

    public static bool Is(BoundExpression expression) => expression is BoundCall { Name: Name };

    public static bool IsColumn(TableDefinition table, int column) => table.Computed.Any(c => c.Column == column && Is(c.Expression));

    /// <summary>Refuses a plan that gives the arrival of rows that can be taken back.</summary>
    public static void Check(PlanNode plan, SourceText source, TextSpan place)
    {
        var keeps = plan is Scan scan ? scan.Columns.Any(c => IsColumn(scan.Table, c.Column)) : plan.OwnExpressions.Any(e => e.Parts().Any(Is));
        if (keeps && (plan is Scan ? !plan.IsAppendOnly : plan.Inputs.Any(i => !i.IsAppendOnly)))
            throw new SqlException(source, place, "PROCTIME() of rows that can be taken back is not supported: the row that is taken back would carry another time than the one that came.");
        foreach (var input in plan.Inputs) Check(input, source, place);
    }

    private static Column Now(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Column.Constant(PhysicalKind.Int64, context.ClockMicros - context.ClockMicros % 1000, context.Memory);
}
