using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.State.Hashing;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Tests.Hashing;

public sealed unsafe class ChainIndexTests
{
    [Fact]
    public void It_keeps_all_rows_of_a_key_as_a_multimap_does()
    {
        var random = new Random(Seeds.Next());
        var layout = new RowLayout([PhysicalKind.Int64, PhysicalKind.Int64], new ExtraField(RowLinks.Bytes));
        using var table = new StateTable(layout, new PageVersions());
        using var index = new ChainIndex(table, layout.ExtraOffset(0));
        var model = new Dictionary<long, HashSet<uint>>();
        var keyOf = new Dictionary<uint, long>();
        long key;
        var key8 = new FixedKey<long>(layout, 0, new Column { Kind = PhysicalKind.Int64, Values = &key });
        for (var step = 0; step < 40; step++)
        {
            for (var i = 0; i < 300; i++)
            {
                if (random.Next(step < 20 ? 3 : 8) != 0 && keyOf.Count > 0 && step > 3)
                {
                    var slot = keyOf.Keys.ElementAt(random.Next(keyOf.Count));
                    index.Remove(HashOf(keyOf[slot]), slot);
                    table.Remove(slot);
                    model[keyOf[slot]].Remove(slot);
                    keyOf.Remove(slot);
                }
                else
                {
                    key = random.Next(3) == 0 ? 1 : random.Next(100);
                    var slot = table.Add();
                    *(long*)(table.Row(slot) + layout.OffsetOf(0)) = key;
                    index.Add(ref key8, 0, HashOf(key), slot);
                    keyOf.Add(slot, key);
                    if (!model.TryGetValue(key, out var slots)) model.Add(key, slots = []);
                    slots.Add(slot);
                }
            }

            index.CheckInvariants(table.Rows);
            foreach (var (k, slots) in model)
            {
                key = k;
                var found = new HashSet<uint>();
                for (var at = index.First(ref key8, 0, HashOf(k)); at != StateTable.None; at = index.Next(at)) Assert.True(found.Add(at));
                Assert.Equal(slots, found);
            }

            table.EndOfStep();
        }
    }

    [Fact]
    public void A_cursor_goes_on_from_a_row_that_was_removed_in_the_step()
    {
        var layout = new RowLayout([PhysicalKind.Int64], new ExtraField(RowLinks.Bytes));
        using var table = new StateTable(layout, new PageVersions());
        using var index = new ChainIndex(table, layout.ExtraOffset(0));
        long key = 0;
        var key8 = new FixedKey<long>(layout, 0, new Column { Kind = PhysicalKind.Int64, Values = &key });
        for (var i = 0; i < 5; i++) index.Add(ref key8, 0, 9, table.Add());
        var first = index.First(ref key8, 0, 9);
        var second = index.Next(first);
        index.Remove(9, first);
        table.Remove(first);
        index.Remove(9, second);
        table.Remove(second);
        var rest = 0;
        for (var at = index.Next(second); at != StateTable.None; at = index.Next(at)) rest++;
        Assert.Equal(3, rest);
    }

    private static ulong HashOf(long key) => (ulong)key * 0x9E3779B97F4A7C15 >> 11;
}
