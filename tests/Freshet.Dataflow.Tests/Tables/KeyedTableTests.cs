using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Tables;

public sealed unsafe class KeyedTableTests
{
    private static readonly PhysicalKind[] AllKinds = Enum.GetValues<PhysicalKind>();

    [Fact]
    public void A_table_behaves_as_a_dictionary_under_random_additions_and_removals()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        PhysicalKind[] kinds = [PhysicalKind.View, PhysicalKind.Int32, PhysicalKind.Float64];
        using var table = new KeyedTable(kinds, 8, (ulong)seed);
        var model = new Dictionary<string, (int Slot, long Value)>();
        for (var turn = 0; turn < 200; turn++)
        {
            var rows = Enumerable.Range(0, random.Next(1, 200)).Select(_ => Key(random)).ToArray();
            WithSlots(table, kinds, rows, (slots, owned) =>
            {
                for (var i = 0; i < rows.Length; i++)
                {
                    var text = TestRows.Text(rows[i], 0);
                    var known = model.TryGetValue(text, out var entry);
                    if (known) Assert.Equal(entry.Slot, slots[i]);
                    Assert.True(*(long*)owned[i] == (known ? entry.Value : 0), $"random seed {seed}");
                    *(long*)owned[i] += i + 1;
                    model[text] = (slots[i], *(long*)owned[i]);
                }
            });

            foreach (var text in model.Keys.Where(_ => random.Next(3) == 0).ToList())
            {
                table.Remove(model[text].Slot);
                model.Remove(text);
            }

            Assert.Equal(model.Count, table.Rows);
        }

        foreach (var text in model.Keys.ToList()) table.Remove(model[text].Slot);
        Assert.Equal(0, table.Rows);
    }

    [Fact]
    public void Columns_are_read_back_as_they_were_with_all_kinds_and_NULLs()
    {
        var random = new Random(8);
        using var table = new KeyedTable(AllKinds, 0, 1);
        var rows = Enumerable.Range(0, 100).Select(i => new object?[]
        {
            i % 2 == 0, (sbyte)-i, (short)(i * 300), random.Next(5) == 0 ? null : -i * 100_000, (long)i << 40, Int128.MinValue + i, i / 3f, random.Next(5) == 0 ? null : -i / 7.0,
            random.Next(5) == 0 ? null : "text " + (i % 3 == 0 ? i : new string('x', i)),
        }).ToArray();
        WithSlots(table, AllKinds, rows, (slots, _) =>
        {
            var memory = BatchMemory.Create();
            fixed (int* all = slots)
            {
                for (var c = 0; c < AllKinds.Length; c++)
                {
                    var column = table.ReadColumn(c, all, rows.Length, memory);
                    for (var i = 0; i < rows.Length; i++) Assert.Equal(TestRows.Text(rows[i][c]), TestRows.Text(TestRows.Get(column, i)));
                }
            }

            memory.Release();
        });
    }

    [Fact]
    public void Many_keys_split_the_pages_of_the_index_and_all_are_found()
    {
        using var table = new KeyedTable([PhysicalKind.Int64], 8, 17);
        const int count = 200_000;
        for (var from = 0; from < count; from += 20_000)
        {
            var rows = Enumerable.Range(from, 20_000).Select(i => new object?[] { (long)i }).ToArray();
            WithSlots(table, [PhysicalKind.Int64], rows, (slots, owned) =>
            {
                for (var i = 0; i < rows.Length; i++)
                {
                    Assert.Equal(0, *(long*)owned[i]);
                    *(long*)owned[i] = from + i + 1;
                }
            });
        }

        Assert.Equal(count, table.Rows);
        var all = Enumerable.Range(0, 60_000).Select(i => new object?[] { (long)i * 3 }).ToArray();
        WithSlots(table, [PhysicalKind.Int64], all, (slots, owned) =>
        {
            for (var i = 0; i < all.Length; i++) Assert.Equal(i * 3 + 1, *(long*)owned[i]);
            foreach (var slot in slots) table.Remove(slot);
        });
        Assert.Equal(count - 60_000, table.Rows);
        var seen = 0;
        table.ForEach(_ => seen++);
        Assert.Equal(count - 60_000, seen);
    }

    [Fact]
    public void Keys_that_are_not_there_are_none()
    {
        using var table = new KeyedTable([PhysicalKind.Int64], 8, 17);
        WithSlots(table, [PhysicalKind.Int64], [[1L], [null]], (_, _) => { });
        var batch = TestRows.Of([PhysicalKind.Int64], [2L], [null], [1L]);
        var slots = batch.Memory.Allocate<int>(3);
        table.Find(batch, [0], RowNumbers.Of(batch), 3, batch.Memory, slots);
        Assert.Equal([KeyedTable.None, 1, 0], new ReadOnlySpan<int>(slots, 3).ToArray());
        batch.Release();
    }

    private static object?[] Key(Random random) =>
    [
        random.Next(10) == 0 ? null : "key " + random.Next(30) + (random.Next(2) == 0 ? " with a long text behind it" : ""),
        random.Next(10) == 0 ? null : random.Next(5),
        random.Next(3) == 0 ? double.NaN : random.Next(3) - 1.0,
    ];

    private delegate void Use(int[] slots, byte*[] owned);

    private static void WithSlots(KeyedTable table, PhysicalKind[] kinds, object?[][] rows, Use use)
    {
        var batch = TestRows.Of(kinds, rows);
        var slots = batch.Memory.Allocate<int>(rows.Length);
        var owned = (byte**)batch.Memory.Allocate<nint>(rows.Length);
        table.FindOrAdd(batch, [.. Enumerable.Range(0, kinds.Length)], RowNumbers.Of(batch), rows.Length, batch.Memory, slots, owned);
        var pointers = new byte*[rows.Length];
        for (var i = 0; i < rows.Length; i++) pointers[i] = owned[i];
        use(new ReadOnlySpan<int>(slots, rows.Length).ToArray(), pointers);
        batch.Release();
    }
}
