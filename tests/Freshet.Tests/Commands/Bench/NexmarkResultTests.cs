using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Freshet.Commands.Bench.Nexmark;
using Freshet.Syntax;

namespace Freshet.Tests.Commands.Bench;

/// <summary>
/// The results of the Nexmark queries over 100,000 events at 1,000 a second: equal to those computed independently and by Flink where
/// they lie beside the project (or FRESHET_REFERENCE says where), and equal in any cut, with any workers.
/// </summary>
public sealed class NexmarkResultTests : IDisposable
{
    private const int Events = 100_000;

    /// <summary>The digest of each query's result; one that is not there is not planned yet, or was not when the list was made.</summary>
    private static readonly Dictionary<string, string> Digests = new()
    {
        ["q0"] = "d84a007689d0973b",
        ["q1"] = "1accc7fab7f5e339",
        ["q2"] = "4117f0e063edbdd0",
        ["q3"] = "91caa0dd4ff342ff",
        ["q4"] = "dd3f5e0043cff3bb",
        ["q5"] = "6fbada14f9ef9461",
        ["q6"] = "607274976d8bfd8c",
        ["q7"] = "5667541c664fe5bb",
        ["q8"] = "942a7c8dadbf5f32",
        ["q9"] = "8b8249a664cda250",
        ["q10"] = "75a3ca7fd60649fd",
        ["q11"] = "078527d880bac1cc",
        ["q12"] = "e16c76579150289e",
        ["q13"] = "1b0dba1b32cef272",
        ["q14"] = "725ee19d045bb73b",
        ["q15"] = "d61e5eaf1e2dbfdd",
        ["q16"] = "00c4c234a57f91b9",
        ["q17"] = "344342ac54479023",
        ["q18"] = "3427bf96e6caae1e",
        ["q19"] = "ae312311aa5f1a3b",
        ["q20"] = "01d281d8bed7bfcf",
        ["q21"] = "fe27b1741edbf49c",
        ["q22"] = "32b8e45f33f8411c",
        ["q23"] = "93d027d34dd4c78e",
    };

    private readonly string _sideInput = Path.GetTempFileName();

    public NexmarkResultTests() => NexmarkQuery.WriteSideInput(_sideInput);

    public static TheoryData<string> Queries => [.. NexmarkQuery.Names];

    public void Dispose() => File.Delete(_sideInput);

    [Theory]
    [MemberData(nameof(Queries))]
    public void A_result_is_the_same_in_any_cut_with_any_workers(string query)
    {
        var generated = new NexmarkEvents(NexmarkInput.Generator, Events, 1000, null);
        SkipWhenRefused(query);
        var whole = Result(query, generated, 1, 0).Digest;
        Assert.Equal(Digests.GetValueOrDefault(query, whole), whole);
        Assert.Equal(whole, Result(query, generated, 2, 0).Digest);
        // Processing time is the step's: another cut is another input.
        if (query == "q12") return;
        Assert.Equal(whole, Result(query, generated, 3, 5_003).Digest);
        Assert.Equal(whole, Result(query, generated with { Input = NexmarkInput.Memory }, 2, 0).Digest);
        var few = generated with { Events = 3_000 };
        Assert.Equal(Result(query, few, 1, 0).Digest, Result(query, few, 2, 1).Digest);
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public void A_result_equals_the_reference(string query)
    {
        var folder = Path.Combine(Reference.Folder, "nexmark");
        var file = Path.Combine(folder, "events_seed42_tps1k_p1_100k.jsonl.gz");
        Assert.SkipUnless(File.Exists(file), "The suite's events are not beside the project.");
        SkipWhenRefused(query);
        var sink = Result(query, new NexmarkEvents(NexmarkInput.Json, Events, 1000, file), 2, 0);
        var lines = sink.Lines.SelectMany(l => Enumerable.Repeat(l.Key, checked((int)l.Value))).Order(StringComparer.Ordinal).ToList();
        var compared = 0;
        foreach (var source in (ReadOnlySpan<string>)["expected_tps1k_100k", "flink_tps1k_100k"])
        {
            using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, source, "summary.json")));
            if (!summary.RootElement.TryGetProperty(query, out var expected)) continue;
            Assert.Equal(expected.GetProperty("rows").GetInt32(), lines.Count);
            if (!expected.TryGetProperty("sha256_of_sorted_lines", out var hash)) continue;
            if (expected.TryGetProperty("first3", out var first)) Assert.Equal(first.EnumerateArray().Select(l => l.GetString()), lines.Take(3));
            Assert.Equal(hash.GetString(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines)))));
            compared++;
        }

        if (query == "q6")
        {
            Assert.Equal(LastPrices(Path.Combine(folder, "expected_tps1k_100k", "q9.txt")), lines);
            compared++;
        }

        Assert.SkipWhen(compared == 0, "There is no reference for this query.");
    }

    /// <summary>What q6 gives, from the winning bids that q9 gives: of each seller, at each winning bid in order of time, the average of its price and the ten before.</summary>
    private static List<string> LastPrices(string winningBids)
    {
        const int Seller = 7;
        const int Price = 12;
        const int Time = 13;
        var lines = new List<string>();
        foreach (var seller in File.ReadLines(winningBids).Select(l => l.Split('|')).GroupBy(c => c[Seller]))
        {
            var prices = seller.OrderBy(c => c[Time], StringComparer.Ordinal).Select(c => long.Parse(c[Price], CultureInfo.InvariantCulture)).ToList();
            for (var i = 0; i < prices.Count; i++) lines.Add($"{seller.Key}|{prices.Take(i + 1).TakeLast(11).Sum() / Math.Min(i + 1, 11)}");
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>A query with a digest may never be refused again.</summary>
    private void SkipWhenRefused(string query)
    {
        try
        {
            Result(query, new NexmarkEvents(NexmarkInput.Generator, 1, 1000, null), 1, 0);
        }
        catch (SqlException e) when (!Digests.ContainsKey(query))
        {
            Assert.Skip("Not planned yet: " + e.Message);
        }
    }

    private ResultSink Result(string query, NexmarkEvents events, int workers, int rowsAtOnce) =>
        new NexmarkRun(events, 0, workers, _sideInput).Result(query, keepsLines: events.Input == NexmarkInput.Json, CancellationToken.None, rowsAtOnce);
}
