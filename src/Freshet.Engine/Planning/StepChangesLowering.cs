using System.Text;
using Freshet.Dataflow.Changelogs;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Consolidation;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>The changes of a step: its consolidated delta, and what caused them.</summary>
internal static class StepChangesLowering
{
    public static Stream Of(StepChanges changes, CircuitBuilder builder)
    {
        var rows = builder.Exact(builder.Translate(changes.Inputs[0]));
        var causes = builder.Exact(builder.Translate(changes.Inputs[1]));
        var delta = builder.Add(new NodeSpec("step's delta", changes.Identity + " delta", _ => new ConsolidatorOperator(), [CircuitBuilder.Input(EdgeSpec.Single(rows.Node))]));
        var inputs = new List<InputSpec> { CircuitBuilder.Input(EdgeSpec.Local(delta)), CircuitBuilder.Input(EdgeSpec.Single(causes.Node), 1) };
        var errors = rows.Errors.Union(causes.Errors);
        if (changes.Withdrawal is not null)
        {
            var needed = builder.Exact(builder.Translate(changes.Inputs[2]));
            var withdrawn = builder.Add(new NodeSpec("step's delta", changes.Identity + " withdrawn", _ => new ConsolidatorOperator(), [CircuitBuilder.Input(EdgeSpec.Single(needed.Node))]));
            inputs.Add(CircuitBuilder.Input(EdgeSpec.Local(withdrawn), 2));
            errors = errors.Union(needed.Errors);
        }

        static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
        var spec = new StepChangesSpec(Utf8(changes.Entered), Utf8(changes.Exited), Utf8(changes.Otherwise))
        {
            Withdrawn = changes.Withdrawal is { } withdrawal ? Utf8(withdrawal.Cause) : null,
            Stronger = changes.Withdrawal is { } stronger ? [.. stronger.Stronger.Select(Utf8)] : [],
        };
        var node = builder.Add(new NodeSpec("changes of a step", changes.Identity, _ => new StepChangesOperator(spec), [.. inputs]));
        return CircuitBuilder.Result(node, changes, errors);
    }
}
