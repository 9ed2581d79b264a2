using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Rows;
using Freshet.Kernels.Texts;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>Calls whose result depends on more than the types of their arguments: units, paths, branches.</summary>
internal sealed class SpecialFunctions(ExpressionBinder binder)
{
    private readonly JsonExpressions _json = new(binder);

    /// <summary>Their names, for messages.</summary>
    public static IEnumerable<string> Names => [.. SpecialForms.All.Select(f => f.Name).Where(n => !n.Contains(' ', StringComparison.Ordinal)), "CEIL", "FLOOR", ProcessingTime.Name];

    public BoundExpression? TryBind(Call call) => call.Function switch
    {
        "COALESCE" or "IFNULL" => Coalesce(call),
        "NULLIF" => NullIf(call),
        "IF" => If(call),
        ProcessingTime.Name when call.Arguments.IsEmpty => ProcessingTime.Call(call.Span),
        "TRIM" => Trim(call),
        "MOD" => Modulo(call),
        "GREATEST" or "LEAST" => Extreme(call),
        "TYPEOF" => TypeOf(call),
        "CURRENT_DATABASE" => CurrentDatabase(call),
        "OBJECT_OF" => new StructuredObjects(binder).Make(call),
        "OBJECT_UPDATE" => new StructuredObjects(binder).Update(call),
        _ => binder.Times.TryBind(call) ?? _json.TryBind(call),
    };

    private Expression One(Call call) => call.Arguments is [var only] ? only : throw Takes(call, "one argument");

    private SqlException Takes(Call call, string what) => binder.Error(call.Span, $"{call.Function} takes {what}, here are {call.Arguments.Length}.");

    private BoundExpression Coalesce(Call call)
    {
        if (call.Arguments.IsEmpty) throw Takes(call, "at least one argument");
        var arguments = call.Arguments.Select(binder.Bind).ToImmutableArray();
        var type = binder.Coerce.Widest(arguments, call.Function).WithNullable(arguments.All(a => a.Type.IsNullable));
        return new BoundCoalesce([.. arguments.Select(a => binder.Coerce.To(a, type))], type, call.Span);
    }

    private BoundCase NullIf(Call call)
    {
        if (call.Arguments.Length != 2) throw Takes(call, "two arguments");
        var value = binder.Bind(call.Arguments[0]);
        var same = binder.Comparisons.Equal(value, binder.Bind(call.Arguments[1]), call.Span);
        return new BoundCase([same], [new BoundLiteral(value.Type.WithNullable(true), call.Span, null)], value, value.Type.WithNullable(true), call.Span);
    }

    private BoundCase If(Call call)
    {
        if (call.Arguments.Length != 3) throw Takes(call, "three arguments");
        var condition = binder.Coerce.Boolean(binder.Bind(call.Arguments[0]), "The condition of IF");
        var (then, otherwise) = (binder.Bind(call.Arguments[1]), binder.Bind(call.Arguments[2]));
        var type = binder.Coerce.Common([then, otherwise], "IF");
        return new BoundCase([condition], [binder.Coerce.To(then, type)], binder.Coerce.To(otherwise, type), type, call.Span);
    }

    private BoundCall Trim(Call call)
    {
        if (call.Arguments.IsEmpty) throw Takes(call, "a text");
        var (where, rest) = call.Arguments[0] is Word word ? (word.Text, call.Arguments[1..]) : ("BOTH", call.Arguments);
        var arguments = rest.Select(a => binder.Text(binder.Bind(a))).ToImmutableArray();
        return ExpressionBinder.Call($"TRIM {where}", RowLoop.Of(new Trim(where != "TRAILING", where != "LEADING")), arguments, ResultTypes.Varying([.. arguments.Select(a => a.Type)]), call.Span);
    }

    private BoundExpression Modulo(Call call)
    {
        if (call.Arguments.Length != 2) throw Takes(call, "two arguments");
        return binder.Bind(new Binary("%", call.Arguments[0], call.Arguments[1], call.Span));
    }

    private BoundExpression Extreme(Call call)
    {
        const int ArgumentsMax = 32;
        var bound = call.Arguments.Select(binder.Bind).ToImmutableArray();
        if (bound.Length is < 1 or > ArgumentsMax) throw Takes(call, $"1 to {ArgumentsMax} arguments");
        var type = binder.Coerce.Widest(bound, call.Function).WithNullable(bound.Any(a => a.Type.IsNullable));
        var arguments = bound.Select(a => binder.Coerce.To(a, type)).ToImmutableArray();
        if (arguments.Length == 1) return arguments[0];
        // NULL where any is NULL; else the first one that no later one beats, having beaten those before it.
        var conditions = ImmutableArray.CreateBuilder<BoundExpression>();
        var results = ImmutableArray.CreateBuilder<BoundExpression>();
        foreach (var argument in arguments.Where(a => a.Type.IsNullable))
        {
            conditions.Add(new BoundCall("IS NULL", LogicKernel.IsNull, [argument], SqlType.Boolean.NotNull, call.Span));
            results.Add(new BoundLiteral(type.WithNullable(true), call.Span, null));
        }

        for (var i = 0; i < arguments.Length - 1; i++)
        {
            var wins = arguments[(i + 1)..].Select(other => binder.Compare(call.Function == "GREATEST" ? ">=" : "<=", arguments[i], other, call.Span));
            conditions.Add(BoundLogical.All(wins)!);
            results.Add(arguments[i]);
        }

        return new BoundCase(conditions.ToImmutable(), results.ToImmutable(), arguments[^1], type, call.Span);
    }

    private BoundLiteral CurrentDatabase(Call call)
    {
        if (!call.Arguments.IsEmpty) throw Takes(call, "nothing");
        return new BoundLiteral(SqlType.String.NotNull, call.Span, System.Text.Encoding.UTF8.GetBytes(binder.Scope.Functions?.CurrentDatabase?.Invoke() ?? Catalogs.DefaultDatabase));
    }

    private BoundLiteral TypeOf(Call call)
    {
        if (call.Arguments.Length is not (1 or 2)) throw Takes(call, "a value, and TRUE for a text that DDL reads");
        return new BoundLiteral(SqlType.String, call.Span, System.Text.Encoding.UTF8.GetBytes(binder.Bind(call.Arguments[0]).Type.ToString()));
    }
}
