using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Tests.Json;

public unsafe class JsonPathDecoderTests(ITestOutputHelper output)
{
    [Fact]
    public void Values_of_every_type_are_read()
    {
        var rows = Decode(
            ["""{"b":true,"i":42,"l":-9223372036854775808,"d":1.25,"m":12.345,"s":"text","e":"a\u00e9\n\"b","t":"2024-02-29T12:34:56.789+02:00","day":"2024-02-29","clock":"01:02:03.5","v":{"x":[1,2]},"a":[ 1, "2" ],"r":{"y":"2","x":1}}"""],
            Column("b", SqlType.Boolean), Column("i", SqlType.Int), Column("l", SqlType.BigInt), Column("d", SqlType.Double), Column("m", SqlType.Decimal(10, 2)),
            Column("s", SqlType.String), Column("e", SqlType.String), Column("t", SqlType.TimestampLtz(3)), Column("day", SqlType.Date), Column("clock", SqlType.Time(3)),
            Column("v", SqlType.Variant), Column("a", SqlType.Array(SqlType.Int)), Column("r", SqlType.Row([new("x", SqlType.String), new("y", SqlType.Int), new("z", SqlType.Date)])),
            Column("$.v.x[1]", SqlType.TinyInt), Column("missing", SqlType.Int));
        Assert.Equal(
            "true|42|-9223372036854775808|1.25|12.35|text|aé\n\"b|2024-02-29 10:34:56.789Z|2024-02-29|01:02:03.5|{\"x\":[1,2]}|[1,2]|{\"x\":\"1\",\"y\":2,\"z\":null}|2|NULL",
            rows[0]);
    }

    [Theory]
    [InlineData("\"12\"", "INT", "12")]
    [InlineData("\" 12 \"", "INT", "12")]
    [InlineData("1.9", "INT", "1")]
    [InlineData("-1.9e1", "INT", "-19")]
    [InlineData("3000000000", "INT", "The value is out of the range of INT.")]
    [InlineData("\"x\"", "INT", "The value cannot be read as INT.")]
    [InlineData("true", "INT", "1")]
    [InlineData("{}", "INT", "The value cannot be read as INT.")]
    [InlineData("128", "TINYINT", "The value is out of the range of TINYINT.")]
    [InlineData("\"TRUE\"", "BOOLEAN", "true")]
    [InlineData("\"no\"", "BOOLEAN", "false")]
    [InlineData("0.0", "BOOLEAN", "false")]
    [InlineData("2", "BOOLEAN", "true")]
    [InlineData("\"maybe\"", "BOOLEAN", "The value cannot be read as BOOLEAN.")]
    [InlineData("12.50", "STRING", "12.50")]
    [InlineData("false", "STRING", "false")]
    [InlineData("[1, 2]", "STRING", "[1, 2]")]
    [InlineData("null", "STRING", "NULL")]
    [InlineData("\"null\"", "STRING", "null")]
    [InlineData("null", "VARIANT", "NULL")]
    [InlineData("\"x\"", "VARIANT", "\"x\"")]
    [InlineData("17", "TIMESTAMP", "The value cannot be read as TIMESTAMP(6).")]
    [InlineData("\"2023-02-29\"", "TIMESTAMP", "The value is out of the range of TIMESTAMP(6).")]
    [InlineData("\"2024-01-02 03:04\"", "TIMESTAMP", "2024-01-02 03:04:00")]
    [InlineData("\"1\"", "ARRAY", "The value cannot be read as ARRAY<INT>.")]
    [InlineData("[1,\"x\"]", "ARRAY", "The value cannot be read as ARRAY<INT>.")]
    [InlineData("1e500", "DOUBLE", "The value is out of the range of DOUBLE.")]
    public void Values_of_another_type_are_converted_or_are_row_errors(string value, string type, string expected)
    {
        var rows = Decode(["{\"v\":" + value + "}"], Column("v", TypeOf(type)));
        Assert.Equal(expected, rows[0].StartsWith("NULL $.v: ", StringComparison.Ordinal) ? rows[0]["NULL $.v: ".Length..] : rows[0]);
    }

    [Fact]
    public void A_column_may_take_wrong_values_as_null()
    {
        var rows = Decode(["""{"v":"x"}"""], new JsonPathColumn(JsonPath.Of("v"), SqlType.Int, OnDecodeFailure.Null));
        Assert.Equal("NULL", rows[0]);
    }

    [Fact]
    public void A_text_that_is_not_json_is_a_row_of_nulls_with_an_error()
    {
        var rows = Decode(["""{"v":1}""", """{"v":1""", """{"v":2}"""], Column("v", SqlType.Int));
        Assert.Equal(["1", "NULL The document ends too early.", "2"], rows);
    }

