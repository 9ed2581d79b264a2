using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Engine.Steps;
using Freshet.Engine.Views;
using Freshet.Sql.Binding;

namespace Freshet.Engine.Planning;

/// <summary>One kept result at the end of a project's circuit.</summary>
/// <param name="Of">The view or INSERT INTO whose rows these are, or whose errors or late rows.</param>
internal sealed record KeptResult(string Name, Schema Schema, ImmutableArray<int> Key, ServedRows Rows, string Of, int Node);

/// <summary>
/// A project's views and INSERT INTOs as a circuit that has done its first step. Made again from the same statements it is the same
/// circuit, node by node.
/// </summary>
internal sealed class ProjectCircuit
{
    private ProjectCircuit(StepRunner runner, IReadOnlyList<KeptResult> results, IReadOnlyList<int> inserts)
    {
        Runner = runner;
        Results = results;
        Inserts = inserts;
    }

    public StepRunner Runner { get; }

    public IReadOnlyList<KeptResult> Results { get; }

    /// <summary>Where the rows of each INSERT INTO leave.</summary>
    public IReadOnlyList<int> Inserts { get; }

    public static ProjectCircuit Build(ScriptBinder binder, PipelineOptions options, Connectors connectors, TimeZoneInfo zone)
    {
        var builder = new CircuitBuilder(options.HashSeed, zone);
        builder.AddSources([.. binder.MaterializedViews.Select(v => v.Plan), .. binder.Inserts.Select(i => i.Plan)]);
        var results = new List<KeptResult>();
        foreach (var view in binder.MaterializedViews)
        {
            var (rows, errors) = builder.AddResult(view.Name, view.Plan, view.Key);
            // Where no key is known a row is named by its content and counted.
            results.Add(new KeptResult(view.Name, view.Plan.Schema, view.Plan.Key, ServedRows.Result, view.Name, rows));
            if (errors >= 0) results.Add(ErrorsOf(view.Name, errors));
            foreach (var (name, schema, late) in builder.AddLates(view.Name, view.Plan)) results.Add(new KeptResult(name, schema, [], ServedRows.Late, view.Name, late));
        }

        var inserts = binder.Inserts.Select(i => (i.Name, Node: i.Plan.IsAppendOnly ? builder.AddQuery(i.Name, i.Plan) : builder.AddChanges(i.Name, i.Plan))).ToList();
        results.AddRange(inserts.Where(i => i.Node.Errors >= 0).Select(i => ErrorsOf(i.Name, i.Node.Errors)));
        var runner = RunnerFactory.Create(builder, options, (source, columns) => connectors.CreateSource(source.Table, columns, null));
        return new ProjectCircuit(runner, results, [.. inserts.Select(i => i.Node.Rows)]);
    }

    private static KeptResult ErrorsOf(string name, int node) => new(name + "$errors", CircuitBuilder.ErrorSchema, [], ServedRows.Errors, name, node);
}
