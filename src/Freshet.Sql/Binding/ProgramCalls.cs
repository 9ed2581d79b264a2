using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>Calls of functions of a program: the signature that fits the arguments best, and the arguments as it takes them.</summary>
internal static class ProgramCalls
{
    /// <summary>The numeric types, each of which can be given where a later one is taken.</summary>
    private static readonly TypeKind[] Widening = [TypeKind.TinyInt, TypeKind.SmallInt, TypeKind.Int, TypeKind.BigInt, TypeKind.Decimal, TypeKind.Float, TypeKind.Double];

    /// <summary>A call in an expression.</summary>
    public static BoundCall Bind(ExpressionBinder binder, Call call, ProgramFunction function)
    {
        if (function.Kind != ProgramFunctionKind.Scalar) throw binder.Error(call.Span, $"{function.Name} is {(function.Kind == ProgramFunctionKind.Table ? "a table function: write LATERAL TABLE(...) in FROM" : "an aggregate function, which has no place here")}.");
        if (call.IsDistinct || call.Filter is not null) throw binder.Error(call.Span, $"{call.Function} is no aggregate function: DISTINCT and FILTER have no meaning for it.");
        return Value(binder, function, [.. call.Arguments.Select(binder.Bind)], call.Span);
    }

    /// <summary>The value, or the ARRAY of rows of a table function.</summary>
    public static BoundCall Value(ExpressionBinder binder, ProgramFunction function, ImmutableArray<BoundExpression> arguments, TextSpan span)
    {
        var (signature, given) = Resolve(binder, function, arguments, span);
        return new BoundCall($"{function.Name}@{function.Origin}", signature.Kernel!, given, signature.Result, span, canFail: true);
    }

    public static (ProgramSignature Signature, ImmutableArray<BoundExpression> Arguments) Resolve(ExpressionBinder binder, ProgramFunction function, ImmutableArray<BoundExpression> arguments, TextSpan span)
    {
        var best = function.Signatures(arguments.Length)
            .Select(s => (Signature: s, Cost: s.Parameters.Zip(arguments, (p, a) => Cost(a.Type, p)).Aggregate((int?)0, (sum, cost) => sum + cost)))
            .Where(s => s.Cost is not null).OrderBy(s => s.Cost).Select(s => s.Signature).FirstOrDefault();
        if (best is null)
        {
            var known = Enumerable.Range(0, 8).SelectMany(function.Signatures).Select(s => $"({string.Join(", ", s.Parameters.Select(p => p.Name))})").Distinct().ToList();
            throw binder.Error(span, $"{function.Name} does not take ({string.Join(", ", arguments.Select(a => a.Type.Name))}).{(known.Count == 0 ? "" : $" It takes {string.Join(" or ", known)}.")}");
        }

        return (best, [.. arguments.Zip(best.Parameters, (a, p) => IsTaken(a.Type, p) ? a : a is BoundLiteral { IsNull: true } ? new BoundLiteral(p.WithNullable(true), a.Span, null) : binder.Coerce.To(a, p.WithNullable(a.Type.IsNullable)))]);
    }

    /// <summary>0 where a value can be taken as it is, more the further its type must be widened; null where it cannot be taken.</summary>
    private static int? Cost(SqlType given, SqlType taken)
    {
        if (given.Kind == TypeKind.Null) return 1;
        if (IsTaken(given, taken)) return 0;
        if (given.IsCharacter && taken.IsCharacter || given.IsBinary && taken.IsBinary || given.Kind == TypeKind.Date && taken.Kind == TypeKind.Timestamp) return 1;
        var (from, to) = (Array.IndexOf(Widening, given.Kind), Array.IndexOf(Widening, taken.Kind));
        return from >= 0 && to > from ? to - from : null;
    }

    private static bool IsTaken(SqlType given, SqlType taken) =>
        given.Kind == taken.Kind ? given.Fields.Length == 0 || given.EqualsIgnoringNullability(taken) : given.IsCharacter && taken.IsCharacter || given.IsBinary && taken.IsBinary;
}