    [Fact]
    public void The_last_of_repeated_keys_counts()
    {
        var rows = Decode(
            ["""{"v":{"a":1},"v":{"b":2}}""", """{"v":{"a":"x"},"v":{"a":7}}""", """{"v":{"a":1},"v":null}"""],
            Column("$.v.a", SqlType.Int), Column("$.v.b", SqlType.Int), Column("v", SqlType.Variant));
        Assert.Equal(["""NULL|2|{"b":2}""", """7|NULL|{"a":7}""", "NULL|NULL|NULL"], rows);
    }

    [Fact]
    public void A_missing_field_is_an_error_on_request()
    {
        using var decoder = new JsonPathDecoder([Column("a", SqlType.Int), Column("$.b.c", SqlType.Int)], new JsonDecodeOptions(FailOnMissingField: true));
        var memory = BatchMemory.Create();
        decoder.Begin(3, memory);
        foreach (var document in new[] { "{\"a\":null,\"b\":{\"c\":1}}", "{\"b\":{\"c\":1},\"a\":1,\"b\":{}}", "{}" })
            fixed (byte* text = Encoding.UTF8.GetBytes(document)) decoder.Add(text, document.Length);
        Assert.Equal(["1 $.b.c", "2 $.a", "2 $.b.c"], decoder.Errors.Select(e => $"{e.Row} {e.Reason.Split(':')[0]}"));
        memory.Release();
    }

    [Fact]
    public void A_long_value_in_error_is_cut()
    {
        using var decoder = new JsonPathDecoder([Column("v", SqlType.Int)]);
        var memory = BatchMemory.Create();
        var document = Encoding.UTF8.GetBytes("{\"v\":\"" + new string('é', 300) + "\"}");
        fixed (byte* text = document)
        {
            decoder.Begin(1, memory);
            decoder.Add(text, document.Length);
            var error = Assert.Single(decoder.Errors);
            Assert.Equal(5, error.Position);
            Assert.InRange(Encoding.UTF8.GetByteCount(error.Value), 197, 200);
        }

        memory.Release();
    }

    [Fact]
    public void Random_documents_are_read_as_by_System_Text_Json()
    {
        const int seed = 1337;
        var random = new RandomJson(seed);
        string[] paths = ["a", "b", "event", "$.properties.price", "$.properties", "$.a.b[0]", "$.b[2].event", "keyof_10x", "longer than eight bytes", "ключ", "$.ab", "$.a.a.a", "$['']", "q\"q"];
        SqlType[] types = [SqlType.String, SqlType.Variant, SqlType.BigInt, SqlType.Double, SqlType.Boolean];
        for (var round = 0; round < 300; round++)
        {
            var columns = paths.Select(p => new JsonPathColumn(PathOf(p), types[random.Random.Next(types.Length)], OnDecodeFailure.Null)).ToArray();
            var documents = Enumerable.Range(0, 20).Select(_ => random.Object()).ToArray();
            var rows = Decode(documents, columns);
            for (var r = 0; r < documents.Length; r++)
            {
                using var oracle = JsonDocument.Parse(documents[r]);
                var expected = string.Join('|', columns.Select(c => Expected(oracle.RootElement, c)));
                Assert.True(expected == rows[r], $"seed {seed} round {round}\n{documents[r]}\nexpected {expected}\nactual   {rows[r]}");
            }
        }
    }

    [Fact]
    public void Untrusted_bytes_taken_as_trusted_are_read_within_bounds()
    {
        const int seed = 5;
        var random = new RandomJson(seed);
        using var decoder = new JsonPathDecoder(
            [Column("a", SqlType.Variant), Column("$.properties.price", SqlType.String), Column("$.b[1]", SqlType.Array(SqlType.Variant)), Column("$.a.b", SqlType.Row([new("a", SqlType.Int)]))],
            new JsonDecodeOptions(IsTrusted: true));
        for (var round = 0; round < 5000; round++)
        {
            var document = Encoding.UTF8.GetBytes(random.Object());
            for (var k = random.Random.Next(6); k > 0; k--) document = random.Mutate(document);
            var memory = BatchMemory.Create();
            fixed (byte* text = document)
            {
                decoder.Begin(1, memory);
                decoder.Add(text, document.Length);
                var columns = new Column[4];
                decoder.End(columns);
                foreach (var column in columns) _ = column.As<StringView>()->Text;
            }

            memory.Release();
        }
    }

