using System.Collections.Immutable;
using System.Text;
using Freshet.Columns.Types;
using Freshet.Dataflow.Changelogs;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Upserts;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>TO_CHANGELOG and FROM_CHANGELOG.</summary>
internal static class ChangelogLowering
{
    /// <summary>The changes come from where the last row of each key is known.</summary>
    public static Stream Of(UpsertChanges changes, CircuitBuilder builder)
    {
        var input = builder.Translate(changes.Inputs[0]);
        var keys = ImmutableArray.CreateRange(changes.Keys, k => input.Places[k]);
        var spec = new UpsertSpec(input.Types, input.Places, keys, -1) { Words = [.. changes.Words.Select(w => w is null ? null : Encoding.UTF8.GetBytes(w))] };
        var seed = builder.Seed;
        var node = builder.Add(new NodeSpec("changes by key", changes.Identity, _ => new UpsertOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, keys))]));
        return CircuitBuilder.Result(node, changes, input.Errors);
    }

    public static Stream Of(ChangesOfRows changes, CircuitBuilder builder)
    {
        var input = builder.Translate(changes.Inputs[0]);
        var kept = Enumerable.Range(0, input.Places.Length).Where(c => c != changes.Operation).Select(c => input.Places[c]).ToList();
        var width = kept.Count;
        if (input.Position >= 0) kept.Add(input.Position);
        var spec = new SignSpec(input.Places[changes.Operation], [.. changes.Words.Select(w => (Encoding.UTF8.GetBytes(w.Word), w.Adds ? 1L : -1L))], [.. kept], input.Position >= 0 ? [input.Position] : []);
        var node = builder.Add(new NodeSpec("rows by their change", changes.Identity, _ => new SignOperator(spec), [CircuitBuilder.Input(EdgeSpec.Local(input.Node))]));
        ImmutableArray<SqlType> types = [.. kept.Select(k => input.Types[k])];
        return new Stream(node, [.. Enumerable.Range(0, width)], types, input.Position >= 0 ? width : -1, input.Errors.Add(new ErrorOutput(node, input.Position >= 0)));
    }
}
