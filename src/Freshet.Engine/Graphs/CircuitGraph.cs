using Freshet.Dataflow.Circuits;

namespace Freshet.Engine.Graphs;

/// <summary>
/// A running circuit as people draw it: sources, operators, views and sinks, with what each has done, all as of one moment between two
/// steps. Nodes that only move rows along are left out and the edges go through; an operator that is lowered to several nodes is one.
/// </summary>
/// <param name="Step">The last published step.</param>
/// <param name="Nodes">In topological order: a node's inputs come before it.</param>
public sealed record CircuitGraph(long Step, IReadOnlyList<GraphNode> Nodes);

public enum GraphNodeKind
{
    Source,
    Operator,
    View,
    Sink,
}

/// <summary>One node of a drawn circuit.</summary>
/// <param name="Id">Good for one graph and, as long as the process lives, for all later ones.</param>
/// <param name="Name">Of a source, view or sink its own; of an operator what kind it is.</param>
/// <param name="Title">What it computes, as EXPLAIN says it.</param>
/// <param name="Inputs">The nodes whose rows it takes.</param>
/// <param name="Figures">Since the start; of a view the rows and bytes that it holds are its state.</param>
public sealed record GraphNode(int Id, GraphNodeKind Kind, string Name, string Title, IReadOnlyList<int> Inputs, NodeFigures Figures)
{
    /// <summary>What EXPLAIN says below the operator: its key, its state, when that is dropped, what it waits for.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>µs since 1970; null before the first.</summary>
    public long? WatermarkMicros { get; init; }

    /// <summary>The watermark at which it has something to give without more input, µs; null where nothing waits.</summary>
    public long? DueMicros { get; init; }

    /// <summary>Why nothing has come out of it yet; null where something has.</summary>
    public string? Why { get; init; }

    /// <summary>Of a view or a sink: its statement.</summary>
    public string? Sql { get; init; }

    /// <summary>Of a view: rows that came too late for it, and rows on which an expression fails. Of a source: rows that could not be decoded.</summary>
    public long LateRows { get; init; }

    /// <inheritdoc cref="LateRows"/>
    public long ErrorRows { get; init; }
}
