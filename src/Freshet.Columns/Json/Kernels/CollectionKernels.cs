using Freshet.Columns.Expressions;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;

namespace Freshet.Columns.Json.Kernels;

/// <summary>
/// ARRAY, MAP, MULTISET and ROW, whose values are JSON text of their shape (<see cref="JsonShape"/>).
/// <code>
/// expression                kernel        arguments                 result
/// array[i]                  Element       ARRAY, any integer        the element type; from 1, beyond the end NULL
/// map[key]                  MapValue      MAP, key                  the value type; a missing key NULL
/// row.name                  Field(name)   ROW                       the field's type
/// CARDINALITY(c)            Cardinality   ARRAY, MAP or MULTISET    INT
/// ARRAY[a, b ...]           ArrayOf       elements                  ARRAY
/// MAP[k, v ...]             MapOf         keys and values in turn   MAP (keys NOT NULL, the last of equal ones counts)
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

    private static void Append(in Column column, SqlType type, int row, Utf8Buffer buffer)
    {
        if (column.IsNull(row)) buffer.Write("null"u8);
        else JsonValueWriter.Write(type, column.Values, column.IndexOf(row), JsonTimeFormat.Iso8601, buffer);
    }

    /// <summary>A map's key as the text of a JSON key.</summary>
    private static void AppendKeyText(in Column column, SqlType type, int row, Utf8Buffer buffer) =>
        TextValueWriter.Write(type, column.Values, column.IndexOf(row), (byte)'T', buffer);

    private readonly struct ElementRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row) || arguments[1].IsNull(row)) return false;
            var index = VariantKernels.IntegerAt(arguments[1], row);
            if (index < 1) return rows.Fail($"The elements of an array are counted from 1; {index} is none of them.", []);
            return rows.TryScan(arguments[0], row, true, out var array)
                && JsonPathWalk.TryElement(array, index - 1, out var value)
                && rows.TryStore(value, row, out _);
        }
    }

    private readonly struct MapValueRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row) || arguments[1].IsNull(row)) return false;
            rows.Buffer.Clear();
            AppendKeyText(arguments[1], rows.Types.Arguments[1], row, rows.Buffer);
            return rows.TryScan(arguments[0], row, true, out var map)
                && map.TryGetMember(rows.Buffer.Written, out var value)
                && rows.TryStore(value, row, out _);
        }
    }

    private readonly struct FieldRow(byte[] key) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row) =>
            arguments[0].IsValid(row)
            && rows.TryScan(arguments[0], row, true, out var value)
            && value.TryGetMember(key, out var field)
            && rows.TryStore(field, row, out _);
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
                Append(arguments[i], rows.Types.Arguments[i], row, buffer);
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
                if (arguments[i].IsNull(row)) return rows.Fail("MAP: a key is NULL; keys are not.", []);
                if (IsRepeatedLater(rows, arguments, i, row)) continue;
                if (buffer.Length > 1) buffer.Write((byte)',');
                rows.Parts.Clear();
                AppendKeyText(arguments[i], rows.Types.Arguments[i], row, rows.Parts);
                JsonValueWriter.WriteString(rows.Parts.Written, buffer);
                buffer.Write((byte)':');
                Append(arguments[i + 1], rows.Types.Arguments[i + 1], row, buffer);
            }

            buffer.Write((byte)'}');
            rows.StoreText(buffer.Written, row);
            return true;
        }

        private static bool IsRepeatedLater(JsonRows rows, ReadOnlySpan<Column> arguments, int at, int row)
        {
            rows.Parts.Clear();
            AppendKeyText(arguments[at], rows.Types.Arguments[at], row, rows.Parts);
            var length = rows.Parts.Length;
            for (var k = at + 2; k < arguments.Length; k += 2)
            {
                if (arguments[k].IsNull(row)) continue;
                rows.Parts.Truncate(length);
                AppendKeyText(arguments[k], rows.Types.Arguments[k], row, rows.Parts);
                if (rows.Parts.Written[..length].SequenceEqual(rows.Parts.Written[length..])) return true;
            }

            return false;
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
                Append(arguments[i], rows.Types.Arguments[i], row, buffer);
            }

            buffer.Write((byte)'}');
            rows.StoreText(buffer.Written, row);
            return true;
        }
    }
}
