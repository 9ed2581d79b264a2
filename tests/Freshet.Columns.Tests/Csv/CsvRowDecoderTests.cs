using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Freshet.Columns.Csv;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Columns.Tests.Csv;

public class CsvRowDecoderTests(ITestOutputHelper output)
{
    private static readonly Schema Three = Schema.Of(("a", SqlType.String), ("b", SqlType.Int), ("c", SqlType.String));

    [Fact]
    public void Fields_are_read_by_type()
    {
        var schema = Schema.Of(
            ("s", SqlType.String), ("i", SqlType.Int), ("d", SqlType.Double), ("m", SqlType.Decimal(10, 2)), ("t", SqlType.Timestamp(3)), ("day", SqlType.Date),
            ("b", SqlType.Boolean), ("v", SqlType.Variant), ("list", SqlType.Array(SqlType.Int)));
        Assert.Equal(
            ["x|-7|1.5|2.35|2010-12-01 08:26:00|2010-12-01|true|{\"a\":[1]}|[1,null,3]", "|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL"],
            Rows("x, -7 ,1.5,2.345,2010-12-01 08:26:00,2010-12-01,TRUE,\"{\"\"a\"\":[1]}\",1;;3\r\n,,,,,,,,\n", schema, new CsvOptions()));
    }

    [Fact]
    public void Only_the_wanted_fields_are_read_in_their_order()
    {
        using var decoder = new CsvRowDecoder(Three, [2, 0], new CsvOptions());
        Assert.Equal(["z|x"], RowDecoderRun.Rows(decoder, "x,not a number,z"u8.ToArray(), 4096, 100, SqlType.String, SqlType.String));
    }

    [Fact]
    public void Options_change_how_text_is_read()
    {
        Assert.Equal(["a;b|1|NULL"], Rows("'a;b';1;\\N\n", Three, new CsvOptions(Delimiter: ';', Quote: '\'', NullLiteral: "\\N")));
        Assert.Equal(["\"a|1|b\""], Rows("\"a\t1\tb\"\n", Three, new CsvOptions(Delimiter: '\t', Quote: null)));
        Assert.Equal(["a,\"\n|1|\\"], Rows("a\\,\\\"\\\n,1,\\\\\n", Three, new CsvOptions(Escape: '\\')));
        Assert.Equal(["x|1|y"], Rows("a,b,c\nx,1,y\n", Three, new CsvOptions(IgnoreFirstLine: true)));
        Assert.Equal(["x|1|y", "#z|2|#"], Rows("# comment \"\nx,1,y\n#\n\"#z\",2,#\n", Three, new CsvOptions(AllowComments: true)));
        Assert.NotNull(new CsvOptions(Delimiter: '"').Validate());
        Assert.NotNull(new CsvOptions(Delimiter: '€').Validate());
        Assert.NotNull(new CsvOptions(Escape: ',').Validate());
    }

    [Fact]
    public void Errors_name_the_line_and_the_column()
    {
        Assert.Equal(
            [
                "x|1|y",
                "NULL|NULL|NULL Line 2: 2 fields, but the table has 3 columns. [x,2] @2",
                "a\nb|NULL|y Line 3, column b: the value cannot be read as INT. [two] @3",
                "NULL|NULL|NULL Line 5: 4 fields, but the table has 3 columns. [x,1,y,z] @5",
                "x|NULL|NULL Line 7, column b: the value is out of the range of INT. [3000000000] @7 Line 7, column c: text follows the closing quote. [\"y\"z] @7",
                "NULL|NULL|NULL Line 8: a quoted field does not end. [x,1,\"y] @8",
            ],
            Rows("x,1,y\nx,2\n\"a\nb\",two,y\nx,1,y,z\r\n\nx,3000000000,\"y\"z\nx,1,\"y\n", Three, new CsvOptions()));
    }

    [Fact]
    public void Errors_may_be_ignored() => Assert.Equal(
        ["x|1|y", "x|NULL|y"],
        Rows("x,1,y\nx,2\nx,two,y\n", Three, new CsvOptions(IgnoreParseErrors: true)));

