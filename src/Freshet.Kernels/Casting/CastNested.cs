using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;

namespace Freshet.Kernels.Casting;

/// <summary>
/// ARRAY, MAP, MULTISET and ROW with parts of other types: the parts of all rows are cast at once by the kernels of their types
/// and put together again. A part that cannot be cast is an error of its row; by TRY_CAST the row's whole value is NULL.
/// A ROW must have as many fields; names are those of the target.
/// </summary>
internal static unsafe class CastNested
{
    [ThreadStatic]
    private static Utf8Buffer? t_buffer;

    [ThreadStatic]
    private static Utf8Buffer? t_keys;

    public static ScalarKernel? Of(SqlType from, SqlType to, bool isTry)
    {
        if (from.Kind != to.Kind || from.Fields.Length != to.Fields.Length) return null;
        var kernels = new ScalarKernel[from.Fields.Length];
        for (var f = 0; f < kernels.Length; f++)
        {
            if (CastKernel.Of(from.Fields[f].Type, to.Fields[f].Type, isTry: false) is not { } kernel) return null;
            kernels[f] = kernel;
        }

        return (context, arguments, types) => Cast(context, arguments[0], types, kernels, isTry);
    }

    private static Column Cast(EvaluationContext context, in Column argument, CallTypes types, ScalarKernel[] kernels, bool isTry)
    {
        var input = argument.Flatten(context.Rows, context.Memory);
        var (from, to) = (types.Arguments[0], types.Result);
        var nested = NestedParts.Of(context, input, from);
        var parts = new Column[kernels.Length];
        for (var f = 0; f < parts.Length; f++)
            parts[f] = kernels[f](nested.Parts, [nested.Columns[f]], new CallTypes([from.Fields[f].Type], to.Fields[f].Type.WithNullable(true)));
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = ValidityKernel.Copy(input.Validity, context.Rows, context.Memory);
        foreach (var error in nested.Parts.Errors)
        {
            var row = nested.RowOf(error.Row, context.Rows);
            output.SetNull(row);
            if (!isTry) context.Fail(row, error.Reason, Encoding.UTF8.GetBytes(error.Value));
        }

        var names = to.Kind == TypeKind.Row ? FieldNames(to) : [];
        var buffer = t_buffer ??= new Utf8Buffer();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            buffer.Clear();
            if (to.Kind == TypeKind.Row) AppendRow(to, names, parts, nested.Starts[row], buffer);
            else if (to.Kind == TypeKind.Map) AppendMap(to, parts, nested.Starts[row], nested.Starts[row + 1], buffer);
            else AppendArray(to, parts[0], nested.Starts[row], nested.Starts[row + 1], buffer);
            output.As<StringView>()[row] = StringView.Copy(buffer.Written, context.Memory);
        }

        return output;
    }

    private static byte[][] FieldNames(SqlType type) => [.. type.Fields.Select(f =>
    {
        var buffer = new Utf8Buffer();
        JsonValueWriter.WriteString(f.Name, buffer);
        return buffer.Written.ToArray();
    })];

    private static void AppendRow(SqlType type, byte[][] names, Column[] parts, int part, Utf8Buffer buffer)
    {
        for (var f = 0; f < parts.Length; f++)
        {
            buffer.Write(f == 0 ? (byte)'{' : (byte)',');
            buffer.Write(names[f]);
            buffer.Write((byte)':');
            NestedText.Append(parts[f], type.Fields[f].Type, part, buffer);
        }

        buffer.Write(parts.Length == 0 ? "{}"u8 : "}"u8);
    }

    private static void AppendArray(SqlType type, in Column parts, int from, int to, Utf8Buffer buffer)
    {
        buffer.Write((byte)'[');
        for (var part = from; part < to; part++)
        {
            if (part > from) buffer.Write((byte)',');
            NestedText.Append(parts, type.Fields[0].Type, part, buffer);
        }

        buffer.Write((byte)']');
    }

    private static void AppendMap(SqlType type, Column[] parts, int from, int to, Utf8Buffer buffer)
    {
        var key = t_keys ??= new Utf8Buffer();
        buffer.Write((byte)'{');
        for (var part = from; part < to; part++)
        {
            if (part > from) buffer.Write((byte)',');
            key.Clear();
            NestedText.AppendKey(parts[0], type.Fields[0].Type, part, key);
            JsonValueWriter.WriteString(key.Written, buffer);
            buffer.Write((byte)':');
            NestedText.Append(parts[1], type.Fields[1].Type, part, buffer);
        }

        buffer.Write((byte)'}');
    }
}
