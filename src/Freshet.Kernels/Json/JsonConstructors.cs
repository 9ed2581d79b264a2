using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Numbers;

namespace Freshet.Kernels.Json;

/// <summary>
/// Functions that make JSON.
/// <code>
/// function                                   kernel                         arguments                    result
/// JSON_OBJECT(KEY k VALUE v ... [on null])   Object(isJson, nullOnNull)     k1, v1, k2, v2 ...           STRING NOT NULL
/// JSON_ARRAY(v ... [on null])                Array(isJson, nullOnNull)      v1, v2 ...                   STRING NOT NULL
/// JSON_STRING(v)                             String                         v of any type                STRING
/// JSON(s)                                    Json                           STRING                       STRING, inside the two above
/// PARSE_JSON(s [, allowDuplicateKeys])       Parse(isTry: false)            STRING [, BOOLEAN]           VARIANT
/// TRY_PARSE_JSON(s [, allowDuplicateKeys])   Parse(isTry: true)             STRING [, BOOLEAN]           VARIANT
/// JSON_QUOTE(s), JSON_UNQUOTE(s)             Quote, Unquote                 STRING                       STRING
/// </code>
/// <c>isJson[i]</c> says that value i is itself a call of JSON, JSON_OBJECT or JSON_ARRAY, whose text is put in as it is; VARIANT and
/// composite values always are. Members are ordered by key, the last of equal keys counts. JSON_OBJECT's default in the
/// language is NULL ON NULL, JSON_ARRAY's is ABSENT ON NULL. Times are written in ISO-8601.
/// </summary>
public static unsafe class JsonConstructors
{
    public static ScalarKernel Object(bool[] isJson, bool nullOnNull = true) =>
        (context, arguments, types) => JsonRows.Run(context, arguments, types, new ObjectRow(isJson, nullOnNull));

    public static ScalarKernel Array(bool[] isJson, bool nullOnNull = false) =>
        (context, arguments, types) => JsonRows.Run(context, arguments, types, new ArrayRow(isJson, nullOnNull));

    public static Column String(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(StringRow));

    public static Column Json(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(JsonRow));

    public static ScalarKernel Parse(bool isTry) =>
        (context, arguments, types) => JsonRows.Run(context, arguments, types, new ParseRow(isTry));

    public static Column Quote(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(QuoteRow));

    public static Column Unquote(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        JsonRows.Run(context, arguments, types, default(UnquoteRow));

    /// <summary>Writes a value of an argument that is not NULL as JSON.</summary>
    private static bool TryAppend(JsonRows rows, in Column argument, SqlType type, bool isJson, int row, Utf8Buffer buffer)
    {
        if (isJson || type.Kind is TypeKind.Variant or TypeKind.Array or TypeKind.Map or TypeKind.Multiset or TypeKind.Row)
        {
            if (!rows.TryScan(argument, row, !type.IsCharacter, out var value)) return false;
            rows.Canonical.Append(value, buffer);
            return true;
        }

        if (type.IsApproximate && TryAppendLarge(argument, type, row, buffer)) return true;
        JsonValueWriter.Write(type, argument.Values, argument.IndexOf(row), JsonTimeFormat.Iso8601, buffer);
        return true;
    }

    /// <summary>Numbers that Java writes with an exponent, as Flink's JSON functions write them: by the rules of BigDecimal, as in 1.0E+20.</summary>
    private static bool TryAppendLarge(in Column argument, SqlType type, int row, Utf8Buffer buffer)
    {
        var index = argument.IndexOf(row);
        double value = type.Kind == TypeKind.Float ? argument.As<float>()[index] : argument.As<double>()[index];
        if (value == 0 || !double.IsFinite(value) || Math.Abs(value) is >= 1e-3 and < 1e7) return false;
        var digits = type.Kind == TypeKind.Float ? DecimalDigits.Of((float)value) : DecimalDigits.Of(value);
        digits.WritePlainOrScientific(buffer);
        return true;
    }

    private static ReadOnlySpan<byte> TextOf(in Column column, int row) => StringView.Span(column.As<StringView>() + column.IndexOf(row));

    private readonly struct ObjectRow(bool[] isJson, bool nullOnNull) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            var parts = rows.Parts;
            parts.Clear();
            var members = arguments.Length / 2;
            var starts = members <= 64 ? stackalloc int[members + 1] : new int[members + 1];
            var order = members <= 64 ? stackalloc int[members] : new int[members];
            var count = 0;
            for (var m = 0; m < members; m++)
            {
                if (arguments[2 * m].IsNull(row)) return rows.Fail("JSON_OBJECT: a key is NULL; keys are texts.", []);
                starts[m] = parts.Length;
                if (arguments[2 * m + 1].IsNull(row))
                {
                    if (!nullOnNull) continue;
                    parts.Write("null"u8);
                }
                else if (!TryAppend(rows, arguments[2 * m + 1], rows.Types.Arguments[2 * m + 1], isJson[m], row, parts))
                    return rows.Fail("JSON_OBJECT: a value is not JSON.", TextOf(arguments[2 * m + 1], row));
                starts[members] = parts.Length;

                // An insertion sort by key; of equal keys the later takes the place.
                var key = TextOf(arguments[2 * m], row);
                var at = count;
                var compared = 1;
                while (at > 0 && (compared = TextOf(arguments[2 * order[at - 1]], row).SequenceCompareTo(key)) > 0) at--;
                if (at > 0 && compared == 0)
                {
                    order[at - 1] = m;
                    continue;
                }

                for (var k = count; k > at; k--) order[k] = order[k - 1];
                order[at] = m;
                count++;
            }

            rows.Buffer.Clear();
            rows.Buffer.Write((byte)'{');
            for (var k = 0; k < count; k++)
            {
                var m = order[k];
                if (k > 0) rows.Buffer.Write((byte)',');
                JsonValueWriter.WriteString(TextOf(arguments[2 * m], row), rows.Buffer);
                rows.Buffer.Write((byte)':');
                rows.Buffer.Write(parts.Written[starts[m]..EndOf(starts, m, members)]);
            }

            rows.Buffer.Write((byte)'}');
            rows.StoreText(rows.Buffer.Written, row);
            return true;
        }

