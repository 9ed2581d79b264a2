using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Tests.Csv;
using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Columns.Tests.Json;

public class JsonRowDecoderTests
{
    [Fact]
    public void Lines_become_rows_however_the_bytes_arrive()
    {
        var text = "\uFEFF{\"a\":1,\"b\":\"x\"}\r\n\n{\"a\":\"two\"}\n  \n{\"a\":3\n{\"b\":\"a text of more than twelve bytes\"}"u8.ToArray();
        foreach (var chunk in new[] { 1, 5, 1000 })
        {
            using var decoder = new JsonRowDecoder([new(JsonPath.Of("a"), SqlType.Int), new(JsonPath.Of("b"), SqlType.String)]);
            Assert.Equal(
                [
                    "1|x",
                    "NULL|NULL Line 3: $.a: The value cannot be read as INT. [\"two\"] @3",
                    "NULL|NULL Line 5: The document ends too early. [{\"a\":3] @5",
                    "NULL|a text of more than twelve bytes",
                ],
                RowDecoderRun.Rows(decoder, text, chunk, 2, SqlType.Int, SqlType.String));
        }

        using var ignoring = new JsonRowDecoder([new(JsonPath.Of("a"), SqlType.Int)], ignoreParseErrors: true);
        Assert.Equal(["1", "NULL", "NULL"], RowDecoderRun.Rows(ignoring, text, 9, 100, SqlType.Int));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var schema = Schema.Of(("a b", SqlType.String), ("t", SqlType.Timestamp(6)), ("z", SqlType.TimestampLtz(3)), ("n", SqlType.Float), ("y", SqlType.Bytes), ("v", SqlType.Variant));
        var memory = Memory.BatchMemory.Create();
        var columns = new Column[]
        {
            TextColumn.Of(SqlType.String, memory, "q\"\\\u0001é", null, ""), TextColumn.Of(SqlType.Timestamp(), memory, "2024-02-29 23:59:59.000001", null, "0001-01-01"),
            TextColumn.Of(SqlType.TimestampLtz(3), memory, "1969-12-31 23:59:59.999", null, "2024-01-01"), TextColumn.Of(SqlType.Float, memory, "0.1", null, "1"),
            TextColumn.Of(SqlType.Bytes, memory, "bytes", null, ""), TextColumn.Of(SqlType.Variant, memory, "{\"x\":[null]}", null, "1"),
        };
        string[] expected =
        [
            """{"a b":"q\"\\\u0001é","t":"2024-02-29 23:59:59.000001","z":"1969-12-31 23:59:59.999Z","n":0.1,"y":"Ynl0ZXM=","v":{"x":[null]}}""",
            """{"a b":null,"t":null,"z":null,"n":null,"y":null,"v":null}""",
            """{"a b":"","t":"0001-01-01 00:00:00","z":"2024-01-01 00:00:00Z","n":1.0,"y":"","v":1}""",
        ];
        foreach (var format in new[] { JsonTimeFormat.Sql, JsonTimeFormat.Iso8601 })
        {
            var buffer = new Utf8Buffer(8);
            IRowWriter writer = new JsonLineWriter(schema, format);
            writer.WriteRows(new Batch(memory, columns, 3), buffer);
            var lines = Encoding.UTF8.GetString(buffer.Written).TrimEnd('\n').Split('\n');
            if (format == JsonTimeFormat.Sql) Assert.Equal(expected, lines);
            else Assert.Contains("\"t\":\"2024-02-29T23:59:59.000001\",\"z\":\"1969-12-31T23:59:59.999Z\"", lines[0], StringComparison.Ordinal);
            using var decoder = new JsonRowDecoder([.. schema.Fields.Select(f => new JsonPathColumn(JsonPath.Of(f.Name), f.Type))]);
            var rows = RowDecoderRun.Rows(decoder, buffer.Written.ToArray(), 64, 100, [.. schema.Fields.Select(f => f.Type)]);
            Assert.Equal([.. Enumerable.Range(0, 3).Select(r => string.Join('|', columns.Select((c, i) => TextColumn.TextOf(schema[i], c, r))))], rows);
        }

        var sparse = new Utf8Buffer();
        new JsonLineWriter(schema, ignoreNullFields: true).WriteRow(columns, 1, sparse);
        Assert.Equal("{}\n", Encoding.UTF8.GetString(sparse.Written));
        memory.Release();
    }
}
