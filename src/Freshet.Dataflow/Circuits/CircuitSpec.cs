using System.Collections.Immutable;

namespace Freshet.Dataflow.Circuits;

/// <summary>How rows travel along an edge between the shares of two operators.</summary>
public enum Exchange
{
    /// <summary>Rows stay in their share.</summary>
    Local,

    /// <summary>A row goes to the share that its key's hash names.</summary>
    Keyed,

    /// <summary>All rows go to share 0.</summary>
    Single,
}

/// <summary>An input of a node: output <paramref name="Output"/> of node <paramref name="From"/> (0 is the main output, 1 and on are side outputs).</summary>
/// <param name="From">Index of the producing node, smaller than that of the reading one.</param>
/// <param name="Output">0 for the main output; side output k of the operator is k + 1.</param>
/// <param name="Exchange">How rows find their share.</param>
/// <param name="Key">Columns that are hashed when the exchange is <see cref="Exchange.Keyed"/>.</param>
public sealed record EdgeSpec(int From, int Output, Exchange Exchange, ImmutableArray<int> Key)
{
    public static EdgeSpec Local(int from, int output = 0) => new(from, output, Exchange.Local, []);

    public static EdgeSpec Keyed(int from, ImmutableArray<int> key, int output = 0) =>
        key.IsEmpty ? Single(from, output) : new(from, output, Exchange.Keyed, key);

    public static EdgeSpec Single(int from, int output = 0) => new(from, output, Exchange.Single, []);
}

/// <summary>A node of a circuit: a source (no operator) or an operator with its inputs.</summary>
/// <param name="Name">For people: what EXPLAIN and metrics call it.</param>
/// <param name="Identity">The stable identity of the bound subtree and role; empty where none applies.</param>
/// <param name="Create">Makes the operator of one share; null for a source.</param>
/// <param name="Inputs">One edge or more for each port; the port is <see cref="InputSpec.Port"/>.</param>
public sealed record NodeSpec(string Name, string Identity, Func<int, Operator>? Create, ImmutableArray<InputSpec> Inputs)
{
    public bool IsSource => Create is null;

    public static NodeSpec Source(string name) => new(name, name, null, []);
}

/// <summary>An edge into a port.</summary>
public sealed record InputSpec(int Port, EdgeSpec Edge);

/// <summary>The operators that a project's SQL compiles to, in topological order. Immutable.</summary>
public sealed class CircuitSpec(ImmutableArray<NodeSpec> nodes)
{
    public ImmutableArray<NodeSpec> Nodes { get; } = nodes;
}