        private static int EndOf(ReadOnlySpan<int> starts, int member, int members) => member + 1 < members ? starts[member + 1] : starts[members];
    }

    private readonly struct ArrayRow(bool[] isJson, bool nullOnNull) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            var buffer = rows.Buffer;
            buffer.Clear();
            buffer.Write((byte)'[');
            for (var i = 0; i < arguments.Length; i++)
            {
                var isNull = arguments[i].IsNull(row);
                if (isNull && !nullOnNull) continue;
                if (buffer.Length > 1) buffer.Write((byte)',');
                if (isNull) buffer.Write("null"u8);
                else if (!TryAppend(rows, arguments[i], rows.Types.Arguments[i], isJson[i], row, buffer))
                    return rows.Fail("JSON_ARRAY: a value is not JSON.", TextOf(arguments[i], row));
            }

            buffer.Write((byte)']');
            rows.StoreText(buffer.Written, row);
            return true;
        }
    }

    private readonly struct StringRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            rows.Buffer.Clear();
            TryAppend(rows, arguments[0], rows.Types.Arguments[0], false, row, rows.Buffer);
            rows.StoreText(rows.Buffer.Written, row);
            return true;
        }
    }

    private readonly struct JsonRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var text = TextOf(arguments[0], row);
            rows.Buffer.Clear();

            // As in Flink, an empty text is null.
            if (text.Trim(" \t\r\n"u8).IsEmpty) rows.Buffer.Write("null"u8);
            else if (rows.TryScan(text, false, out var value)) rows.Canonical.Append(value, rows.Buffer);
            else return rows.Fail("JSON: the text is not JSON.", text);
            rows.StoreText(rows.Buffer.Written, row);
            return true;
        }
    }

    private readonly struct ParseRow(bool isTry) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var text = TextOf(arguments[0], row);
            var allowsDuplicates = arguments.Length > 1 && arguments[1].IsValid(row) && arguments[1].As<byte>()[arguments[1].IndexOf(row)] != 0;
            rows.TryScan(text, true, out var root);
            var limits = new JsonLimits(MaxDepth: JsonValidator.MaxDepth, RejectDuplicateKeys: !allowsDuplicates);
            if (!JsonValidator.TryValidate(rows.Structure, limits, out var error))
                return !isTry && rows.Fail($"PARSE_JSON: {error} TRY_PARSE_JSON gives NULL instead.", text);
            if (root.Kind == JsonKind.Null) return false;
            ((StringView*)rows.Result)[row] = new StringView(root.Start, root.Length);
            return true;
        }
    }

    private readonly struct QuoteRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            rows.Parts.Clear();
            rows.Buffer.Clear();
            JsonValueWriter.WriteString(TextOf(arguments[0], row), rows.Parts);
            var text = rows.Parts.Written;
            while (!text.IsEmpty)
            {
                Rune.DecodeFromUtf8(text, out var rune, out var used);
                text = text[used..];
                if (rune.Value == '/') rows.Buffer.Write("\\/"u8);
                else if (rune.IsAscii) rows.Buffer.Write((byte)rune.Value);
                else AppendUnits(rune, rows.Buffer);
            }

            rows.StoreText(rows.Buffer.Written, row);
            return true;
        }
    }

    /// <summary>A character as one or two escapes of four hexadecimal digits.</summary>
    private static void AppendUnits(Rune rune, Utf8Buffer buffer)
    {
        Span<char> units = stackalloc char[2];
        foreach (var unit in units[..rune.EncodeToUtf16(units)])
        {
            buffer.Write("\\u"u8);
            System.Buffers.Text.Utf8Formatter.TryFormat((int)unit, buffer.GetSpan(4), out var written, new System.Buffers.StandardFormat('x', 4));
            buffer.Advance(written);
        }
    }

    private readonly struct UnquoteRow : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var text = TextOf(arguments[0], row);

            // A text that is no string in quotes with right escapes passes through as it is.
            if (text.Length < 2 || text[0] != '"' || text[^1] != '"' || !HasRightEscapes(text[1..^1]))
            {
                ((StringView*)rows.Result)[row] = arguments[0].As<StringView>()[arguments[0].IndexOf(row)];
                return true;
            }

            var room = rows.Buffer;
            room.Clear();
            room.Advance(JsonText.Unescape(text[1..^1], room.GetSpan(text.Length)));
            rows.StoreText(room.Written, row);
            return true;
        }

        private static bool HasRightEscapes(ReadOnlySpan<byte> text)
        {
            for (var i = text.IndexOf((byte)'\\'); i >= 0 && i < text.Length; i++)
            {
                if (text[i] != '\\') continue;
                if (++i >= text.Length) return false;
                if (text[i] == 'u' && !JsonText.TryHex(text[(i + 1)..], out _)) return false;
                if (text[i] != 'u' && !"\"\\/bfnrt"u8.Contains(text[i])) return false;
            }

            return true;
        }
    }
}
