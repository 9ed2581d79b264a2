using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan.Catalog;

/// <summary>What a function of a program gives: a value of a row, a value of a group, or rows.</summary>
public enum ProgramFunctionKind
{
    Scalar,
    Aggregate,
    Table,
}

/// <summary>One way to call a function of a program.</summary>
/// <param name="Parameters">The arguments' types; a DECIMAL takes any.</param>
/// <param name="Result">The value's type; for rows, an ARRAY of them.</param>
public sealed record ProgramSignature(ImmutableArray<SqlType> Parameters, SqlType Result)
{
    /// <summary>Computes the value, or the ARRAY of rows; of an aggregate null.</summary>
    public ScalarKernel? Kernel { get; init; }

    /// <summary>The engine's form of an aggregate.</summary>
    public object? Aggregate { get; init; }

    /// <summary>An aggregate that can take rows back.</summary>
    public bool TakesBack { get; init; }

    /// <summary>An aggregate that is given the rows in order.</summary>
    public bool IsOrdered { get; init; }
}

/// <summary>A function that a program has registered, as the planner sees it.</summary>
public abstract class ProgramFunction(string name, ProgramFunctionKind kind)
{
    public string Name { get; } = name;

    public ProgramFunctionKind Kind { get; } = kind;

    /// <summary>Where the function comes from: part of the identity of operators that call it.</summary>
    public abstract string Origin { get; }

    /// <summary>The ways to call it with so many arguments.</summary>
    public abstract IReadOnlyList<ProgramSignature> Signatures(int arguments);

    /// <summary>The function under another name.</summary>
    public abstract ProgramFunction Named(string name);
}
