using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

namespace Freshet.EndToEnd.Tests;

/// <summary>
/// A year of real purchases three ways: the batch report, the live views over the same lines sent as events, and plain C#
/// over the file with decimal arithmetic, which shares no code with the program. All three are equal to the penny.
/// </summary>
public sealed class RetailTests(ITestOutputHelper output)
{
    private static readonly string[] ReportKeys = ["sales_month", "units", "returning_customers", "cancelled_share"];

    private static string Sample => Path.Combine(FreshetProcess.Root, "samples", "retail");

    /// <summary>One line of the file.</summary>
    private sealed record Purchase(string Invoice, string Sku, string Description, long Quantity, DateTime At, decimal UnitPrice, string Customer, string Country)
    {
        public string Month => At.ToString("yyyy-MM", CultureInfo.InvariantCulture);

        public bool IsCancellation => Invoice.StartsWith('C');
    }

    [Fact]
    public async Task Live_views_the_batch_report_and_a_recomputation_agree_to_the_penny()
    {
        var file = RequireFile();
        using var folder = new ScratchFolder();
        var purchases = Read(file);
        var months = purchases.GroupBy(p => (p.Country, p.Month))
            .Select(g => Line(g.Key.Country, g.Key.Month, Distinct(g), g.Sum(p => p.Quantity * p.UnitPrice))).Order(StringComparer.Ordinal).ToList();
        var products = purchases.Where(p => !p.IsCancellation && p.Quantity > 0).GroupBy(p => p.Sku)
            .Select(g => (Sku: g.Key, Description: g.Select(p => p.Description).Max(Utf8Order.Instance)!, Units: g.Sum(p => p.Quantity), Revenue: g.Sum(p => p.Quantity * p.UnitPrice)))
            .OrderByDescending(p => p.Revenue).ThenBy(p => p.Sku, StringComparer.Ordinal).Select(p => Line(p.Sku, p.Description, p.Units, p.Revenue)).ToList();
        var orders = purchases.Where(p => p.Customer.Length > 0 && !p.IsCancellation).GroupBy(p => p.Customer).Select(Distinct).ToList();
        var customers = Line(orders.Count, orders.Count(n => n > 1));
        var invoices = Distinct(purchases);
        var cancelled = Distinct(purchases.Where(p => p.IsCancellation));

        // The report: four results, one object a line, told apart by a column only one of them has.
        var report = (await ExecuteAsync("exec", Path.Combine(Sample, "report.sql"), "--format", "json")).Select(l => JsonNode.Parse(l)!.AsObject())
            .ToLookup(row => Array.FindIndex(ReportKeys, row.ContainsKey), row => row);
        Assert.Equal(months, report[0].Select(r => Cells(r, "country", "sales_month", "invoices", "revenue")).Order(StringComparer.Ordinal));
        Assert.Equal(products.Take(20), report[1].Select(r => Cells(r, "stock_code", "description", "units", "revenue")));
        Assert.Equal([customers], report[2].Select(r => Cells(r, "customers", "returning_customers")));
        Assert.Equal([Line(invoices, cancelled)], report[3].Select(r => Cells(r, "invoices", "cancelled")));
        Assert.Equal((double)cancelled / invoices, report[3].Single()["cancelled_share"]!.GetValue<double>());

        // The events, sent into a running project.
        var events = Path.Combine(folder.Path, "events.jsonl");
        var lines = await ExecuteAsync("exec", Path.Combine(Sample, "to-events.sql"), "--format", "json");
        Assert.Equal(invoices, lines.Count);
        await File.WriteAllLinesAsync(events, lines, TestContext.Current.CancellationToken);
        await using var freshet = await FreshetProcess.RunAsync(Sample, folder.Data);
        var sent = await ExecuteAsync("send", events, "--key", "retail", "--url", freshet.Url.ToString().TrimEnd('/'));
        output.WriteLine(string.Join('\n', sent));

        Assert.Equal(months, (await RowsAsync(freshet, "SELECT country, sales_month, invoices, revenue FROM revenue_by_month")).Order(StringComparer.Ordinal));
        Assert.Equal(products, await RowsAsync(freshet, "SELECT stock_code, description, units, revenue FROM product_sales ORDER BY revenue DESC, stock_code"));
        Assert.Equal([customers], await RowsAsync(freshet, "SELECT customers, returning_customers FROM returning_customers"));
        Assert.Equal([Line(invoices, cancelled)], await RowsAsync(freshet, "SELECT invoices, cancelled FROM cancellations"));
        await CompareCustomersAsync(freshet, purchases);
    }