    [Fact]
    public void A_steady_decoder_allocates_nothing()
    {
        var documents = Events(100, out var lengths, out var owner);
        using var decoder = new JsonPathDecoder(EventColumns(), new JsonDecodeOptions());
        var columns = new Column[EventColumns().Length];
        long before = 0;
        for (var round = 0; round < 4; round++)
        {
            if (round == 2) before = GC.GetAllocatedBytesForCurrentThread();
            Run(decoder, documents, lengths, columns);
        }

        // The pool of memories makes a node a return; nothing goes by the row.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 512);
        owner.Release();
    }

    [Theory(Explicit = true)]
    [InlineData(true)]
    [InlineData(false)]
    public void Speed_of_decoding_events(bool isTrusted)
    {
        var documents = Events(1000, out var lengths, out var owner);
        using var decoder = new JsonPathDecoder(EventColumns(), new JsonDecodeOptions(isTrusted));
        var columns = new Column[EventColumns().Length];
        for (var k = 0; k < 300; k++) Run(decoder, documents, lengths, columns);
        Thread.Yield();
        var best = double.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var k = 0; k < 20; k++) Run(decoder, documents, lengths, columns);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / 20);
        }

        var bytes = lengths.Sum();
        output.WriteLine($"decode trusted={isTrusted}: {bytes / best / 1e6:F0} MB/s, {1000 / best / 1e6:F2} M events/s of {bytes / 1000} bytes, {columns.Length} columns");
        using var structure = new JsonStructure();
        best = double.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var k = 0; k < 20; k++)
                for (var d = 0; d < documents.Length; d++)
                {
                    structure.Scan((byte*)documents[d], lengths[d]);
                    if (!isTrusted) JsonValidator.TryValidate(structure, JsonLimits.Default, out _);
                }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / 20);
        }

        output.WriteLine($"{(isTrusted ? "scan" : "scan and validate")}: {bytes / best / 1e6:F0} MB/s");
        owner.Release();
        Assert.Empty(decoder.Errors);
    }

    private static void Run(JsonPathDecoder decoder, nint[] documents, int[] lengths, Column[] columns)
    {
        var memory = BatchMemory.Create();
        decoder.Begin(documents.Length, memory);
        for (var d = 0; d < documents.Length; d++) decoder.Add((byte*)documents[d], lengths[d]);
        decoder.End(columns);
        memory.Release();
    }

    private static JsonPathColumn[] EventColumns() =>
    [
        Column("messageId", SqlType.String), Column("type", SqlType.String), Column("event", SqlType.String), Column("userId", SqlType.String),
        Column("timestamp", SqlType.TimestampLtz(3)), Column("$.properties.price", SqlType.Double), Column("$.properties.quantity", SqlType.Int),
        Column("$.properties.product_id", SqlType.String), Column("$.context.page.path", SqlType.String),
    ];

    private static nint[] Events(int count, out int[] lengths, out BatchMemory owner)
    {
        owner = BatchMemory.Create();
        var documents = new nint[count];
        lengths = new int[count];
        for (var i = 0; i < count; i++)
        {
            var text = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$$"""
                {"messageId":"ajs-next-1700000{{{i:D6}}}-5d1c4f6e-8f5c","type":"track","event":"Product Added","userId":"user-{{{i * 7919 % 10000}}}","anonymousId":"0b0e9f3c-{{{i:D4}}}-4c52-a1b0-6f1d2c3b4a59","timestamp":"2024-03-{{{i % 28 + 1:D2}}}T10:{{{i % 60:D2}}}:07.{{{i % 1000:D3}}}Z","properties":{"product_id":"sku-{{{i % 500}}}","price":{{{i % 90 + 10}}}.{{{i % 100:D2}}},"quantity":{{{i % 5 + 1}}},"currency":"EUR","category":"shoes"},"context":{"library":{"name":"analytics.js","version":"2.1.0"},"page":{"path":"/p/{{{i % 500}}}","title":"Shop","url":"https://shop.example/p/{{{i % 500}}}"},"locale":"de-DE"}}
                """));
            documents[i] = (nint)owner.Allocate(text.Length);
            text.CopyTo(new Span<byte>((byte*)documents[i], text.Length));
            lengths[i] = text.Length;
        }

        return documents;
    }

    private static JsonPath PathOf(string path)
    {
        if (!path.StartsWith('$')) return JsonPath.Of(path);
        Assert.True(JsonPath.TryParse(path, out var parsed, out var error), error);
        return parsed;
    }

    private static JsonPathColumn Column(string path, SqlType type) => new(PathOf(path), type);

    private static SqlType TypeOf(string name) => name switch
    {
        "INT" => SqlType.Int,
        "TINYINT" => SqlType.TinyInt,
        "BOOLEAN" => SqlType.Boolean,
        "STRING" => SqlType.String,
        "VARIANT" => SqlType.Variant,
        "TIMESTAMP" => SqlType.Timestamp(),
        "DOUBLE" => SqlType.Double,
        _ => SqlType.Array(SqlType.Int),
    };

    /// <summary>Each row as text, columns apart by bars, with the row's errors.</summary>
    private static string[] Decode(string[] documents, params JsonPathColumn[] specs)
    {
        using var decoder = new JsonPathDecoder(specs);
        var memory = BatchMemory.Create();
        decoder.Begin(documents.Length, memory);
        foreach (var document in documents)
        {
            var bytes = Encoding.UTF8.GetBytes(document);
            var text = memory.Allocate(bytes.Length);
            bytes.CopyTo(new Span<byte>(text, bytes.Length));
            decoder.Add(text, bytes.Length);
        }

        var columns = new Column[specs.Length];
        decoder.End(columns);
        var buffer = new Utf8Buffer();
        var rows = new string[documents.Length];
        for (var r = 0; r < rows.Length; r++)
        {
            buffer.Clear();
            for (var c = 0; c < specs.Length; c++)
            {
                if (c > 0) buffer.Write((byte)'|');
                if (columns[c].IsNull(r)) buffer.Write("NULL"u8);
                else TextValueWriter.Write(specs[c].Type, columns[c].Values, r, (byte)' ', buffer);
            }

            rows[r] = Encoding.UTF8.GetString(buffer.Written) + string.Concat(decoder.Errors.Where(e => e.Row == r).Select(e => " " + e.Reason));
        }

        memory.Release();
        return rows;
    }

    private static string Expected(JsonElement element, JsonPathColumn column)
    {
        foreach (var step in column.Path.Steps)
        {
            if (step.Key is not null)
            {
                if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step.Key, out element)) return "NULL";
            }
            else
            {
                if (element.ValueKind != JsonValueKind.Array || step.Index >= element.GetArrayLength()) return "NULL";
                element = element[step.Index];
            }
        }

        var raw = element.GetRawText();
        if (element.ValueKind == JsonValueKind.Null) return "NULL";
        if (column.Type.Kind == TypeKind.Variant) return raw;
        var text = element.ValueKind == JsonValueKind.String ? element.GetString()! : raw;
        var trimmed = text.Trim(' ');
        var isBit = element.ValueKind is JsonValueKind.True or JsonValueKind.False;
        switch (column.Type.Kind)
        {
            case TypeKind.VarChar:
                return text;
            case TypeKind.Boolean:
                if (element.ValueKind == JsonValueKind.Number) return element.GetDouble() != 0 ? "true" : "false";
                return trimmed is "true" or "false" ? trimmed : "NULL";
            case TypeKind.BigInt:
                if (isBit) return element.GetBoolean() ? "1" : "0";
                if (element.ValueKind is JsonValueKind.Object or JsonValueKind.Array) return "NULL";
                if (!TryBig(trimmed, out var whole)) return "NULL";
                return whole >= long.MinValue && whole <= long.MaxValue ? whole.ToString(CultureInfo.InvariantCulture) : "NULL";
            default:
                if (isBit) return element.GetBoolean() ? "1.0" : "0.0";
                if (element.ValueKind is JsonValueKind.Object or JsonValueKind.Array) return "NULL";
                if (!double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number)) return "NULL";
                var shown = new Utf8Buffer();
                FloatingText.Write(number, shown);
                return Encoding.UTF8.GetString(shown.Written);
        }
    }

    private static bool TryBig(string text, out System.Numerics.BigInteger whole)
    {
        whole = default;
        var match = System.Text.RegularExpressions.Regex.Match(text, "^([+-]?)([0-9]+)(?:[.]([0-9]*))?(?:[eE]([+-]?[0-9]+))?$");
        if (!match.Success) return false;
        var exponent = match.Groups[4].Success ? int.Parse(match.Groups[4].Value, CultureInfo.InvariantCulture) : 0;
        var digits = System.Numerics.BigInteger.Parse(match.Groups[2].Value + match.Groups[3].Value, CultureInfo.InvariantCulture);
        exponent -= match.Groups[3].Length;
        whole = exponent >= 0 ? digits * System.Numerics.BigInteger.Pow(10, exponent) : digits / System.Numerics.BigInteger.Pow(10, -exponent);
        if (match.Groups[1].Value == "-") whole = -whole;
        return true;
    }
}
