using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Json;

/// <summary>
/// ARRAY, MAP, MULTISET and ROW, whose values are JSON text (<see cref="NestedText"/>).
/// <code>
/// expression                kernel        arguments                 result
/// array[i]                  Element       ARRAY, any integer        the element type; from 1, outside NULL
/// map[key]                  MapValue      MAP, key                  the value type; a missing key NULL
/// row.name                  Field(name)   ROW                       the field's type
/// CARDINALITY(c)            Cardinality   ARRAY, MAP or MULTISET    INT
/// ARRAY[a, b ...]           ArrayOf       elements                  ARRAY
/// MAP[k, v ...]             MapOf         keys and values in turn   MAP (of equal keys the last value counts)
/// ROW(a, b ...)             RowOf         fields                    ROW; an argument's field name is that of the result type
/// </code>
/// Constructors take arguments of the element, key, value and field types of the result (the caller casts).
/// </summary>
public static unsafe class CollectionKernels
{
    public static Column Element(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(ElementRow));

    public static Column MapValue(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(MapValueRow));

    public static ScalarKernel Field(string name)
    {
        var key = System.Text.Encoding.UTF8.GetBytes(name);
        return (context, arguments, types) => JsonRows.Run(context, arguments, types, new FieldRow(key));
    }

    public static Column Cardinality(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(CardinalityRow));

    public static Column ArrayOf(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(ArrayOfRow));

    public static Column MapOf(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(MapOfRow));

    public static Column RowOf(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(RowOfRow));

    private readonly struct ElementRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row) || arguments[1].IsNull(row)) return false;
            var index = VariantKernels.IntegerAt(arguments[1], row);
            return index >= 1
                && rows.TryScan(arguments[0], row, true, out var array)
                && JsonPathWalk.TryElement(array, index - 1, out var value)
                && NestedText.TryRead(value, rows.Type, rows.Result, row, rows.Memory);
        }
    }

    private readonly struct MapValueRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            rows.Buffer.Clear();
            NestedText.AppendKey(arguments[1], rows.Types.Arguments[1], row, rows.Buffer);
            return rows.TryScan(arguments[0], row, true, out var map)
                && map.TryGetMember(rows.Buffer.Written, out var value)
                && NestedText.TryRead(value, rows.Type, rows.Result, row, rows.Memory);
        }
    }

    private readonly struct FieldRow(byte[] key) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row) =>
            arguments[0].IsValid(row)
            && rows.TryScan(arguments[0], row, true, out var value)
            && value.TryGetMember(key, out var field)
            && NestedText.TryRead(field, rows.Type, rows.Result, row, rows.Memory);
    }

    private readonly struct CardinalityRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row) || !rows.TryScan(arguments[0], row, true, out var value)) return false;
            var count = 0;
            foreach (var _ in value.Elements()) count++;
            foreach (var _ in value.Members()) count++;
            ((int*)rows.Result)[row] = count;
            return true;
        }
    }

    private readonly struct ArrayOfRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            var buffer = rows.Buffer;
            buffer.Clear();
            buffer.Write((byte)'[');
            for (var i = 0; i < arguments.Length; i++)
            {
                if (i > 0) buffer.Write((byte)',');
                NestedText.Append(arguments[i], rows.Types.Arguments[i], row, buffer);
            }

            buffer.Write((byte)']');
            rows.StoreText(buffer.Written, row);
            return true;
        }
    }

    private readonly struct MapOfRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            var buffer = rows.Buffer;
            buffer.Clear();
            buffer.Write((byte)'{');
            for (var i = 0; i < arguments.Length; i += 2)
            {
                if (Find(rows, arguments, i, 0, i, row) >= 0) continue;
                if (buffer.Length > 1) buffer.Write((byte)',');
                rows.Parts.Clear();
                NestedText.AppendKey(arguments[i], rows.Types.Arguments[i], row, rows.Parts);
                JsonValueWriter.WriteString(rows.Parts.Written, buffer);
                buffer.Write((byte)':');
                var last = Find(rows, arguments, i, i + 2, arguments.Length, row);
                NestedText.Append(arguments[(last < 0 ? i : last) + 1], rows.Types.Arguments[i + 1], row, buffer);
            }

            buffer.Write((byte)'}');
            rows.StoreText(buffer.Written, row);
            return true;
        }

        /// <summary>The last argument in a range whose key is the one at <paramref name="at"/>, or -1: a key stands where it came first, with the value that came last.</summary>
        private static int Find(JsonRows rows, ReadOnlySpan<Column> arguments, int at, int from, int to, int row)
        {
            rows.Parts.Clear();
            NestedText.AppendKey(arguments[at], rows.Types.Arguments[at], row, rows.Parts);
            var length = rows.Parts.Length;
            for (var k = to - 2; k >= from; k -= 2)
            {
                rows.Parts.Truncate(length);
                NestedText.AppendKey(arguments[k], rows.Types.Arguments[k], row, rows.Parts);
                if (rows.Parts.Written[..length].SequenceEqual(rows.Parts.Written[length..])) return k;
            }

            return -1;
        }
    }

    private readonly struct RowOfRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            var buffer = rows.Buffer;
            buffer.Clear();
            for (var i = 0; i < arguments.Length; i++)
            {
                buffer.Write(i == 0 ? (byte)'{' : (byte)',');
                JsonValueWriter.WriteString(rows.Type.Fields[i].Name, buffer);
                buffer.Write((byte)':');
                NestedText.Append(arguments[i], rows.Types.Arguments[i], row, buffer);
            }

            buffer.Write((byte)'}');
            rows.StoreText(buffer.Written, row);
            return true;
        }
    }
}
