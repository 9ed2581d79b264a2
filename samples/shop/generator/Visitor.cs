namespace ShopGenerator;

/// <summary>A browser or a phone: its anonymous id, how wrong its clock is, and whether it is sometimes offline.</summary>
internal sealed record Device(string AnonymousId, bool IsPhone, long SkewMs, bool IsOffline, string UserAgent, string Locale);

/// <summary>A person with one device or two, known to the shop once logged in.</summary>
internal sealed class Visitor
{
    private static readonly string[] Locales = ["en-GB", "de-DE", "fr-FR", "sv-SE", "ja-JP"];
    private static readonly string[] Names = ["Ada", "Björn", "Chloé", "Dmitri", "Emre", "Fumiko", "Grace", "Håkon", "Inés", "Jürgen"];

    public Visitor(int number, Random random)
    {
        UserId = $"u-{number:0000}";
        Name = Names[random.Next(Names.Length)];
        var locale = Locales[random.Next(Locales.Length)];
        Devices = [.. Enumerable.Range(0, random.Next(4) == 0 ? 2 : 1).Select(d => NewDevice(isPhone: d == 1 || random.Next(3) == 0, locale, random))];
    }

    public string UserId { get; }

    public string Name { get; }

    public Device[] Devices { get; }

    private static Device NewDevice(bool isPhone, string locale, Random random)
    {
        Span<byte> id = stackalloc byte[16];
        random.NextBytes(id);
        // Most clocks are right to a second; some are minutes off, a few are in another year.
        var skew = random.Next(20) switch { 0 => random.Next(-400_000, 400_000), 1 when random.Next(5) == 0 => -31_536_000_000L, _ => random.Next(-800, 800) };
        return new Device(new Guid(id).ToString(), isPhone, skew, isPhone && random.Next(4) == 0,
            isPhone ? "ShopApp/3.2 (iPhone; iOS 19.1)" : "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36", locale);
    }
}
