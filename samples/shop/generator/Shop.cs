using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ShopGenerator;

/// <summary>
/// Half an hour of a web shop, the same for the same seed: sessions of visitors who browse, search, fill a cart, log in,
/// order, and sometimes return. Lines come in the order in which a server would receive them. About 1 in 100 is sent
/// twice (same messageId), phones without a network send minutes late, clocks are wrong, and 1 in 2,000 is malformed.
/// </summary>
internal sealed class Shop
{
    private const int SpanMs = 30 * 60 * 1000;
    private static readonly DateTime Start = new(2026, 3, 2, 9, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Searches = ["green tea", "gift", "grinder", "mug large", "kaffee", "honung", "\"no. 7\"", "teapot"];
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Random _random;
    private readonly Catalog _catalog;
    private readonly List<(long ArrivalMs, long Order, string Line)> _lines = [];
    private int _orders;
    private long _messages;

    public Shop(int seed)
    {
        _random = new Random(seed);
        _catalog = new Catalog(_random);
    }

    public IEnumerable<string> Lines(int count)
    {
        var visitors = Enumerable.Range(1, Math.Max(10, count / 22)).Select(n => new Visitor(n, _random)).ToArray();
        while (_lines.Count < count + count / 10) Session(visitors[_random.Next(visitors.Length)]);
        _lines.Sort((a, b) => a.ArrivalMs != b.ArrivalMs ? a.ArrivalMs.CompareTo(b.ArrivalMs) : a.Order.CompareTo(b.Order));
        // Sessions begin at random, so leaving out some lines would break them: the file ends early instead.
        return _lines.Take(count).Select(l => l.Line);
    }

    private void Session(Visitor visitor)
    {
        var device = visitor.Devices[_random.Next(visitor.Devices.Length)];
        var at = (long)_random.Next(SpanMs);
        string? user = null;
        var cart = new List<(Product Product, int Quantity)>();
        Page(device, user, ref at, "Home", "/");
        for (var steps = 2 + _random.Next(12); steps > 0; steps--)
        {
            var product = _catalog.Pick(_random);
            switch (_random.Next(10))
            {
                case < 2:
                    Track(device, user, ref at, "Products Searched", new() { ["query"] = Searches[_random.Next(Searches.Length)] });
                    break;
                case < 4:
                    Page(device, user, ref at, "Category", $"/c/{product.Category}");
                    break;
                case < 8:
                    Page(device, user, ref at, "Product", $"/p/{product.Id}");
                    Track(device, user, ref at, "Product Viewed", Of(product));
                    break;
                default:
                    cart.Add((product, 1 + _random.Next(3)));
                    Track(device, user, ref at, "Product Added", Of(product, cart[^1].Quantity));
                    break;
            }

            if (user is null && _random.Next(12) == 0) user = LogIn(device, visitor, ref at);
        }

        if (cart.Count > 0 && _random.Next(5) < 3) Checkout(device, visitor, user, cart, ref at);
    }

    private void Checkout(Device device, Visitor visitor, string? user, List<(Product Product, int Quantity)> cart, ref long at)
    {
        Page(device, user, ref at, "Cart", "/cart");
        user ??= LogIn(device, visitor, ref at);
        Page(device, user, ref at, "Checkout", "/checkout");
        if (_random.Next(4) == 0) return;
        var cents = cart.Sum(line => line.Product.Cents * line.Quantity);
        var order = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["order_id"] = $"o-{++_orders:00000}",
            ["currency"] = "EUR",
            ["revenue"] = cents / 100m,
            ["products"] = cart.Select(line => Of(line.Product, line.Quantity)).ToArray(),
        };
        Track(device, user, ref at, "Order Completed", order);
        if (_random.Next(15) != 0) return;
        at += 60_000 + _random.Next(300_000);
        Track(device, user, ref at, "Order Refunded", new() { ["order_id"] = order["order_id"], ["revenue"] = -cents / 100m });
    }

    private string LogIn(Device device, Visitor visitor, ref long at)
    {
        Add(device, visitor.UserId, ref at, "identify", e => e["traits"] = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["firstName"] = visitor.Name,
            ["email"] = $"{visitor.UserId}@example.com",
            ["plan"] = visitor.Devices.Length > 1 ? "club" : "free",
        });
        return visitor.UserId;
    }

    private void Page(Device device, string? user, ref long at, string name, string path) =>
        Add(device, user, ref at, device.IsPhone ? "screen" : "page", e =>
        {
            e["name"] = name;
            e["properties"] = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["path"] = path, ["url"] = $"https://shop.example{path}" };
        });

    private void Track(Device device, string? user, ref long at, string name, SortedDictionary<string, object> properties) =>
        Add(device, user, ref at, "track", e =>
        {
            e["event"] = name;
            e["properties"] = properties;
        });

    private static SortedDictionary<string, object> Of(Product product, int? quantity = null)
    {
        var properties = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["product_id"] = product.Id,
            ["name"] = product.Name,
            ["category"] = product.Category,
            ["price"] = product.Cents / 100m,
        };
        if (quantity is { } q) properties["quantity"] = q;
        return properties;
    }

    private void Add(Device device, string? user, ref long at, string type, Action<Dictionary<string, object>> fill)
    {
        at += 500 + _random.Next(9000);
        var arrival = at + 20 + _random.Next(400) + (device.IsOffline && _random.Next(3) == 0 ? 30_000 + _random.Next(240_000) : 0);
        var e = new Dictionary<string, object> { ["type"] = type, ["messageId"] = $"shop-{++_messages:000000}-{_random.Next(1 << 24):x6}", ["anonymousId"] = device.AnonymousId };
        if (user is not null) e["userId"] = user;
        fill(e);
        e["context"] = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["library"] = new { name = device.IsPhone ? "analytics-swift" : "analytics.js", version = device.IsPhone ? "1.7.3" : "npm:next-1.84.3" },
            ["locale"] = device.Locale,
            ["userAgent"] = device.UserAgent,
        };
        e["timestamp"] = Time(at + device.SkewMs);
        e["sentAt"] = Time(arrival + device.SkewMs);
        var line = _random.Next(2000) == 0 ? Malformed(e) : JsonSerializer.Serialize(e, Json);
        _lines.Add((arrival, _lines.Count, line));
        if (_random.Next(100) == 0) _lines.Add((arrival + 1000 + _random.Next(20_000), _lines.Count, line));
    }

    /// <summary>What real traffic holds too: a cut line, no ids, a wrong type, an unknown call.</summary>
    private string Malformed(Dictionary<string, object> e)
    {
        switch (_random.Next(4))
        {
            case 0:
                var whole = JsonSerializer.Serialize(e, Json);
                return whole[..(whole.Length / 2)];
            case 1:
                e.Remove("anonymousId");
                e.Remove("userId");
                break;
            case 2:
                e["properties"] = "none";
                break;
            default:
                e["type"] = "trakc";
                break;
        }

        return JsonSerializer.Serialize(e, Json);
    }

    private static string Time(long ms) => Start.AddMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
