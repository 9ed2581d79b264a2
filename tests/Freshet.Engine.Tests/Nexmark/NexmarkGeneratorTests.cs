using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Engine.Nexmark;

namespace Freshet.Engine.Tests.Nexmark;

/// <summary>The generator against the suite's own events, and its columns against each other.</summary>
public sealed class NexmarkGeneratorTests
{
    private static readonly string[] Names =
    [
        "", "id", "name", "emailAddress", "creditCard", "city", "state", "dateTime", "extra",
        "id", "itemName", "description", "initialBid", "reserve", "dateTime", "expires", "seller", "category", "extra",
        "auction", "bidder", "price", "channel", "url", "dateTime", "extra",
    ];

    private static readonly NexmarkField[] All = [.. Enumerable.Range(0, NexmarkColumns.Fields).Select(f => (NexmarkField)f)];

    [Theory]
    [InlineData("events_seed42_tps1k_p1_100k.jsonl.gz", 1, 1, 100_000)]
    [InlineData("events_seed42_tps1k_p4_sub2_1k.jsonl.gz", 2001, 4, 1_000)]
    public void The_suites_events_come_out_line_by_line(string file, int firstId, int timelines, int events)
    {
        var path = Path.Combine(Reference.Nexmark, file);
        Assert.SkipUnless(File.Exists(path), "The suite's events are not beside the project.");
        using var lines = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var generator = new NexmarkGenerator(42, 1_700_000_000_000, firstId, 1000, timelines);
        // Batches of odd sizes: a block of 50 may begin in one and end in the next.
        for (var rows = 1; generator.Count < events; rows = rows * 7 % 4001)
        {
            foreach (var line in Lines(generator, (int)Math.Min(rows, events - generator.Count))) Assert.Equal(lines.ReadLine(), line);
        }

        Assert.Null(lines.ReadLine());
    }

    [Fact]
    public void The_first_200000_events_keep_their_digest()
    {
        var generator = new NexmarkGenerator(42, 1_700_000_000_000, 1, 100_000, 1);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (generator.Count < 200_000)
            foreach (var line in Lines(generator, 4096)) sha.AppendData(Encoding.ASCII.GetBytes(line));
        Assert.Equal("3e311e983a37148f", Convert.ToHexStringLower(sha.GetHashAndReset())[..16]);
    }

    [Fact]
    public unsafe void A_field_has_the_same_values_whatever_else_is_read()
    {
        var all = new NexmarkGenerator(7, 0, 1, 100_000, 1);
        var memory = BatchMemory.Create();
        var whole = NexmarkColumns.Allocate(All, 5000, memory);
        all.Fill(whole, 5000, memory);
        foreach (var field in All)
        {
            var one = new NexmarkGenerator(7, 0, 1, 100_000, 1);
            var columns = NexmarkColumns.Allocate([field], 5000, memory);
            one.Fill(columns, 5000, memory);
            var (expected, found) = (whole.Column(field), columns.Column(field));
            for (var row = 0; row < 5000; row++)
            {
                Assert.Equal(expected.IsValid(row), found.IsValid(row));
                if (expected.IsNull(row)) continue;
                Assert.Equal(Text(expected, row), Text(found, row));
            }
        }

        memory.Release();
    }

    private static unsafe List<string> Lines(NexmarkGenerator generator, int rows)
    {
        var memory = BatchMemory.Create();
        var columns = NexmarkColumns.Allocate(All, rows, memory);
        generator.Fill(columns, rows, memory);
        var lines = new List<string>(rows);
        var text = new StringBuilder();
        for (var row = 0; row < rows; row++)
        {
            var type = columns.EventTypes[row];
            var (name, first, last) = type switch
            {
                0 => ("person", NexmarkField.PersonId, NexmarkField.PersonExtra),
                1 => ("auction", NexmarkField.AuctionId, NexmarkField.AuctionExtra),
                _ => ("bid", NexmarkField.BidAuction, NexmarkField.BidExtra),
            };
            text.Clear().Append(CultureInfo.InvariantCulture, $"{{\"event_type\":{type},\"{name}\":{{");
            for (var field = first; field <= last; field++)
            {
                var column = columns.Column(field);
                Assert.True(column.IsValid(row));
                text.Append(field == first ? "" : ",").Append('"').Append(Names[(int)field]).Append("\":");
                if (column.Kind == Columns.Types.PhysicalKind.View) text.Append('"').Append(Text(column, row).Replace("\\", "\\\\", StringComparison.Ordinal)).Append('"');
                else if (NexmarkColumns.IsTime(field) || field == NexmarkField.AuctionExpires) text.Append(column.As<long>()[row] / 1000);
                else text.Append(column.As<long>()[row]);
            }

            lines.Add(text.Append("}}").ToString());
        }

        memory.Release();
        return lines;
    }

    private static unsafe string Text(Column column, int row) => column.Kind switch
    {
        Columns.Types.PhysicalKind.View => column.As<StringView>()[row].Text,
        Columns.Types.PhysicalKind.Int32 => column.As<int>()[row].ToString(CultureInfo.InvariantCulture),
        _ => column.As<long>()[row].ToString(CultureInfo.InvariantCulture),
    };
}
