using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Sql.Functions;

/// <summary>When a result can be NULL.</summary>
public enum NullRule
{
    /// <summary>Exactly where an argument is NULL.</summary>
    OfArguments,

    /// <summary>Also where no argument is.</summary>
    Always,
    Never,

    /// <summary>As the rule for the type says.</summary>
    OfType,
}

/// <summary>The kernel of a call whose value depends on the row's position.</summary>
/// <param name="arguments">Arguments of the call.</param>
/// <param name="hasPosition">The position comes as the last argument; else the first one differs from row to row.</param>
/// <param name="call">Tells the calls of a query apart.</param>
public delegate ScalarKernel PerRowKernel(int arguments, bool hasPosition, long call);

/// <summary>An example: what is written, and the result as text. Executed as a test and shown in the guide.</summary>
public sealed record Example(string Sql, string Result);

/// <summary>
/// A scalar function, declared once: names, signatures, rule for NULL, a sentence and examples.
/// </summary>
public sealed record ScalarFunction(string Theme, ImmutableArray<string> Names, ImmutableArray<Signature> Signatures, string Sentence, params ImmutableArray<Example> Examples)
{
    public NullRule Nulls { get; init; }

    /// <summary>A row can fail.</summary>
    public bool CanFail { get; init; }

    /// <summary>Another value for every row: makes the kernel for so many arguments, whether the seed is one for all rows, and a number of the call; the row's position is added as the last argument.</summary>
    public PerRowKernel? PerRow { get; init; }

    /// <summary>What is wrong with a text that is written as argument number i (from 0), or null: found when the plan is made.</summary>
    public Func<int, string, string?>? Refuse { get; init; }

    public string Name => Names[0];

    /// <summary>The signatures with the name, as shown in messages and in the guide.</summary>
    public IEnumerable<string> Calls => Signatures.Select(s => $"{Name}({s.Text})");

    /// <summary>A further signature.</summary>
    public ScalarFunction Or(string signature, ScalarKernel kernel, ResultRule? result = null) =>
        this with { Signatures = Signatures.Add(new Signature(signature, result ?? Signatures[0].Result, kernel)) };

    /// <summary>The result's nullability for arguments of these types.</summary>
    public bool IsNullable(SqlType result, ImmutableArray<SqlType> arguments) => Nulls switch
    {
        NullRule.Always => true,
        NullRule.Never => false,
        NullRule.OfType => result.IsNullable,
        _ => arguments.Any(a => a.IsNullable),
    };
}
