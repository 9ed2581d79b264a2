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
        var spec = new StepChangesSpec(Encoding.UTF8.GetBytes(changes.Entered), Encoding.UTF8.GetBytes(changes.Exited), Encoding.UTF8.GetBytes(changes.Otherwise));
        var node = builder.Add(new NodeSpec("changes of a step", changes.Identity, _ => new StepChangesOperator(spec), [CircuitBuilder.Input(EdgeSpec.Local(delta)), CircuitBuilder.Input(EdgeSpec.Single(causes.Node), 1)]));
        return CircuitBuilder.Result(node, changes, rows.Errors.Union(causes.Errors));
    }
}
