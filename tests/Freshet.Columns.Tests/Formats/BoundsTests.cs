using System.Text;
using Freshet.Columns.Csv;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Tests.Csv;
using Freshet.Columns.Tests.Json;
using Freshet.Columns.Types;

namespace Freshet.Columns.Tests.Formats;

public unsafe class BoundsTests
{
    [Fact]
    public void No_byte_behind_a_document_is_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no mmap");
        const int seed = 4711;
        var random = new RandomJson(seed);
        using var guarded = new GuardedText();
        using var structure = new JsonStructure();
        JsonPathColumn[] columns =
        [
            new(JsonPath.Of("a"), SqlType.Variant), new(JsonPath.Of("b"), SqlType.String), new(JsonPath.Of("event"), SqlType.TimestampLtz(3)), new(JsonPath.Of("keyof_10x"), SqlType.Double),
            new(JsonPath.Of("properties", "price"), SqlType.Decimal(20, 3)), new(JsonPath.Of(""), SqlType.BigInt), new(JsonPath.Root, SqlType.Variant),
            new(JsonPath.Of("longer than eight bytes"), SqlType.Array(SqlType.Row([new("a", SqlType.Int)]))),
        ];
        using var trusting = new JsonPathDecoder(columns, new JsonDecodeOptions(IsTrusted: true));
        using var checking = new JsonPathDecoder(columns);
        for (var round = 0; round < 20_000; round++)
        {
            var document = Encoding.UTF8.GetBytes(random.Object(3));
            for (var k = random.Random.Next(4); k > 0; k--) document = random.Mutate(document);
            var text = guarded.Place(document);
            structure.Scan(text, document.Length);
            JsonValidator.TryValidate(structure, new JsonLimits(RejectDuplicateKeys: true), out _);
            foreach (var decoder in new[] { trusting, checking })
            {
                var memory = BatchMemory.Create();
                decoder.Begin(1, memory);
                decoder.Add(text, document.Length);
                memory.Release();
            }
        }
    }

    [Fact]
    public void No_byte_behind_a_table_of_text_is_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no mmap");
        const int seed = 4712;
        var random = new Random(seed);
        using var guarded = new GuardedText();
        const string marks = ",,,\n\n\"\"\\#ab 1;\r";
        foreach (var options in new[] { new CsvOptions(), new CsvOptions(Escape: '\\', AllowComments: true), new CsvOptions(Quote: null) })
        {
            using var splitter = new CsvSplitter(options);
            for (var round = 0; round < 5000; round++)
            {
                var bytes = new byte[random.Next(300)];
                for (var i = 0; i < bytes.Length; i++) bytes[i] = random.Next(10) == 0 ? (byte)random.Next(256) : (byte)marks[random.Next(marks.Length)];
                var text = guarded.Place(bytes);
                var consumed = splitter.Split(text, bytes.Length, round % 2 == 0, 1 + random.Next(40));
                Assert.InRange(consumed, 0, bytes.Length);
                for (var r = 0; r < splitter.Records; r++)
                {
                    var start = splitter.StartOf(r);
                    for (var f = splitter.FirstEnd(r); f < splitter.FirstEnd(r + 1); f++)
                    {
                        Assert.InRange(splitter.Ends[f], start, bytes.Length);
                        start = splitter.Ends[f];
                    }
                }
            }
        }
    }

    [Fact]
    public void Utf8_is_judged_without_reading_behind_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no mmap");
        using var guarded = new GuardedText();
        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aé€😀", 30)));
        for (var length = 0; length < text.Length; length++)
            Assert.Equal(System.Text.Unicode.Utf8.IsValid(text.AsSpan(0, length)), Utf8Text.IsValid(guarded.Place(text.AsSpan(0, length)), length));
    }

    [Fact]
    public void Any_bytes_are_read_to_their_end()
    {
        const int seed = 4713;
        var random = new Random(seed);
        var schema = Schema.Of(("a", SqlType.String), ("b", SqlType.Variant), ("c", SqlType.Decimal(10, 2)));
        for (var round = 0; round < 300; round++)
        {
            var bytes = new byte[random.Next(3000)];
            random.NextBytes(bytes);
            for (var i = 0; i < bytes.Length; i++)
                if (random.Next(4) == 0) bytes[i] = (byte)",\n\"{}:"[random.Next(6)];
            using RowDecoder csv = new CsvRowDecoder(schema, [0, 1, 2], new CsvOptions(IgnoreParseErrors: round % 2 == 0));
            RowDecoderRun.Rows(csv, bytes, 1 + random.Next(500), 1 + random.Next(50), SqlType.String, SqlType.Variant, SqlType.Decimal(10, 2));
            using RowDecoder json = new JsonRowDecoder([new(JsonPath.Of("a"), SqlType.String)], ignoreParseErrors: round % 2 == 0);
            RowDecoderRun.Rows(json, bytes, 1 + random.Next(500), 1 + random.Next(50), SqlType.String);
        }
    }
}
