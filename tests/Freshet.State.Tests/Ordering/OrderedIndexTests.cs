using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Ordering;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Tests.Ordering;

public sealed unsafe class OrderedIndexTests
{
    [Theory]
    [InlineData(2, 40_000, 0)]
    [InlineData(6, 12_000, 0)]
    [InlineData(1, 60_000, 1)]
    [InlineData(3, 30_000, 2)]
    public void It_keeps_order_as_a_sorted_dictionary_does(int words, int operations, int pattern)
    {
        var random = new Random(Seeds.Next());
        using var index = new OrderedIndex<WordOrder>(words, new WordOrder(words), new PageVersions());
        var model = new SortedDictionary<ulong, ulong>();
        var key = stackalloc ulong[words];
        var until = stackalloc ulong[words];
        ulong next = 0;
        for (var i = 0; i < operations; i++)
        {
            var grows = i % (operations / 2) < operations / 4;
            if (random.Next(10) < (grows ? 8 : 3))
            {
                var value = pattern switch { 1 => next++, 2 => ulong.MaxValue / 2 - next++, _ => (ulong)random.Next(50_000) };
                Assert.Equal(!model.ContainsKey(value), index.Put(Key(key, value), value * 3));
                model[value] = value * 3;
            }
            else if (random.Next(500) == 0)
            {
                var from = (ulong)random.Next(50_000);
                var to = from + (ulong)random.Next(5000);
                var gone = model.Keys.Where(k => k >= from && k < to).ToArray();
                Assert.Equal(gone.Length, index.RemoveRange(Key(key, from), Key(until, to)));
                foreach (var k in gone) model.Remove(k);
            }
            else if (model.Count > 0)
            {
                var value = pattern == 0 ? (ulong)random.Next(50_000) : random.Next(2) == 0 ? model.First().Key : model.Last().Key;
                Assert.Equal(model.Remove(value), index.Remove(Key(key, value)));
            }

            if (i % 997 == 0 || i == operations - 1) CheckAll();
        }

        foreach (var value in model.Keys.ToArray()) Assert.True(index.Remove(Key(key, value)));
        model.Clear();
        CheckAll();
        Assert.Equal(1, index.Pages.Used);

        void CheckAll()
        {
            index.CheckInvariants();
            Assert.Equal(model.Count, index.Count);
            new Span<ulong>(key, words).Clear();
            var cursor = index.Seek(key);
            foreach (var (k, v) in model)
            {
                Assert.True(index.TryNext(ref cursor, out var entry));
                Assert.Equal((k, v), (Value(entry), entry[words]));
            }

            Assert.False(index.TryNext(ref cursor, out _));
            for (var probe = 0; probe < 20; probe++)
            {
                var value = model.Count > 0 && random.Next(2) == 0 ? model.Keys.ElementAt(random.Next(model.Count)) : (ulong)random.Next(50_000);
                var before = index.Before(Key(key, value));
                var expected = model.Keys.Where(k => k < value).Select(k => (ulong?)k).LastOrDefault();
                Assert.Equal(expected, before is null ? null : Value(before));
                var from = index.Seek(Key(key, value));
                Assert.Equal(model.Keys.Where(k => k >= value).Select(k => (ulong?)k).FirstOrDefault(), index.TryRead(ref from, out var at) ? Value(at) : null);
            }
        }

        // The value is spread over the words so that all of them take part in the order.
        ulong* Key(ulong* into, ulong value)
        {
            for (var w = 0; w < words; w++) into[w] = 0;
            into[0] = words == 1 ? value : value >> 8;
            if (words > 1) into[words - 1] = value & 0xFF;
            return into;
        }

        ulong Value(ulong* from) => words == 1 ? from[0] : from[0] << 8 | from[words - 1];
    }

