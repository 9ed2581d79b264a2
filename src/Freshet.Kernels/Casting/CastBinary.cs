using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Casting;

/// <summary>Text or bytes as BINARY(n), which has n bytes, and VARBINARY(n), which has at most n: cut at the end, filled with zeros.</summary>
internal static unsafe class CastBinary
{
    public static ScalarKernel Of(SqlType to) => to.Kind == TypeKind.VarBinary && to.Precision == SqlType.MaxLength ? static (_, arguments, _) => arguments[0] : Fit;

    private static Column Fit(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = input.Validity;
        var length = types.Result.Precision;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            var bytes = StringView.Span(input.As<StringView>() + row);
            if (bytes.Length == length || (bytes.Length < length && types.Result.Kind == TypeKind.VarBinary)) output.As<StringView>()[row] = input.As<StringView>()[row];
            else if (bytes.Length > length) output.As<StringView>()[row] = StringView.Copy(bytes[..length], context.Memory);
            else output.As<StringView>()[row] = Padded(bytes, length, 0, context.Memory);
        }

        return output;
    }

    /// <summary>A copy with a byte repeated at the end up to a length.</summary>
    internal static StringView Padded(ReadOnlySpan<byte> bytes, int length, byte filler, BatchMemory memory)
    {
        var room = memory.Allocate(length);
        var target = new Span<byte>(room, length);
        bytes.CopyTo(target);
        target[bytes.Length..].Fill(filler);
        return new StringView(room, length);
    }
}
