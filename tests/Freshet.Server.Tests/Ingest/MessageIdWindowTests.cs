using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

public sealed class MessageIdWindowTests
{
    private static readonly SeededHash Hash = new(new byte[32]);

    [Fact]
    public void Every_id_is_new_once_and_costs_at_most_16_bytes()
    {
        var window = new MessageIdWindow(TimeSpan.FromHours(24), 1 << 30);
        const int count = 300_000;
        var most = 0.0;
        for (var i = 0; i < count; i++)
        {
            Assert.True(window.Add(Id(i), 1_000_000_000L + i));
            if (i > 50_000 && i % 1000 == 0) most = Math.Max(most, (double)window.Bytes / (i + 1));
        }

        for (var i = 0; i < count; i++) Assert.False(window.Add(Id(i), 1_000_000_000L + count));
        Assert.Equal(count, window.Count);
        Assert.InRange(most, 10, 16);
        Assert.Equal(TimeSpan.FromHours(24), window.Window);
    }

    [Fact]
    public void An_id_is_forgotten_after_the_window_and_kept_within_it()
    {
        var window = new MessageIdWindow(TimeSpan.FromHours(24), 1 << 20);
        var start = 1_790_000_000_000;
        Assert.True(window.Add(Id(1), start));
        Assert.False(window.Add(Id(1), start + (long)TimeSpan.FromHours(23.9).TotalMilliseconds));
        Assert.True(window.Add(Id(1), start + (long)TimeSpan.FromHours(24.1).TotalMilliseconds));
        Assert.True(window.Add(Id(2), start + (long)TimeSpan.FromDays(400).TotalMilliseconds));
        Assert.True(window.Add(Id(1), start + (long)TimeSpan.FromDays(400).TotalMilliseconds));
    }

    [Fact]
    public void A_removed_id_is_new_again()
    {
        var window = new MessageIdWindow(TimeSpan.FromHours(1), 1 << 20);
        for (var i = 0; i < 1000; i++) window.Add(Id(i), 5_000_000);
        for (var i = 0; i < 1000; i += 2) window.Remove(Id(i));
        for (var i = 0; i < 1000; i++) Assert.Equal(i % 2 == 0, window.Add(Id(i), 5_000_000));
    }

    [Fact]
    public void A_full_budget_shortens_the_window_and_says_so_and_keeps_the_newest()
    {
        var window = new MessageIdWindow(TimeSpan.FromHours(24), 1 << 20);
        var minute = 60_000L;
        for (var i = 0; i < 400_000; i++) Assert.True(window.Add(Id(i), i / 1000 * minute)); // 400 minutes
        Assert.InRange(window.Bytes, 1, 1 << 20);
        Assert.True(window.IsShortened);
        var kept = (int)(window.Window.TotalMinutes * 1000);
        Assert.InRange(kept, 30_000, 100_000);
        for (var i = 399_999; i > 400_000 - kept + 1000; i--) Assert.False(window.Add(Id(i), 399 * minute));
    }

    [Fact]
    public void A_flood_within_one_minute_stays_within_the_budget()
    {
        var window = new MessageIdWindow(TimeSpan.FromHours(24), 1 << 18);
        for (var i = 0; i < 200_000; i++) window.Add(Id(i), 1);
        Assert.InRange(window.Bytes, 1, 1 << 18);
        Assert.True(window.IsShortened);
        Assert.InRange(window.Count, 10_000, 26_214);
    }

    [Fact]
    public void A_model_agrees_under_random_adds_and_removes()
    {
        const int seed = 7;
        var random = new Random(seed);
        var window = new MessageIdWindow(TimeSpan.FromMinutes(1440), 1 << 24);
        var model = new Dictionary<int, long>();
        var minute = 0L;
        for (var i = 0; i < 100_000; i++)
        {
            minute += random.Next(100) == 0 ? random.Next(30) : 0;
            var id = random.Next(20_000);
            if (random.Next(10) == 0)
            {
                window.Remove(Id(id));
                model.Remove(id);
            }
            else
            {
                var isNew = !model.TryGetValue(id, out var at) || minute - at > 1440;
                Assert.True(window.Add(Id(id), minute * 60_000) == isNew, $"seed {seed}, turn {i}");
                if (isNew) model[id] = minute;
            }
        }
    }

    private static (ulong High, ulong Low) Id(int i) => Hash.Hash128(BitConverter.GetBytes(i), 0);
}