    [Fact]
    public void Invalid_bytes_become_replacement_characters_and_are_counted()
    {
        using var decoder = new CsvRowDecoder(Three, [0, 1, 2], new CsvOptions());
        byte[] text = [.. "caf"u8, 0xE9, .. ",1,ok é\n\""u8, 0xFF, 0xFE, .. "\",2,x\n"u8];
        Assert.Equal(["caf\uFFFD|1|ok é", "\uFFFD\uFFFD|2|x"], RowDecoderRun.Rows(decoder, text, 4096, 100, SqlType.String, SqlType.Int, SqlType.String));
        Assert.Equal(3, decoder.ReplacedCharacters);
    }

    [Fact]
    public void A_byte_order_mark_is_not_part_of_the_first_field()
    {
        foreach (var chunk in new[] { 1, 2, 3, 100 })
        {
            using var decoder = new CsvRowDecoder(Three, [0, 1, 2], new CsvOptions());
            Assert.Equal(["x|1|y"], RowDecoderRun.Rows(decoder, Encoding.UTF8.GetBytes("\uFEFFx,1,y"), chunk, 100, SqlType.String, SqlType.Int, SqlType.String));
        }
    }

    [Fact]
    public void Reading_goes_on_where_another_decoder_stopped()
    {
        var text = "a,b,c\nx,1,y\n\"x\n\",two,y\nx,3,y\nx,four,y\n"u8.ToArray();
        using var first = new CsvRowDecoder(Three, [0, 1, 2], new CsvOptions(IgnoreFirstLine: true));
        text.AsSpan().CopyTo(first.GetBuffer());
        first.Commit(text.Length);
        first.TryRead(2)!.Release();
        Assert.Equal(2, first.RowsRead);
        Assert.Equal(5, first.Line);
        using var second = new CsvRowDecoder(Three, [0, 1, 2], new CsvOptions(IgnoreFirstLine: true));
        second.StartAt(first.PositionBytes, first.Line);
        text.AsSpan((int)first.PositionBytes).CopyTo(second.GetBuffer());
        second.Commit(text.Length - (int)first.PositionBytes);
        using var batch = new Released(second.TryRead()!);
        Assert.Equal(2, batch.Batch.Rows);
        Assert.Equal(6, Assert.Single(second.Errors).Line);
        Assert.Equal(text.Length, second.PositionBytes);
    }

