using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Bitmaps;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Kernels.Rows;
using Freshet.Plan;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>The aggregate functions of BITMAP: those of sets, and those of numbers, which are the union of sets of one.</summary>
internal static class BitmapAggregate
{
    public static PendingCall Of(ExpressionBinder input, Call call, BoundExpression argument)
    {
        // What is done is told apart by the parameter alone: equal calls are computed once.
        var counts = call.Function.EndsWith("_CARDINALITY_AGG", StringComparison.Ordinal);
        var type = counts ? SqlType.BigInt : SqlType.Bitmap;
        var operation = call.Function["BITMAP_".Length..^"_AGG".Length];
        if (!operation.StartsWith("BUILD", StringComparison.Ordinal))
        {
            if (argument.Type.Kind != TypeKind.Bitmap) throw input.Error(call.Span, $"{call.Function} takes a BITMAP, this is {argument.Type.Name}.");
            return new PendingCall(AggregateKind.Bitmap, [argument], null, false, type, operation);
        }

        if (!argument.Type.IsInteger || argument.Type.Kind == TypeKind.BigInt) throw input.Error(call.Span, $"{call.Function} takes an INT, this is {argument.Type.Name}. Write a CAST.");
        var number = input.Coerce.To(argument, SqlType.Int.WithNullable(argument.Type.IsNullable));
        var one = new BoundCall("ARRAY", CollectionKernels.ArrayOf, [number], SqlType.Array(number.Type).NotNull, call.Span);
        var set = new BoundCall("BITMAP_BUILD", RowLoop.Of<BuildBitmap>(), [one], SqlType.Bitmap.NotNull, call.Span);
        var filter = argument.Type.IsNullable ? new BoundCall("IS NOT NULL", LogicKernel.IsNotNull, [argument], SqlType.Boolean.NotNull, call.Span) : null;
        return new PendingCall(AggregateKind.Bitmap, [set], filter, false, type, counts ? "OR_CARDINALITY" : "OR");
    }
}
