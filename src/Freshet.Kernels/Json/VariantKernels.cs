using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Json;

/// <summary>
/// Access to parts of a VARIANT, and casts from and to it. Access never fails: what is not there, or not in an
/// object or array, is NULL; a JSON null is NULL.
/// <code>
/// expression                kernel             arguments              result
/// v['key'], v.a.b[1]        At(path)           VARIANT                VARIANT (path indexes count from 0)
/// v[expression]             Member             VARIANT, STRING        VARIANT
/// v[expression]             Element            VARIANT, any integer   VARIANT (from 1, as in Flink)
/// CAST(v AS t)              Cast(isTry: false) VARIANT                BOOLEAN, numbers, texts, BYTES, times, ARRAY, MAP, ROW
/// TRY_CAST(v AS t)          Cast(isTry: true)  VARIANT                the same; what cannot be converted is NULL
/// CAST(x AS VARIANT)        From               any type               VARIANT
/// </code>
/// Conversions are those of <see cref="JsonScalar"/>; VARCHAR(n) cuts and CHAR(n) pads as CAST does.
/// </summary>
public static unsafe class VariantKernels
{
    public static ScalarKernel At(JsonPath path) => (context, arguments, types) => JsonRows.Run(context, arguments, types, new PathRow(path));

    public static Column Member(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(MemberRow));

    public static Column Element(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(ElementRow));

    public static ScalarKernel Cast(bool isTry) => (context, arguments, types) => JsonRows.Run(context, arguments, types, new CastRow(isTry));

    public static Column From(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        types.Arguments[0].Kind == TypeKind.Variant ? arguments[0] : JsonRows.Run(context, arguments, types, default(FromRow));

    /// <summary>Cuts a text to the length of VARCHAR(n), or pads it to that of CHAR(n); lengths count characters.</summary>
    internal static void Fit(StringView* view, SqlType type, BatchMemory memory)
    {
        if (!type.IsCharacter || type.Precision == SqlType.MaxLength) return;
        var text = StringView.Span(view);
        var characters = 0;
        var at = 0;
        for (; at < text.Length; at++)
        {
            if ((text[at] & 0xC0) == 0x80) continue;
            if (characters == type.Precision) break;
            characters++;
        }

        if (at < text.Length) *view = StringView.Copy(text[..at], memory);
        else if (type.Kind == TypeKind.Char && characters < type.Precision)
        {
            var length = text.Length + type.Precision - characters;
            var padded = memory.Allocate(length);
            new Span<byte>(padded, length).Fill((byte)' ');
            text.CopyTo(new Span<byte>(padded, length));
            *view = new StringView(padded, length);
        }
    }

    /// <summary>The value of an integer column of any width.</summary>
    internal static long IntegerAt(in Column column, int row) => JsonValueWriter.ReadInteger(column.Kind, column.Values, column.IndexOf(row));

    private readonly struct PathRow(JsonPath path) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row) =>
            arguments[0].IsValid(row)
            && rows.TryScan(arguments[0], row, true, out var root)
            && JsonPathWalk.Find(root, path, out var value) == JsonPathResult.Found
            && rows.TryStore(value, row, out _);
    }

    private readonly struct MemberRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row) =>
            arguments[0].IsValid(row) && arguments[1].IsValid(row)
            && rows.TryScan(arguments[0], row, true, out var root)
            && root.TryGetMember(StringView.Span(arguments[1].As<StringView>() + arguments[1].IndexOf(row)), out var value)
            && rows.TryStore(value, row, out _);
    }

    private readonly struct ElementRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row) =>
            arguments[0].IsValid(row) && arguments[1].IsValid(row)
            && IntegerAt(arguments[1], row) is var index and >= 1
            && rows.TryScan(arguments[0], row, true, out var root)
            && JsonPathWalk.TryElement(root, index - 1, out var value)
            && rows.TryStore(value, row, out _);
    }

    private readonly struct CastRow(bool isTry) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row) || !rows.TryScan(arguments[0], row, true, out var value)) return false;
            if (rows.TryStore(value, row, out var result))
            {
                if (rows.Type.IsCharacter) Fit((StringView*)rows.Result + row, rows.Type, rows.Memory);
                return true;
            }

            Clear(rows, row);
            if (isTry || result == TextResult.Ok) return false;
            return rows.Fail($"CAST of a VARIANT: {TextValue.Reason(result, rows.Type)} TRY_CAST gives NULL instead.", value.Raw);
        }

        private static void Clear(JsonRows rows, int row)
        {
            var width = rows.Type.Physical.WidthBytes();
            new Span<byte>((byte*)rows.Result + (long)row * width, width).Clear();
        }
    }

    private readonly struct FromRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            rows.Buffer.Clear();
            JsonValueWriter.Write(rows.Types.Arguments[0], arguments[0].Values, arguments[0].IndexOf(row), JsonTimeFormat.Iso8601, rows.Buffer);
            rows.StoreText(rows.Buffer.Written, row);
            return true;
        }
    }
}