    [Fact]
    public void Random_text_is_split_as_one_character_at_a_time()
    {
        const int seed = 8;
        var random = new Random(seed);
        CsvOptions[] options =
        [
            new(), new(Delimiter: ';', Escape: '\\'), new(Quote: null), new(Quote: null, Escape: '\\'), new(AllowComments: true), new(Escape: '\\', AllowComments: true),
        ];
        var schema = Schema.Of(("a", SqlType.String), ("b", SqlType.String), ("c", SqlType.String));
        for (var round = 0; round < 6000; round++)
        {
            var option = options[round % options.Length];
            var text = RandomText(random, option, round % 3 == 0);
            var expected = Expected(text, option);
            using var decoder = new CsvRowDecoder(schema, [0, 1, 2], option);
            var chunk = random.Next(3) == 0 ? random.Next(1, 100) : 100_000;
            var actual = RowDecoderRun.Rows(decoder, Encoding.UTF8.GetBytes(text), chunk, random.Next(1, 50), SqlType.String, SqlType.String, SqlType.String);
            for (var r = 0; r < actual.Length; r++)
                if (actual[r].Contains(" Line ", StringComparison.Ordinal)) actual[r] = "error";
            Assert.True(expected.SequenceEqual(actual), $"seed {seed} round {round} chunk {chunk} {option}\n{text}\n--- expected\n{string.Join("\n", expected)}\n--- actual\n{string.Join("\n", actual)}");
        }
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        const int seed = 77;
        var random = new Random(seed);
        var schema = Schema.Of(("s", SqlType.String), ("d", SqlType.Double), ("t", SqlType.TimestampLtz(6)), ("m", SqlType.Decimal(38, 5)), ("v", SqlType.Variant));
        foreach (var options in new[] { new CsvOptions(NullLiteral: "\\N"), new CsvOptions(Quote: null, Escape: '\\', NullLiteral: "NULL"), new CsvOptions(Delimiter: '|', Escape: '^', NullLiteral: "-") })
        {
            var text = new StringBuilder();
            var lines = new List<string>();
            var writer = new CsvLineWriter(schema, options);
            for (var i = 0; i < 200; i++) text.Append(RandomText(random, options, true).Replace('\n', ' ')).Append('\n');
            var memory = Memory.BatchMemory.Create();
            var strings = text.ToString().Split('\n').Select(s => s.Trim('\r')).ToArray();
            var columns = new Column[]
            {
                TextColumn.Of(SqlType.String, memory, strings),
                TextColumn.Of(SqlType.Double, memory, [.. strings.Select((_, i) => i % 7 == 0 ? null : (random.NextDouble() * Math.Pow(10, random.Next(-300, 300))).ToString("R", System.Globalization.CultureInfo.InvariantCulture))]),
                TextColumn.Of(SqlType.TimestampLtz(), memory, [.. strings.Select((_, i) => $"{1 + random.Next(9998):D4}-01-31 23:59:{i % 60:D2}.{random.Next(1000000):D6}")]),
                TextColumn.Of(SqlType.Decimal(38, 5), memory, [.. strings.Select(_ => (random.Next(2) == 0 ? "-" : "") + random.NextInt64() + random.NextInt64(100000000) + ".12345")]),
                TextColumn.Of(SqlType.Variant, memory, [.. strings.Select((_, i) => i % 5 == 0 ? null : "{\"a\":\"x,\\\"y\\\"\"}")]),
            };
            var buffer = new Utf8Buffer();
            for (var r = 0; r < strings.Length; r++)
            {
                writer.WriteRow(columns, r, buffer);
                lines.Add(string.Join('|', columns.Select((c, i) => TextColumn.TextOf(schema[i], c, r))));
            }

            using var decoder = new CsvRowDecoder(schema, [0, 1, 2, 3, 4], options);
            var actual = RowDecoderRun.Rows(decoder, buffer.Written.ToArray(), 1000, 64, [.. schema.Fields.Select(f => f.Type)]);
            Assert.True(lines.SequenceEqual(actual), $"seed {seed} {options}\n{string.Join("\n", lines.Except(actual).Take(3))}\n---\n{string.Join("\n", actual.Except(lines).Take(3))}");
            memory.Release();
        }
    }