    /// <summary>Traits and segments, each customer by itself.</summary>
    private static async Task CompareCustomersAsync(FreshetProcess freshet, List<Purchase> purchases)
    {
        // An invoice is an event, at the time of its first line.
        var invoices = purchases.GroupBy(p => p.Invoice).Select(g => (Customer: g.Max(p => p.Customer)!, g.First().IsCancellation, At: g.Min(p => p.At), Amount: g.Sum(p => p.Quantity * p.UnitPrice))).ToList();
        var today = invoices.Max(i => i.At).Date;
        var known = invoices.Where(i => i.Customer.Length > 0).ToList();
        var orders = known.Where(i => !i.IsCancellation).GroupBy(i => i.Customer).ToDictionary(g => g.Key, g => (Count: g.Count(), Days: (today - g.Max(i => i.At).Date).Days));
        var monetary = known.GroupBy(i => i.Customer).ToDictionary(g => g.Key, g => g.Sum(i => i.Amount));

        Assert.Equal(Sorted(orders.Select(o => Line(o.Key, o.Value.Count))), await ByCustomerAsync("frequency"));
        Assert.Equal(Sorted(orders.Select(o => Line(o.Key, o.Value.Days))), await ByCustomerAsync("recency"));
        Assert.Equal(Sorted(monetary.Select(m => Line(m.Key, m.Value))), await ByCustomerAsync("monetary"));
        Assert.Equal(Sorted(orders.Where(o => o.Value.Count >= 10 && monetary[o.Key] >= 5000).Select(o => o.Key)), await MembersAsync("vip"));
        Assert.Equal(Sorted(orders.Where(o => o.Value is { Count: >= 2, Days: >= 90 }).Select(o => o.Key)), await MembersAsync("lapsing"));
        Assert.Equal(Sorted(orders.Where(o => o.Value.Count == 1).Select(o => o.Key)), await MembersAsync("one_time_buyers"));

        async Task<List<string>> ByCustomerAsync(string trait) =>
            Sorted(await RowsAsync(freshet, $"SELECT i.`value`, t.`value` AS revenue FROM {trait} AS t JOIN identifiers AS i ON i.profile_id = t.profile_id WHERE i.type = 'user_id'"));

        async Task<List<string>> MembersAsync(string segment) =>
            Sorted(await RowsAsync(freshet, $"SELECT i.`value` FROM {segment} AS s JOIN identifiers AS i ON i.profile_id = s.profile_id WHERE i.type = 'user_id'"));

        static List<string> Sorted(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];
    }

    private static int Distinct(IEnumerable<Purchase> purchases) => purchases.Select(p => p.Invoice).Distinct(StringComparer.Ordinal).Count();

    /// <summary>Values as one line; numbers without the zeros that only show a scale.</summary>
    private static string Line(params IEnumerable<object> values) => string.Join('|', values.Select(v => v is decimal d ? Plain(d) : Convert.ToString(v, CultureInfo.InvariantCulture)));

    private static string Plain(decimal value) => value.ToString("0.############", CultureInfo.InvariantCulture);

    private static string Cells(JsonObject row, params IEnumerable<string> names) => string.Join('|', names.Select(n => Cell(row[n], n == "revenue")));

    private static string Cell(JsonNode? value, bool isMoney)
    {
        var text = value?.ToString() ?? "NULL";
        return isMoney ? Plain(decimal.Parse(text, CultureInfo.InvariantCulture)) : text;
    }

    private static async Task<List<string>> RowsAsync(FreshetProcess freshet, string sql)
    {
        var answer = await freshet.QueryAsync(sql);
        var names = answer["columns"]!.AsArray().Select(c => c!["name"]!.GetValue<string>()).ToList();
        return [.. answer["rows"]!.AsArray().Select(r => string.Join('|', r!.AsArray().Select((v, i) => Cell(v, names[i] == "revenue"))))];
    }

    private static async Task<List<string>> ExecuteAsync(params string[] arguments)
    {
        var (code, text) = await FreshetProcess.ExecuteAsync(arguments);
        Assert.True(code == 0, text.Length > 2000 ? text[^2000..] : text);
        return [.. text.Split('\n').Where(l => l.Length > 0)];
    }

    private static List<Purchase> Read(string file)
    {
        var purchases = new List<Purchase>();
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress), Encoding.UTF8);
        reader.ReadLine();
        var cells = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            Split(line, cells);
            var date = DateTime.ParseExact(cells[4], "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
            purchases.Add(new Purchase(
                cells[0],
                cells[1],
                cells[2],
                long.Parse(cells[3], CultureInfo.InvariantCulture),
                date,
                decimal.Parse(cells[5], CultureInfo.InvariantCulture),
                cells[6],
                cells[7]));
        }

        return purchases;
    }

    /// <summary>The cells of a CSV line; the file has quotes, doubled quotes and no line ends within cells.</summary>
    private static void Split(string line, List<string> cells)
    {
        cells.Clear();
        var cell = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (isQuoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"') cell.Append(line[++i]);
            else if (c == '"') isQuoted = !isQuoted;
            else if (c != ',' || isQuoted) cell.Append(c);
            else
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
        }

        cells.Add(cell.ToString());
    }

    /// <summary>The file beside the repository, named to the program by RETAIL_CSV.</summary>
    private static string RequireFile()
    {
        var shared = Path.Combine(FreshetProcess.Root, "..", "shared");
        var file = Path.GetFullPath(Path.Combine(shared, "datasets", "online-retail.csv.gz"));
        if (!File.Exists(file))
        {
            var isRequired = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("FRESHET_CI")) && Directory.Exists(shared);
            if (isRequired) Assert.Fail($"{file} is missing.");
            Assert.Skip($"{file} is not here; samples/retail/README.md says where it can be had.");
        }

        Environment.SetEnvironmentVariable("RETAIL_CSV", file);
        return file;
    }

    /// <summary>Text in the order of its UTF-8 bytes, as the program orders it.</summary>
    private sealed class Utf8Order : IComparer<string>
    {
        public static readonly Utf8Order Instance = new();

        public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y ?? ""));
    }
}
