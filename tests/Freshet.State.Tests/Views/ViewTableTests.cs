using Freshet.State.Views;

namespace Freshet.State.Tests.Views;

public sealed class ViewTableTests
{
    [Fact]
    public void A_keyed_view_and_every_pin_of_it_show_what_was_published()
    {
        var random = new Random(Seeds.Next());
        using var publication = new ViewPublication();
        var view = publication.Add(ViewModel.Keyed, 5);
        var model = new Dictionary<long, (long Key, string? Name, int Group, long Weight)>();
        var pins = new List<(ViewPin Pin, Dictionary<long, (long, string?, int, long)> Expected)>();
        for (var step = 1; step <= 120; step++)
        {
            var delta = new List<(long, string?, int, long)>();
            foreach (var key in Enumerable.Range(0, random.Next(200)).Select(_ => (long)random.Next(1500)).Distinct())
            {
                var known = model.TryGetValue(key, out var old);
                if (known) delta.Add(old with { Weight = -1 });
                if (known && random.Next(3) == 0)
                {
                    model.Remove(key);
                    continue;
                }

                var row = (key, random.Next(8) == 0 ? null : TextView.Sample(random.Next(100_000), random.Next(60) == 0 ? 9000 : 50), random.Next(20), 1L);
                model[key] = row;
                if (known && old == row) delta.RemoveAt(delta.Count - 1);
                else delta.Add(row);
            }

            publication.Begin();
            view.Apply(delta.OrderBy(_ => random.Next()).ToArray());
            publication.End(step);
            view.CheckInvariants();
            Assert.Equal(model.Count, view.Rows);
            if (random.Next(3) == 0) pins.Add((publication.Pin(), new(model)));
            if (pins.Count > 4 || (pins.Count > 0 && random.Next(4) == 0))
            {
                var at = random.Next(pins.Count);
                pins[at].Pin.Dispose();
                pins.RemoveAt(at);
            }

            foreach (var (pin, expected) in pins) CheckPin(view, pin, expected, random);
            for (var probe = 0; probe < 50; probe++)
            {
                long key = random.Next(1500);
                Assert.Equal(model.TryGetValue(key, out var row) ? [row] : [], view.Row(key));
            }
        }

        foreach (var (pin, _) in pins) pin.Dispose();
        publication.Begin();
        view.Apply(model.Values.Select(r => r with { Weight = -1 }).ToArray());
        publication.End(1000);
        Assert.Equal(0, view.Rows);
        view.CheckInvariants();
    }

    [Fact]
    public void A_view_without_a_key_counts_equal_rows()
    {
        var random = new Random(Seeds.Next());
        using var publication = new ViewPublication();
        var view = publication.Add(ViewModel.Keyless, 6);
        var model = new Dictionary<(long, string?, int), long>();
        for (var step = 1; step <= 60; step++)
        {
            var delta = new Dictionary<(long, string?, int), long>();
            for (var i = 0; i < 200; i++)
            {
                var row = ((long)random.Next(10), TextView.Sample(random.Next(20), 30), random.Next(5));
                var weight = random.Next(3) == 0 ? 2 : -1;
                if (model.GetValueOrDefault(row) + weight < 0) continue;
                model[row] = model.GetValueOrDefault(row) + weight;
                delta[row] = delta.GetValueOrDefault(row) + weight;
            }

            publication.Begin();
            view.Apply(delta.Where(d => d.Value != 0).Select(d => (d.Key.Item1, d.Key.Item2, d.Key.Item3, d.Value)).ToArray());
            publication.End(step);
            view.CheckInvariants();
            using var pin = publication.Pin();
            var rows = pin.Of(view).All(7);
            Assert.Equal(model.Where(m => m.Value > 0).ToDictionary(), rows.ToDictionary(r => (r.Key, r.Name, r.Group), r => r.Weight));
            Assert.Equal(model.Values.Sum(), pin.Of(view).Weight);
        }
    }

    [Fact]
    public void Taking_back_a_row_that_is_not_there_is_a_bug()
    {
        using var publication = new ViewPublication();
        var view = publication.Add(ViewModel.Keyless, 6);
        publication.Begin();
        Assert.Throws<InvalidOperationException>(() => view.Apply((1, "a", 1, -1)));
    }

    [Fact]
    public void A_scan_with_an_offset_reads_on_where_a_longer_one_would_be()
    {
        using var publication = new ViewPublication();
        var view = publication.Add(ViewModel.Keyed, 5);
        publication.Begin();
        view.Apply(Enumerable.Range(0, 3000).Select(i => ((long)i, (string?)$"name {i} of a row", i % 7, 1L)).ToArray());
        publication.End(1);
        publication.Begin();
        view.Apply(Enumerable.Range(0, 3000).Where(i => i % 3 == 0).Select(i => ((long)i, (string?)$"name {i} of a row", i % 7, -1L)).ToArray());
        publication.End(2);
        using var pin = publication.Pin();
        var all = pin.Of(view).All(64);
        Assert.Equal(2000, all.Count);
        foreach (var offset in new[] { 0, 1, 100, 511, 1999, 2000, 5000 })
        {
            var cursor = default(ViewCursor);
            Assert.Equal(Math.Min(offset, 2000), pin.Of(view).Skip(ref cursor, offset));
            Assert.Equal(all.Skip(offset).Take(50), ViewModel.Take(pin.Of(view).Scan(ref cursor, 50)));
        }
    }

    [Fact]
    public void A_dropped_view_stays_readable_for_the_pins_that_have_it()
    {
        using var publication = new ViewPublication();
        var view = publication.Add(ViewModel.Keyed, 5);
        publication.Begin();
        view.Apply((1, "one", 1, 1));
        publication.End(1);
        var pin = publication.Pin();
        publication.Drop(view);
        Assert.Single(pin.Of(view).All(10));
        pin.Dispose();
        using var later = publication.Pin();
        Assert.Throws<KeyNotFoundException>(() => later.Of(view));
        Assert.Empty(view.Row(1));
    }

    private static void CheckPin(ViewTable view, ViewPin pin, Dictionary<long, (long Key, string? Name, int Group, long Weight)> expected, Random random)
    {
        var snapshot = pin.Of(view);
        Assert.Equal(expected.Count, snapshot.Rows);
        Assert.Equal(expected.Values.OrderBy(r => r.Key), snapshot.All(100).OrderBy(r => r.Key));
        for (var probe = 0; probe < 20; probe++)
        {
            long key = random.Next(1500);
            Assert.Equal(expected.TryGetValue(key, out var row) ? [row] : [], snapshot.Row(key));
        }

        var group = random.Next(20);
        Assert.Equal(expected.Values.Where(r => r.Group == group).OrderBy(r => r.Key), snapshot.OfGroup(group, 5).OrderBy(r => r.Key));
    }
}
