using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Binding;

/// <summary>What a window function needs of its time column.</summary>
internal static class TimeAttributes
{
    /// <summary>
    /// A window closes when the watermark says that no row of it is still expected, so in a query that is kept its time must
    /// be a time attribute. Over bounded input without watermarks windows close at the end, and any timestamp will do.
    /// </summary>
    public static void Check(SourceText source, TextSpan span, string function, PlanNode input, int column, QueryRules rules)
    {
        var field = input.Schema.Fields[column];
        if (!field.Type.IsTimestamp) throw new SqlException(source, span, $"{function} needs a time attribute: {field.Name} is {field.Type.Name}, not a timestamp.");
        if (input.RowTimes.Contains(column) || input.ProcTimes.Contains(column) || (rules.IsBounded && !HasWatermark(input))) return;
        throw new SqlException(source, span, $"{function} needs a time attribute, {field.Name} is none: {Reason(input)}. A window closes when the watermark passes its end, and only time attributes have one.");
    }

    /// <summary>In a bounded query over a plain timestamp, rows without a time are left out, as in Flink's batch mode.</summary>
    public static PlanNode WithTimes(PlanNode input, int column)
    {
        if (input.RowTimes.Contains(column) || input.ProcTimes.Contains(column) || !input.Schema[column].IsNullable) return input;
        var time = new BoundColumn(column, input.Schema[column]);
        return new Filter(input, new BoundCall("IS NOT NULL", LogicKernel.IsNotNull, [time], SqlType.Boolean.NotNull, default));
    }

    /// <param name="isLegacy">The older form, in which HOP may have any slide.</param>
    public static void Check(SourceText source, TextSpan span, Window window, bool isLegacy = false)
    {
        if (window.SizeMicros <= 0 || window.SlideMicros <= 0) throw new SqlException(source, span, "The lengths of a window must be positive.");
        if (!isLegacy && window.SizeMicros % window.SlideMicros != 0) throw new SqlException(source, span, window.IsCumulate ? "The size of a CUMULATE window must be a multiple of its step." : "The size of a HOP window must be a multiple of its slide.");
    }

    private static string Reason(PlanNode input) => input switch
    {
        Scan { Table.Connector: ReadBinder.ViewConnector } => "it is a column of a view",
        Scan { Table.RowTime: < 0 } scan => $"the table {scan.Table.Name} declares no watermark; write WATERMARK FOR <column> AS <column> - INTERVAL '5' SECOND in CREATE TABLE",
        Scan scan => $"the time attribute of {scan.Table.Name} is {scan.Table.Schema.Fields[scan.Table.RowTime].Name}",
        Aggregate => "a column of a GROUP BY or DISTINCT without a window is no longer one",
        Join => "after a join of whole tables the rows have no order in time",
        WindowAssign => "after a window function it is window_time",
        WindowAggregate => "after a grouping by windows it is window_time, which must be selected and grouped by",
        Project when input.Inputs[0].RowTimes.Length > 0 => $"it is computed; the time attribute is {string.Join(", ", input.Inputs[0].RowTimes.Select(c => input.Inputs[0].Schema.Fields[c].Name))}, which must be selected as it is",
        Values => "the rows of VALUES have none",
        _ when input.RowTimes.Length > 0 => $"the time attribute here is {string.Join(", ", input.RowTimes.Select(c => input.Schema.Fields[c].Name))}",
        _ => Reason(input.Inputs[0]),
    };

    private static bool HasWatermark(PlanNode node) => node is Scan { Table.RowTime: >= 0 } || node.Inputs.Any(HasWatermark);
}
