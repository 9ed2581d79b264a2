using System.Text;
using System.Text.Json;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Tests.Json;

/// <summary>A decoder that has met a form reads a document of it as one that has met none.</summary>
public unsafe class JsonShapesTests
{
    private static readonly string[] Scalars =
    [
        "0", "-0", "7", "-17", "12345678", "123456789", "1234567890123456", "123456789012345678", "-123456789012345678", "1234567890123456789", "9223372036854775808", "01", "-", "1.", "1.5", "1.5e3",
        "1e400", "12345678e2", "true", "false", "null", "nul", "trues", "\"\"", "\"x\"", "\"plain text of more than twelve bytes\"", "\"\\\\\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"", "\"\\u12\"", "\"\\x\"", "\"üñí 日本語のテキスト 😀\"", "\"2024-02-29T12:34:56.789Z\"", "\"2024-02-29 01:02:03\"", "\" 7 \"", "\"tab\there\"", "\"open", "{}", "[]", "[1]", "{\"a\":1}",
        "\"" + new string('l', 62) + "\\\\" + new string('m', 70) + "\"", "\"" + new string('é', 40) + "\"",
    ];

    private static readonly JsonPathColumn[] Columns =
    [
        new(JsonPath.Of("a"), SqlType.BigInt), new(JsonPath.Of("a"), SqlType.String), new(JsonPath.Of("b"), SqlType.Int), new(JsonPath.Of("event"), SqlType.String),
        new(JsonPath.Of("properties", "price"), SqlType.Decimal(12, 2)), new(JsonPath.Of("properties", "a"), SqlType.Variant), new(JsonPath.Of("price"), SqlType.Double),
        new(JsonPath.Of("key_of_9"), SqlType.TimestampLtz(3)), new(JsonPath.Of("longer than eight bytes"), SqlType.Boolean), new(JsonPath.Of("keyof_10x"), SqlType.Array(SqlType.Int)),
    ];

    [Fact]
    public void A_known_form_gives_the_rows_and_errors_of_the_general_reading()
    {
        var random = new RandomJson(Seeds.Next());
        var read = 0;
        for (var round = 0; round < 150; round++)
        {
            var forms = Enumerable.Range(0, 1 + random.Random.Next(4)).Select(_ => random.Object(2)).Append("""{"a":1,"event":"x","properties":{"price":2.5,"a":[1,{"b":2}]},"keyof_10x":[1,2],"key_of_9":"y"}""").ToArray();
            var lines = new List<byte[]>();
            for (var k = 0; k < 60; k++)
            {
                var line = Encoding.UTF8.GetBytes(Vary(JsonDocument.Parse(forms[random.Random.Next(forms.Length)]).RootElement, random.Random));
                if (random.Random.Next(8) == 0) line = random.Mutate(line);
                lines.Add([.. line.Where(b => b != '\n')]);
            }

            var ending = random.Random.Next(2) == 0 ? "\n"u8.ToArray() : "\r\n"u8.ToArray();
            using var general = new JsonRowDecoder(Columns);
            var expected = lines.SelectMany((line, i) => OneByOne([.. line, .. ending], i + 1)).ToArray();
            var actual = Rows(general, [.. lines.SelectMany(line => line.Concat(ending))]);
            Assert.Equal(expected, actual);
            read += actual.Length;
        }

        Assert.True(read > 1000);
    }

    [Fact]
    public void A_document_of_a_known_form_is_read_without_an_index()
    {
        var columns = new JsonColumns(Columns, TimeZoneInfo.Utc);
        var memory = BatchMemory.Create();
        var shapes = new JsonShapes(JsonPathNode.Build(Columns, out _), columns, int.MaxValue);
        using var structure = new JsonStructure();
        columns.Begin(10, memory);
        var known = Place("""{"a":1,"properties":{"price":2.5},"more":[true,{"x":null}],"event":"first"}""", memory, out var length);
        Assert.False(shapes.TryRead(known, known + length, JsonEnd.OfText, out _));
        structure.Scan(known, length);
        shapes.Learn(structure);
        foreach (var text in new[] { """{"a":2,"properties":{"price":null},"more":["\\",{"x":-3e2}],"event":"one more, longer than twelve"}""", """{"a":"-3","properties":{"price":"7.25"},"more":[0,{"x":"\u00e9"}],"event":true}""" })
        {
            var next = Place(text, memory, out length);
            Assert.True(shapes.TryRead(next, next + length, JsonEnd.OfText, out var consumed));
            Assert.Equal(length, consumed);
            columns.Next();
        }

        foreach (var text in new[] { """{"a":2,"properties":{"price":null},"more":["\\",{"x":-3e2}],"event":"x"} """, """{"a":02,"properties":{"price":1},"more":[1,{"x":1}],"event":"x"}""", """{"a":2,"properties":{"price":1},"more":[1,{"x":1}],"event":{}}""", """{"a":2}""" })
        {
            var next = Place(text, memory, out length);
            Assert.False(shapes.TryRead(next, next + length, JsonEnd.OfText, out _));
        }

        memory.Release();
    }

    private static byte* Place(string document, BatchMemory memory, out int length)
    {
        var bytes = Encoding.UTF8.GetBytes(document);
        length = bytes.Length;
        var text = memory.Allocate(length + 256);
        bytes.CopyTo(new Span<byte>(text, length));
        return text;
    }

    /// <summary>The rows of a line that is all that a decoder gets to see.</summary>
    private static string[] OneByOne(byte[] line, long number)
    {
        using var decoder = new JsonRowDecoder(Columns);
        decoder.StartAt(0, number);
        return Rows(decoder, line);
    }

    private static string[] Rows(JsonRowDecoder decoder, byte[] text)
    {
        var rows = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var buffer = decoder.GetBuffer();
            var part = Math.Min(buffer.Length, text.Length - at);
            text.AsSpan(at, part).CopyTo(buffer);
            decoder.Commit(part);
            at += part;
            if (at == text.Length) decoder.Complete();
            while (decoder.TryRead() is { } batch)
            {
                for (var r = 0; r < batch.Count; r++) rows.Add(RowText(batch, r) + string.Concat(decoder.Errors.Where(e => e.Row == r).Select(e => $" {e.Column} {e.Position} {e.Reason} {e.Value}")));
                batch.Release();
            }
        }

        return [.. rows];
    }

    private static string RowText(Batch batch, int row)
    {
        var buffer = new Utf8Buffer();
        for (var c = 0; c < Columns.Length; c++)
        {
            buffer.Write((byte)'|');
            if (batch.Columns[c].IsNull(row)) buffer.Write("NULL"u8);
            else TextValueWriter.Write(Columns[c].Type, batch.Columns[c].Values, row, (byte)' ', buffer);
        }

        return Encoding.UTF8.GetString(buffer.Written);
    }

    /// <summary>The same keys and containers, with other scalars.</summary>
    private static string Vary(JsonElement element, Random random) => element.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', element.EnumerateObject().Select(m => $"{JsonSerializer.Serialize(m.Name)}:{Vary(m.Value, random)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(", ", element.EnumerateArray().Select(e => Vary(e, random))) + "]",
        _ => Scalars[random.Next(random.Next(3) == 0 ? Scalars.Length : 9)],
    };
}
