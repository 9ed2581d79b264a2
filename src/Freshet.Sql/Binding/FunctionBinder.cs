using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>Calls of the catalogue's functions: the signature is chosen by number and types of the arguments, in order of declaration.</summary>
internal sealed class FunctionBinder(ExpressionBinder binder)
{
    public BoundExpression Bind(Call call)
    {
        var function = FunctionCatalogue.Find(call.Function) ?? throw Unknown(call);
        if (call.IsDistinct || call.Filter is not null) throw binder.Error(call.Span, $"{call.Function} is no aggregate function: DISTINCT and FILTER have no meaning for it.");
        var arguments = call.Arguments.Select(binder.Bind).ToImmutableArray();
        return Bind(function, arguments, call.Span);
    }

    public BoundExpression Bind(ScalarFunction function, ImmutableArray<BoundExpression> arguments, TextSpan span)
    {
        ImmutableArray<SqlType> given = [.. arguments.Select(a => a.Type)];
        foreach (var signature in function.Signatures)
        {
            var types = signature.Accept(given);
            if (types.IsDefault) continue;
            arguments = [.. arguments.Select((a, i) => ResultTypes.HasSameLayout(a.Type, types[i]) ? a : binder.Coerce.To(a, types[i]))];
            CheckTexts(function, arguments);
            types = [.. types.Select((t, i) => ResultTypes.HasSameLayout(arguments[i].Type, t) ? t.WithNullable(arguments[i].Type.IsNullable) : arguments[i].Type)];
            var type = signature.ResultOfValues?.Invoke(arguments) ?? signature.Result(types);
            type = type.WithNullable(function.IsNullable(type, types));
            return function.PerRow is { } make ? PerRow(function, make, arguments, type, span) : new BoundCall(function.Name, signature.Kernel, arguments, type, span, function.CanFail);
        }

        var found = given.IsEmpty ? "there are no arguments" : "the arguments are " + string.Join(", ", given.Select(t => t.Name));
        throw binder.Error(span, $"{function.Name} cannot be called like this: {found}. It is {string.Join(" or ", function.Calls)}.");
    }

    /// <summary>A seed that is a column gives each row its own value; else the position does.</summary>
    private static BoundCall PerRow(ScalarFunction function, PerRowKernel make, ImmutableArray<BoundExpression> arguments, SqlType type, TextSpan span)
    {
        var hasPosition = arguments.All(a => a is BoundLiteral);
        var kernel = make(arguments.Length, hasPosition, span.Start);
        return new BoundCall($"{function.Name} {span.Start}", kernel, hasPosition ? arguments.Add(new BoundRowPosition(span)) : arguments, type, span, function.CanFail);
    }

    private void CheckTexts(ScalarFunction function, ImmutableArray<BoundExpression> arguments)
    {
        if (function.Refuse is null) return;
        for (var i = 0; i < arguments.Length; i++)
            if (arguments[i] is BoundLiteral { Text: { } text } && function.Refuse(i, text) is { } sentence) throw binder.Error(arguments[i].Span, sentence);
    }

    private SqlException Unknown(Call call)
    {
        var names = FunctionCatalogue.Names.Concat(SpecialFunctions.Names).Concat(Grouping.Aggregates.Keys).Concat(binder.Scope.Functions?.Names ?? []);
        return binder.Error(call.Span, $"There is no function {call.Function}.{NearestName.Hint(call.Function, names)}");
    }
}
