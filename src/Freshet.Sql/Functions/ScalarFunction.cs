using System.Collections.Immutable;
using Freshet.Columns.Expressions;
using Freshet.Columns.Types;

namespace Freshet.Sql.Functions;

/// <summary>What an argument of a function may be; a value of another family is cast where that loses nothing.</summary>
public enum Family
{
    Any,
    Text,
    Integer,
    Number,
    Boolean,
    Time,
}

/// <summary>An example: what is written, and the result as text. Executed as a test and shown in the guide.</summary>
public sealed record Example(string Sql, string Result);

/// <summary>
/// A scalar function, declared once: names, arguments, result type, kernel, a sentence and examples.
/// </summary>
/// <param name="Names">The name and its aliases, upper case.</param>
/// <param name="Arguments">Families of the arguments; the last one repeats when <paramref name="MaxArguments"/> is more.</param>
/// <param name="Result">The result's type from the arguments' types, nullable; nullability is added by the binder.</param>
public sealed record ScalarFunction(
    ImmutableArray<string> Names,
    ImmutableArray<Family> Arguments,
    int MinArguments,
    int MaxArguments,
    Func<ImmutableArray<SqlType>, SqlType> Result,
    ScalarKernel Kernel,
    string Sentence,
    params Example[] Examples)
{
    /// <summary>The result may be NULL though no argument is.</summary>
    public bool MayBeNull { get; init; }

    /// <summary>A NULL argument does not make the result NULL.</summary>
    public bool TakesNull { get; init; }

    public bool CanFail { get; init; }

    public Family FamilyOf(int argument) => Arguments[Math.Min(argument, Arguments.Length - 1)];
}