    [Fact]
    public void A_cursor_goes_on_behind_what_it_has_read_while_the_index_changes()
    {
        var random = new Random(Seeds.Next());
        using var index = new OrderedIndex<WordOrder>(1, new WordOrder(1), new PageVersions());
        var model = new SortedSet<ulong>();
        ulong key;
        for (var i = 0; i < 5000; i++)
        {
            key = (ulong)random.Next(1_000_000);
            index.Put(&key, 0);
            model.Add(key);
        }

        key = 0;
        var cursor = index.Seek(&key);
        var last = -1L;
        while (true)
        {
            var expected = model.Where(k => (long)k > last).Select(k => (ulong?)k).FirstOrDefault();
            Assert.Equal(expected is not null, index.TryNext(ref cursor, out var entry));
            if (expected is null) return;
            Assert.Equal(expected, *entry);
            last = (long)*entry;
            for (var i = 0; i < 3; i++)
            {
                key = random.Next(4) == 0 ? (ulong)last : (ulong)random.Next(1_000_000);
                if (random.Next(10) == 0)
                {
                    index.Put(&key, 0);
                    model.Add(key);
                }
                else
                {
                    index.Remove(&key);
                    model.Remove(key);
                }
            }
        }
    }

    [Fact]
    public void Counts_that_come_to_zero_leave()
    {
        using var index = new OrderedIndex<WordOrder>(2, new WordOrder(2), new PageVersions());
        var key = stackalloc ulong[2];
        key[0] = 7;
        key[1] = OrderedKey.Of(-3L);
        Assert.Equal(2, index.AddTo(key, 2));
        Assert.Equal(-1, index.AddTo(key, -3));
        Assert.Equal(1, index.Count);
        Assert.Equal(0, index.AddTo(key, 1));
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void Words_are_in_the_order_of_the_values()
    {
        double[] doubles = [double.NegativeInfinity, double.MinValue, -1, -double.Epsilon, 0, double.Epsilon, 1, double.MaxValue, double.PositiveInfinity];
        long[] longs = [long.MinValue, -5, -1, 0, 1, long.MaxValue];
        Assert.Equal(doubles, doubles.Reverse().OrderBy(OrderedKey.Of));
        Assert.Equal(longs, longs.Reverse().OrderBy(OrderedKey.Of));
        Assert.All(doubles, d => Assert.Equal(d, OrderedKey.ToDouble(OrderedKey.Of(d))));
        Assert.All(longs, l => Assert.Equal(l, OrderedKey.ToInt64(OrderedKey.Of(l))));
    }

    [Fact]
    public void Texts_with_equal_beginnings_are_in_the_order_of_their_bytes()
    {
        var random = new Random(Seeds.Next());
        var layout = new RowLayout([PhysicalKind.View]);
        using var table = new StateTable(layout, new PageVersions());
        using var index = new OrderedIndex<TextOrder>(3, new TextOrder(3, 1, table, 0), new PageVersions());
        var memory = BatchMemory.Create();
        var model = new List<(string Text, uint Slot)>();
        var key = stackalloc ulong[3];
        for (var i = 0; i < 3000; i++)
        {
            var text = "same start "[..random.Next(12)] + random.Next(500);
            var view = TextView.Of(text, memory);
            var slot = table.Add();
            table.StoreText(slot, 0, &view);
            key[0] = 5;
            key[1] = OrderedKey.OfPrefix(&view);
            key[2] = slot;
            Assert.True(index.Put(key, 0));
            model.Add((text, slot));
        }

        model.Sort((a, b) => string.CompareOrdinal(a.Text, b.Text) is var order and not 0 ? order : a.Slot.CompareTo(b.Slot));
        key[1] = 0;
        key[2] = StateTable.None;
        var cursor = index.Seek(key);
        foreach (var (_, slot) in model)
        {
            Assert.True(index.TryNext(ref cursor, out var entry));
            Assert.Equal(slot, entry[2]);
        }

        index.CheckInvariants();
        memory.Release();
    }
}
