using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Sql.Functions;

/// <summary>The result's type from the types of the arguments, nullable: the function adds its rule for NULL.</summary>
public delegate SqlType ResultRule(ImmutableArray<SqlType> arguments);

/// <summary>Types of arguments made to agree with each other, or default where they cannot.</summary>
public delegate ImmutableArray<SqlType> AgreementRule(ImmutableArray<SqlType> arguments);

/// <summary>
/// One way to call a function: families of the arguments, as they are shown to the user, the result and the kernel.
/// <code>
/// STRING, INTEGER [, INTEGER]     two or three arguments
/// STRING, STRING...               two or more, the last family for all further ones
/// </code>
/// </summary>
public sealed record Signature
{
    private const int ArgumentsMax = 254;

    public Signature(string text, ResultRule result, ScalarKernel kernel, AgreementRule? agree = null)
    {
        Text = text;
        Result = result;
        Kernel = kernel;
        Agree = agree;
        var repeats = text.EndsWith("...", StringComparison.Ordinal);
        var words = text.Replace("...", "", StringComparison.Ordinal).Split([',', ' ', '[', ']'], StringSplitOptions.RemoveEmptyEntries);
        Arguments = [.. words.Select(w => Enum.Parse<Family>(w, ignoreCase: true))];
        MaxArguments = repeats ? ArgumentsMax : Arguments.Length;
        var optional = text.IndexOf('[', StringComparison.Ordinal);
        MinArguments = optional < 0 ? Arguments.Length : text[..optional].Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Length;
    }

    public string Text { get; }

    public ResultRule Result { get; }

    public ScalarKernel Kernel { get; }

    /// <summary>The result's type where it depends on values that are written: instead of <see cref="Result"/>.</summary>
    public Func<ImmutableArray<BoundExpression>, SqlType>? ResultOfValues { get; init; }

    public ImmutableArray<Family> Arguments { get; }

    public int MinArguments { get; }

    public int MaxArguments { get; }

    /// <summary>What families alone do not say: elements that belong to an array, keys to a map, a common type.</summary>
    private AgreementRule? Agree { get; }

    /// <summary>The types with which the arguments are passed, or default where they do not fit.</summary>
    public ImmutableArray<SqlType> Accept(ImmutableArray<SqlType> arguments)
    {
        if (arguments.Length < MinArguments || arguments.Length > MaxArguments) return default;
        var accepted = ImmutableArray.CreateBuilder<SqlType>(arguments.Length);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (Arguments[Math.Min(i, Arguments.Length - 1)].Accept(arguments[i]) is not { } type) return default;
            accepted.Add(type);
        }

        return Agree is null ? accepted.MoveToImmutable() : Agree(accepted.MoveToImmutable());
    }
}