    [Fact(Explicit = true)]
    public unsafe void Speed_on_a_real_file()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "shared/datasets/online-retail.csv.gz"))) folder = folder.Parent;
        Assert.SkipWhen(folder is null, "the file is not here");
        var path = Path.Combine(folder!.FullName, "shared/datasets/online-retail.csv.gz");
        var schema = Schema.Of(
            ("InvoiceNo", SqlType.String), ("StockCode", SqlType.String), ("Description", SqlType.String), ("Quantity", SqlType.Int),
            ("InvoiceDate", SqlType.Timestamp(3)), ("UnitPrice", SqlType.Decimal(10, 2)), ("CustomerID", SqlType.String), ("Country", SqlType.String));
        var options = new CsvOptions(IgnoreFirstLine: true);
        byte[] text;
        using (var whole = new MemoryStream())
        {
            using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
            gzip.CopyTo(whole);
            text = whole.ToArray();
        }

        for (var round = 0; round < 6; round++)
        {
            var start = Stopwatch.GetTimestamp();
            long rows = 0, errors = 0;
            using (var decoder = new CsvRowDecoder(schema, [0, 1, 2, 3, 4, 5, 6, 7], options))
            using (var gzip = new GZipStream(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16), CompressionMode.Decompress))
            {
                Drain(decoder, buffer => gzip.Read(buffer), ref rows, ref errors);
                output.WriteLine($"gunzip and decode: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms, {rows} rows, {errors} errors, {decoder.ReplacedCharacters} replaced");
            }

            start = Stopwatch.GetTimestamp();
            using (var gzip = new GZipStream(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16), CompressionMode.Decompress))
            {
                var room = new byte[1 << 18];
                while (gzip.Read(room) > 0)
                {
                }
            }

            var gunzip = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            start = Stopwatch.GetTimestamp();
            var at = 0;
            rows = 0;
            using (var decoder = new CsvRowDecoder(schema, [0, 1, 2, 3, 4, 5, 6, 7], options))
            {
                Drain(
                    decoder,
                    buffer =>
                    {
                        var part = Math.Min(buffer.Length, text.Length - at);
                        text.AsSpan(at, part).CopyTo(buffer);
                        at += part;
                        return part;
                    },
                    ref rows,
                    ref errors);
            }

            var decode = Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            using var splitter = new CsvSplitter(options);
            fixed (byte* bytes = text)
                for (var p = 0; p < text.Length;) p += splitter.Split(bytes + p, Math.Min(256 << 10, text.Length - p), p + (256 << 10) >= text.Length, 65536);
            var split = Stopwatch.GetElapsedTime(start).TotalSeconds;
            output.WriteLine($"gunzip alone {gunzip:F0} ms; decode alone {decode * 1000:F0} ms, {text.Length / decode / 1e6:F0} MB/s; split alone {text.Length / split / 1e6:F0} MB/s");
        }
    }

    private sealed record Released(Batch Batch) : IDisposable
    {
        public void Dispose() => Batch.Release();
    }

    private delegate int Fill(Span<byte> buffer);

    private static void Drain(RowDecoder decoder, Fill fill, ref long rows, ref long errors)
    {
        int read;
        do
        {
            read = fill(decoder.GetBuffer());
            if (read == 0) decoder.Complete();
            else decoder.Commit(read);
            while (decoder.TryRead() is { } batch)
            {
                rows += batch.Rows;
                errors += decoder.Errors.Count;
                batch.Release();
            }
        }
        while (read > 0);
    }

    private static string[] Rows(string text, Schema schema, CsvOptions options)
    {
        using var decoder = new CsvRowDecoder(schema, [.. Enumerable.Range(0, schema.Count)], options);
        return RowDecoderRun.Rows(decoder, Encoding.UTF8.GetBytes(text), 7, 100, [.. schema.Fields.Select(f => f.Type)]);
    }

    private static string[] Expected(string text, CsvOptions options)
    {
        var rows = new List<string>();
        var records = ObviousCsv.Read(text, options, out var lastIsOpen);
        for (var r = 0; r < records.Count; r++)
        {
            var record = records[r];
            if (record.Count != 3 || (lastIsOpen && r == records.Count - 1) || record.Contains(null)) rows.Add("error");
            else rows.Add(string.Join('|', record));
        }

        return [.. rows];
    }

    private static string RandomText(Random random, CsvOptions options, bool regular)
    {
        var text = new StringBuilder();
        var mark = (char)(options.Quote ?? '"');
        var lines = random.Next(1, 12);
        for (var l = 0; l < lines; l++)
        {
            var fields = random.Next(8) == 0 ? random.Next(1, 5) : 3;
            for (var f = 0; f < fields; f++)
            {
                if (f > 0) text.Append(options.Delimiter);
                switch (random.Next(regular ? 4 : 7))
                {
                    case 0: text.Append("plain é " + new string('x', random.Next(70))); break;
                    case 1: text.Append(mark).Append("quoted" + options.Delimiter + "\n" + mark + mark + " ").Append(mark); break;
                    case 2: text.Append(random.Next(1000)); break;
                    case 3: text.Append(mark).Append(mark); break;
                    case 4: text.Append("in" + mark + "side" + mark); break;
                    case 5: text.Append(mark + "a" + mark + " " + (random.Next(2) == 0 ? mark + "b" : "")); break;
                    default: text.Append('#').Append(options.Escape is null ? "" : options.Escape.ToString() + "#\\q").Append('\\'); break;
                }
            }

            if (l + 1 < lines || random.Next(2) == 0) text.Append(random.Next(3) == 0 ? "\r\n" : "\n");
        }

        return text.ToString();
    }
}
