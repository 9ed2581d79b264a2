using Freshet.State.Pages;

namespace Freshet.State.Tests.Pages;

public sealed unsafe class PageStoreTests
{
    [Fact]
    public void A_new_page_is_all_zero_even_when_it_was_used_before()
    {
        var versions = new PageVersions();
        using var store = new PageStore(versions);
        for (var i = 0; i < 100; i++)
        {
            var page = store.Allocate();
            Assert.Equal(0u, page);
            Assert.True(new ReadOnlySpan<byte>(store.At(page), PageStore.PageBytes).IndexOfAnyExcept((byte)0) < 0);
            new Span<byte>(store.At(page), PageStore.PageBytes).Fill(7);
            store.Free(page);
        }
    }

    [Fact]
    public void A_page_stays_where_it_is_while_others_come_and_go()
    {
        var versions = new PageVersions();
        using var store = new PageStore(versions);
        var addresses = new List<nint>();
        for (uint i = 0; i < 6000; i++)
        {
            Assert.Equal(i, store.Allocate());
            addresses.Add((nint)store.At(i));
        }

        for (uint i = 0; i < 6000; i++) Assert.Equal(addresses[(int)i], (nint)store.At(i));
        Assert.Equal(6000, addresses.Distinct().Count());
    }

    [Fact]
    public void Every_pin_sees_the_pages_as_they_were_whatever_order_pins_are_released_in()
    {
        var random = new Random(Seeds.Next());
        var versions = new PageVersions();
        using var store = new PageStore(versions);
        var now = new SortedDictionary<uint, byte>();
        var pins = new List<(PagePin Pin, SortedDictionary<uint, byte> Expected)>();
        var buffer = stackalloc byte[8];
        for (var round = 0; round < 3000; round++)
        {
            switch (random.Next(8))
            {
                case 0 when pins.Count < 6:
                    pins.Add((versions.Pin(), new(now)));
                    break;
                case 1 when pins.Count > 0:
                    var at = random.Next(pins.Count);
                    pins[at].Pin.Release();
                    pins.RemoveAt(at);
                    if (random.Next(2) == 0) versions.Sweep();
                    break;
                case 2 or 3:
                    var page = store.Allocate();
                    var value = (byte)random.Next(256);
                    store.At(page)[1000] = value;
                    now.Add(page, value);
                    break;
                case 4 when now.Count > 0:
                    var freed = now.Keys.ElementAt(random.Next(now.Count));
                    store.Free(freed);
                    now.Remove(freed);
                    break;
                default:
                    if (now.Count == 0) break;
                    var changed = now.Keys.ElementAt(random.Next(now.Count));
                    store.Touch(changed);
                    store.At(changed)[1000] = now[changed] = (byte)random.Next(256);
                    break;
            }

            if (round % 10 != 0) continue;
            foreach (var (pin, expected) in pins)
            {
                for (uint p = 0; p < store.Count; p++)
                {
                    Assert.Equal(expected.TryGetValue(p, out var value), store.TryRead(pin, p, 1000, 1, buffer));
                    if (expected.ContainsKey(p)) Assert.Equal(value, buffer[0]);
                }
            }
        }

        foreach (var (pin, _) in pins) pin.Release();
        versions.Sweep();
        Assert.False(versions.IsPinned);
        Assert.Equal(now.Count, store.Used);
        Assert.True(store.Bytes < (store.Used + 8L) * PageStore.PageBytes, "copies are given back");
    }

    [Fact]
    public void Pages_changed_since_a_checkpoint_make_an_equal_store_when_loaded_over_it()
    {
        var random = new Random(Seeds.Next());
        var versions = new PageVersions();
        using var store = new PageStore(versions);
        using var copy = new PageStore(new PageVersions());
        long last = 0;
        for (var checkpoint = 0; checkpoint < 20; checkpoint++)
        {
            for (var i = 0; i < 30; i++)
            {
                var page = random.Next(2) == 0 || store.Count == 0 ? store.Allocate() : (uint)random.Next((int)store.Count);
                store.Touch(page);
                store.At(page)[random.Next(PageStore.PageBytes)] = (byte)random.Next();
            }

            var version = versions.Advance();
            var pages = 0;
            for (var page = store.NextChanged(0, last); page < store.Count; page = store.NextChanged(page + 1, last), pages++)
                copy.Load(page, new ReadOnlySpan<byte>(store.At(page), PageStore.PageBytes));
            copy.EndLoad();
            last = version;
            Assert.InRange(pages, 1, 30);
            for (uint page = 0; page < store.Count; page++)
                Assert.True(new ReadOnlySpan<byte>(store.At(page), PageStore.PageBytes).SequenceEqual(new(copy.At(page), PageStore.PageBytes)));
        }
    }
}
