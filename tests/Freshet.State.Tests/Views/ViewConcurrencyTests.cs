using Freshet.State.Views;

namespace Freshet.State.Tests.Views;

public sealed class ViewConcurrencyTests
{
    private const int Keys = 3000;
    private const int Steps = 400;

    [Fact]
    public async Task Readers_never_see_a_torn_row_a_missing_key_or_two_steps_at_once()
    {
        var random = new Random(Seeds.Next());
        using var publication = new ViewPublication();
        var left = publication.Add(ViewModel.Keyed, 1);
        var right = publication.Add(ViewModel.Keyed, 2);

        // The first half of the keys is always there; the others come and go, so that indexes split and merge.
        var now = new Dictionary<long, (long Key, string? Name, int Group, long Weight)>();
        Publish(0, Enumerable.Range(0, Keys / 2).Select(k => (long)k));
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(r => Task.Factory.StartNew(() => Read(r, random.Next()), TaskCreationOptions.LongRunning)).ToArray();
        for (var step = 1; step <= Steps && readers.All(r => !r.IsCompleted); step++)
        {
            var grows = step / 40 % 2 == 0;
            Publish(step, Enumerable.Range(0, 100).Select(_ => (long)(grows || random.Next(4) == 0 ? random.Next(Keys) : Keys / 2 + random.Next(Keys / 2))), !grows);
        }

        await stop.CancelAsync();
        var reads = await Task.WhenAll(readers);
        Assert.All(reads, n => Assert.True(n > 0));
        left.CheckInvariants();
        right.CheckInvariants();

        void Publish(long step, IEnumerable<long> keys, bool removes = false)
        {
            var delta = new List<(long, string?, int, long)>();
            foreach (var key in keys.Distinct())
            {
                if (now.Remove(key, out var old)) delta.Add(old with { Weight = -1 });
                if (removes && key >= Keys / 2) continue;
                now[key] = (key, NameOf(key, step), (int)step, 1);
                delta.Add(now[key]);
            }

            publication.Begin();
            left.Apply(delta);
            right.Apply(delta);
            publication.End(step);
        }

        long Read(int reader, int seed)
        {
            var choice = new Random(seed);
            long reads = 0;
            var last = new int[Keys];
            while (!stop.IsCancellationRequested)
            {
                for (var i = 0; i < 200; i++, reads++)
                {
                    long key = choice.Next(Keys);
                    var rows = left.Row(key);
                    if (key < Keys / 2) Assert.Single(rows);
                    foreach (var row in rows)
                    {
                        Assert.Equal((key, NameOf(key, row.Group)), (row.Key, row.Name));
                        Assert.True(row.Group >= last[key], "a key never goes back to an older row");
                        last[key] = row.Group;
                    }
                }

                if (reader == 0) continue;
                using var pin = publication.Pin();
                var one = pin.Of(left).All(333);
                Assert.Equal(pin.Of(left).Rows, one.Count);
                Assert.All(one, row => Assert.True(row.Group <= pin.Step && row.Name == NameOf(row.Key, row.Group)));
                Assert.Equal(one.OrderBy(r => r.Key), pin.Of(right).All(1000).OrderBy(r => r.Key));
                for (var i = 0; i < 50; i++)
                {
                    var row = one[choice.Next(one.Count)];
                    Assert.Equal([row], pin.Of(right).Row(row.Key));
                }
            }

            return reads;
        }
    }

    /// <summary>Some short, some long, some too long for a page: what it says can be checked.</summary>
    private static string NameOf(long key, long step) =>
        (key % 100 == 0 ? new string((char)('a' + step % 26), 5000) : key % 3 == 0 ? "" : "a longer name ") + $"{key}/{step}";
}
