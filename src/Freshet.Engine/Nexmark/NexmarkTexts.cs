using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Freshet.Columns;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// The texts that all events share: names, channels, URLs, and the pool that extras are cut from. They lie in native memory as long as
/// the process lives, so that events point at them and copy nothing. Made with the suite's draws from seeds 1 and 2.
/// </summary>
internal static unsafe class NexmarkTexts
{
    public const int Channels = 10_000;
    public const int HotChannels = 4;

    /// <summary>Shorter texts are drawn one draw after another.</summary>
    private const int BulkMinBytes = 8;

    public const int PoolBytes = 1 << 20;

    public static readonly string[] FirstNames = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
    public static readonly string[] LastNames = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
    public static readonly StringView[] Cities = Views("Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne");
    public static readonly StringView[] States = Views("AZ", "CA", "ID", "OR", "WA", "WY");

    /// <summary>Channel and URL of a bid side by side, so in one cache line; those of the hot bids follow the others.</summary>
    public static readonly StringView* ChannelAndUrl = (StringView*)NativeMemory.AlignedAlloc((nuint)(2 * (Channels + HotChannels) * sizeof(StringView)), 64);

    public static readonly byte* Pool = (byte*)NativeMemory.AlignedAlloc(PoolBytes, 64);

#pragma warning disable CA1810 // The tables are made together, from one run of draws each.
    static NexmarkTexts()
#pragma warning restore CA1810
    {
        var draws = new NexmarkDraws(1);
        var hot = Views("Google", "Facebook", "Baidu", "Apple");
        for (var i = 0; i < HotChannels; i++)
        {
            ChannelAndUrl[2 * (Channels + i)] = hot[i];
            ChannelAndUrl[2 * (Channels + i) + 1] = View(Url(ref draws));
        }

        for (var channel = 0; channel < Channels; channel++)
        {
            ChannelAndUrl[2 * channel] = View(string.Create(CultureInfo.InvariantCulture, $"channel-{channel}"));
            var url = Url(ref draws);
            if (draws.NextBelow(10) > 0) url += string.Create(CultureInfo.InvariantCulture, $"&channel_id={Absolute(Reversed(channel))}");
            ChannelAndUrl[2 * channel + 1] = View(url);
        }

        draws = new NexmarkDraws(2);
        var value = 0;
        for (var i = 0; i < PoolBytes; i++, value /= 26)
        {
            if (i % 6 == 0) value = draws.NextInt();
            Pool[i] = (byte)('a' + value % 26);
        }
    }

    /// <summary>Draws a text of 3 to max - 1 characters, trimmed; writes it and gives its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Draw(ref NexmarkDraws draws, int max, byte blank, byte* target)
    {
        var d = draws;
        var length = 3 + d.Next(max - 3);
        if (length < BulkMinBytes || !TryBulk(ref d, length, blank, target))
            for (var i = 0; i < length; i++) target[i] = d.NextBelow(13) == 0 ? blank : (byte)('a' + d.NextBelow(26));
        draws = d;
        var from = 0;
        while (from < length && target[from] == ' ') from++;
        while (length > from && target[length - 1] == ' ') length--;
        if (from > 0) Buffer.MemoryCopy(target + from, target, length - from, length - from);
        return length - from;
    }

    /// <summary>All draws at once, of which a blank takes one and a letter two; not where one has to be repeated.</summary>
    [SkipLocalsInit]
    private static bool TryBulk(ref NexmarkDraws draws, int length, byte blank, byte* target)
    {
        var letters = stackalloc byte[2 * length + NexmarkDraws.Lanes];
        if (!draws.TryPeekLetters(letters, 2 * length)) return false;
        var at = 0;
        for (var i = 0; i < length; i++)
        {
            var isLetter = 1 - (letters[at] >> 7);
            var letter = letters[at + 1] & 0x7f;
            target[i] = (byte)(blank + (letter - blank) * isLetter);
            at += 1 + isLetter;
        }

        draws.Skip(at);
        return true;
    }

    private static string Url(ref NexmarkDraws draws) => $"https://www.nexmark.com/{Text(ref draws)}/{Text(ref draws)}/{Text(ref draws)}/item.htm?query=1";

    private static string Text(ref NexmarkDraws draws)
    {
        var buffer = stackalloc byte[8];
        return Encoding.ASCII.GetString(buffer, Draw(ref draws, 5, (byte)'_', buffer));
    }

    private static int Reversed(int value)
    {
        var reversed = 0u;
        for (var bit = 0; bit < 32; bit++) reversed |= ((uint)value >> bit & 1) << 31 - bit;
        return (int)reversed;
    }

    /// <summary>As in Java, the least number is its own absolute value.</summary>
    private static int Absolute(int value) => value < 0 ? unchecked(-value) : value;

    private static StringView[] Views(params string[] texts) => [.. texts.Select(View)];

    private static StringView View(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var kept = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(kept, bytes.Length));
        return new StringView(kept, bytes.Length);
    }
}
