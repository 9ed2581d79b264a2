using System.Collections.Immutable;
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
/// <param name="withdrawal">What, when it goes, takes rows with it; null for nothing.</param>
public sealed class StepChanges(PlanNode rows, PlanNode causes, string entered, string exited, string otherwise, Withdrawal? withdrawal = null)
    : PlanNode(new Schema([.. rows.Schema.Fields, new Field("change", SqlType.String.NotNull), new Field("due", SqlType.TimestampLtz(3).NotNull), new Field("step_time", SqlType.TimestampLtz(3).NotNull), new Field("cause", SqlType.String.NotNull)]), withdrawal is null ? [rows, causes] : [rows, causes, withdrawal.Rows])
{
    public string Entered { get; } = entered;

    public string Exited { get; } = exited;

    public string Otherwise { get; } = otherwise;

    public override bool IsAppendOnly => true;

    public Withdrawal? Withdrawal { get; } = withdrawal;

    public StepChanges Over(IReadOnlyList<PlanNode> inputs) =>
        new(inputs[0], inputs[1], Entered, Exited, Otherwise, Withdrawal is null ? null : Withdrawal with { Rows = inputs[2] });

    public override string Describe() => $"changes of a step '{Entered}', '{Exited}', '{Otherwise}'{(Withdrawal is null ? "" : $", '{Withdrawal.Cause}' but for {string.Join(", ", Withdrawal.Stronger)}")}";
}

/// <summary>Rows that others need: where one of these goes in a step, and a row of the set with the same first two columns, that is why.</summary>
/// <param name="Rows">BIGINT, STRING.</param>
/// <param name="Cause">The cause of a row that went with them.</param>
/// <param name="Stronger">Causes of the step that count more.</param>
public sealed record Withdrawal(PlanNode Rows, string Cause, ImmutableArray<string> Stronger);
