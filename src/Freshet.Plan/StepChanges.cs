using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>
/// How a set has changed, as rows that nothing takes back: a row's columns, then what happened to it and when, the clock of the step in which it did,
/// and the step's last cause for its first column. It depends on how input is cut into steps, which the journal keeps: its rows go to a
/// topic, each once.
/// </summary>
/// <param name="rows">Rows of weight one; the first column is BIGINT.</param>
/// <param name="causes">What has happened in the step to a number: BIGINT, STRING. Only its additions are looked at.</param>
/// <param name="entered">The word for a row that came.</param>
/// <param name="exited">The word for a row that went.</param>
/// <param name="otherwise">The cause where none is given.</param>
public sealed class StepChanges(PlanNode rows, PlanNode causes, string entered, string exited, string otherwise)
    : PlanNode(new Schema([.. rows.Schema.Fields, new Field("change", SqlType.String.NotNull), new Field("due", SqlType.TimestampLtz(3).NotNull), new Field("step_time", SqlType.TimestampLtz(3).NotNull), new Field("cause", SqlType.String.NotNull)]), [rows, causes])
{
    public string Entered { get; } = entered;

    public string Exited { get; } = exited;

    public string Otherwise { get; } = otherwise;

    public override bool IsAppendOnly => true;

    public StepChanges Over(PlanNode rows, PlanNode causes) => new(rows, causes, Entered, Exited, Otherwise);

    public override string Describe() => $"changes of a step '{Entered}', '{Exited}', '{Otherwise}'";
}
