using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Freshet.Load;

/// <summary>
/// What the customers of a shop send: events as JSON, written into the sender's buffer by patching numbers into texts that are made
/// once. A profile is a number: its device, its account and its address are told from it. About half of all events are pages, a
/// third looks at products, one in twenty orders; half of them carry the account.
/// </summary>
internal sealed class CustomerTraffic
{
    private const int ProfileDigits = 8;
    private const int IdDigits = 12;
    private const string Profile = "PPPPPPPP";
    private const string Id = "IIIIIIIIIIII";
    private const string Time = "TTTTTTTTTTTTTTTTTTTTTTTT";
    private static readonly string[] Categories = ["tea", "coffee", "mugs", "kettles", "grinders", "honey", "books", "gifts"];

    private readonly Template _identify;
    private readonly Template[] _mix;
    private readonly long _run = Random.Shared.NextInt64(100_000);
    private long _messages;

    public CustomerTraffic()
    {
        _identify = Event("identify", true, $$"""
            "traits":{"firstName":"Ada","email":"user-{{Profile}}@example.com","plan":"club"}
            """);
        List<Template> mix = [_identify];
        for (var n = 0; n < 40; n++)
        {
            var category = Categories[n % Categories.Length];
            var product = $$"""
                "product_id":"p-{{n:000}}","name":"Harbour Reserve {{category}}","category":"{{category}}","price":18.49
                """;
            var track = n % 20;
            mix.Add(track switch
            {
                < 9 => Event("page", n % 2 == 0, $$"""
                    "name":"Product","properties":{"path":"/p/p-{{n:000}}","url":"https://shop.example/p/p-{{n:000}}"}
                    """),
                < 16 => Event("track", n % 2 == 0, $$"""
                    "event":"Product Viewed","properties":{{{product}}}
                    """),
                < 17 => Event("track", false, """
                    "event":"Products Searched","properties":{"query":"green tea"}
                    """),
                < 19 => Event("track", n % 2 == 0, $$"""
                    "event":"Product Added","properties":{{{product}},"quantity":{{1 + n % 3}}}
                    """),
                _ => Event("track", true, $$"""
                    "event":"Order Completed","properties":{"order_id":"o-{{Id}}","currency":"EUR","revenue":{{20 + n}}.50,"products":[{{{product}},"quantity":1}]}
                    """),
            });
        }

        _mix = [.. mix];
    }

    /// <summary>No event is longer.</summary>
    public const int EventBytesMax = 640;

    /// <summary>The texts that a profile has of these events, told traits and identifiers, in bytes.</summary>
    public static int RawBytes => "firstName".Length + "Ada".Length + "email".Length + "plan".Length + "club".Length + UserId(0).Length + AnonymousId(0).Length + 2 * Email(0).Length;

    public static string UserId(long profile) => string.Create(CultureInfo.InvariantCulture, $"user-{profile:D8}");

    /// <summary>The event that makes a profile known.</summary>
    public int Identify(Span<byte> into, long profile, ReadOnlySpan<byte> time) => Write(_identify, into, profile, time);

    /// <summary>One of the mix.</summary>
    /// <param name="type">The call that it is.</param>
    public int Next(Span<byte> into, Random random, long profile, ReadOnlySpan<byte> time, out string type)
    {
        var template = _mix[random.Next(_mix.Length)];
        type = template.Type;
        return Write(template, into, profile, time);
    }

    private static string AnonymousId(long profile) => string.Create(CultureInfo.InvariantCulture, $"4496db6d-b558-10dd-4527-0000{profile:D8}");

    private static string Email(long profile) => UserId(profile) + "@example.com";

    private static Template Event(string type, bool isKnown, string members) => new(type, $$"""
        {"type":"{{type}}","messageId":"load-{{Id}}",{{(isKnown ? "\"userId\":\"user-" + Profile + "\"," : "")}}"anonymousId":"4496db6d-b558-10dd-4527-0000{{Profile}}",{{members.Trim()}},"context":{"library":{"name":"analytics.js","version":"npm:next-1.84.3"},"locale":"de-DE"},"timestamp":"{{Time}}"}
        """);

    private int Write(Template template, Span<byte> into, long profile, ReadOnlySpan<byte> time)
    {
        template.Bytes.CopyTo(into);
        foreach (var at in template.Profiles) Utf8Formatter.TryFormat(profile, into[at..], out _, new System.Buffers.StandardFormat('D', ProfileDigits));
        var message = _run * 10_000_000 + Interlocked.Increment(ref _messages);
        foreach (var at in template.Ids) Utf8Formatter.TryFormat(message, into[at..], out _, new System.Buffers.StandardFormat('D', IdDigits));
        time.CopyTo(into[template.Time..]);
        return template.Bytes.Length;
    }

    /// <summary>An event's bytes and the places in them that differ.</summary>
    private sealed class Template
    {
        public Template(string type, string text)
        {
            Type = type;
            Bytes = Encoding.UTF8.GetBytes(text.Trim());
            Profiles = Places(CustomerTraffic.Profile);
            Ids = Places(Id);
            Time = Places(CustomerTraffic.Time)[0];
        }

        public string Type { get; }

        public byte[] Bytes { get; }

        public int[] Profiles { get; }

        public int[] Ids { get; }

        public int Time { get; }

        private int[] Places(string mark)
        {
            List<int> found = [];
            var bytes = Encoding.ASCII.GetBytes(mark);
            for (var at = 0; Bytes.AsSpan(at).IndexOf(bytes) is >= 0 and var next; at += next + mark.Length) found.Add(at + next);
            return [.. found];
        }
    }
}
