using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.State.Hashing;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Tests.Hashing;

public sealed unsafe class HashIndexTests
{
    [Theory]
    [InlineData(ulong.MaxValue, 60)] // good hashes
    [InlineData(0xFFUL, 12)] // all in one page that no split can help
    [InlineData(0UL, 4)] // all equal
    [InlineData(0xFFFF_FF00UL, 20)] // all at home in one line of each page
    public void It_finds_what_a_dictionary_finds(ulong hashMask, int rounds)
    {
        var random = new Random(Seeds.Next());
        using var table = new KeyedTable(new RowLayout([PhysicalKind.Int64], new ExtraField(8)), 1, new PageVersions());
        var model = new Dictionary<long, uint>();
        const int Rows = 700;
        var keys = stackalloc long[Rows];
        var hashes = stackalloc ulong[Rows];
        var slots = stackalloc uint[Rows];
        var added = stackalloc int[Rows];
        var addresses = stackalloc byte*[Rows];
        var column = new Column { Kind = PhysicalKind.Int64, Values = keys };
        for (var round = 0; round < rounds; round++)
        {
            var range = rounds * 200;
            for (var i = 0; i < Rows; i++) keys[i] = random.Next(range);
            Hash();
            var fixedKey = new FixedKey<long>(table.Table.Layout, 0, column);
            table.Index.Find(ref fixedKey, hashes, null, Rows, slots);
            for (var i = 0; i < Rows; i++) Assert.Equal(model.GetValueOrDefault(keys[i], StateTable.None), slots[i]);
            var batch = new Batch(BatchMemory.Create(), [column], Rows);
            var before = model.Count;
            var made = table.FindOrInsert(batch, [0], hashes, null, Rows, slots, addresses, added);
            for (var i = 0; i < Rows; i++)
            {
                if (!model.TryGetValue(keys[i], out var slot)) model.Add(keys[i], slot = slots[i]);
                Assert.Equal(slot, slots[i]);
                Assert.Equal((nint)table.Table.Row(slot), (nint)addresses[i]);
                Assert.Equal(keys[i], *(long*)(addresses[i] + table.Table.Layout.OffsetOf(0)));
            }

            Assert.Equal(model.Count - before, made);
            for (var i = 0; i < made; i++) Assert.Equal(model[keys[added[i]]], slots[added[i]]);
            batch.Release();

            // Grows first, then shrinks to nothing.
            var remove = round < rounds / 2 ? 100 : 5000;
            foreach (var (key, slot) in model.OrderBy(_ => random.Next()).Take(remove).ToArray())
            {
                table.Remove(HashOf(key), slot);
                model.Remove(key);
            }

            table.CheckInvariants();
            table.EndOfStep();
        }

        foreach (var (key, slot) in model) table.Remove(HashOf(key), slot);
        table.EndOfStep();
        table.CheckInvariants();
        Assert.Equal(0, table.Rows);
        Assert.Equal(1u, (uint)table.Index.Pages.Used);

        void Hash()
        {
            for (var i = 0; i < Rows; i++) hashes[i] = HashOf(keys[i]);
        }

        ulong HashOf(long key)
        {
            var mixed = (ulong)key * 0x9E3779B97F4A7C15;
            return ((mixed ^ mixed >> 32) * 0xD1B54A32D192ED03 >> 7 & hashMask);
        }
    }

    [Fact]
    public void Keys_of_several_columns_with_nulls_and_long_texts_are_told_apart()
    {
        var random = new Random(Seeds.Next());
        PhysicalKind[] kinds = [PhysicalKind.View, PhysicalKind.Int32, PhysicalKind.Float64];
        using var table = new KeyedTable(new RowLayout(kinds), 3, new PageVersions());
        var model = new Dictionary<(string?, int?, double?), uint>();
        const int Rows = 500;
        var hashes = stackalloc ulong[Rows];
        var slots = stackalloc uint[Rows];
        for (var round = 0; round < 30; round++)
        {
            var memory = BatchMemory.Create();
            var columns = kinds.Select(k => Column.Allocate(k, Rows, memory)).ToArray();
            var keys = new (string?, int?, double?)[Rows];
            for (var c = 0; c < 3; c++) columns[c].EnsureValidity(Rows, memory);
            for (var r = 0; r < Rows; r++)
            {
                keys[r] = (random.Next(6) == 0 ? null : TextView.Sample(random.Next(300), 40), random.Next(6) == 0 ? null : random.Next(3), random.Next(6) == 0 ? null : random.Next(3) == 0 ? double.NaN : random.Next(2));
                if (keys[r].Item1 is { } text) columns[0].As<StringView>()[r] = TextView.Of(text, memory);
                else columns[0].SetNull(r);
                columns[1].As<int>()[r] = keys[r].Item2 ?? 0;
                if (keys[r].Item2 is null) columns[1].SetNull(r);
                columns[2].As<double>()[r] = keys[r].Item3 ?? 0;
                if (keys[r].Item3 is null) columns[2].SetNull(r);
            }

            var batch = new Batch(memory, columns, Rows);
            HashKernel.Hash(batch, [0, 1, 2], 77, hashes);
            table.FindOrInsert(batch, [0, 1, 2], hashes, null, Rows, slots, null);
            for (var r = 0; r < Rows; r++)
            {
                if (!model.TryGetValue(keys[r], out var slot)) model.Add(keys[r], slot = slots[r]);
                Assert.Equal(slot, slots[r]);
            }

            // The bytes of the batch are not needed any more.
            batch.Release();
            table.CheckInvariants();
            table.EndOfStep();
        }

        Assert.Equal(model.Count, table.Rows);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Keys_of_several_numbers_with_nulls_and_constants_are_told_apart(int width)
    {
        var random = new Random(Seeds.Next());
        using var table = new KeyedTable(new RowLayout([.. Enumerable.Repeat(PhysicalKind.Int64, width)]), width, new PageVersions());
        var model = new Dictionary<(long?, long?, long?), uint>();
        int[] places = [.. Enumerable.Range(0, width)];
        const int Rows = 300;
        var hashes = stackalloc ulong[Rows];
        var slots = stackalloc uint[Rows];
        for (var round = 0; round < 40; round++)
        {
            var memory = BatchMemory.Create();
            var columns = new Column[width];
            for (var c = 0; c < width; c++)
            {
                columns[c] = random.Next(5) switch { 0 => Column.Constant(PhysicalKind.Int64, (long)random.Next(3), memory), 1 => Column.ConstantNull(PhysicalKind.Int64, memory), _ => Column.Allocate(PhysicalKind.Int64, Rows, memory) };
                if (columns[c].IsConstant) continue;
                var hasNulls = random.Next(2) == 0;
                if (hasNulls) columns[c].EnsureValidity(Rows, memory);
                for (var r = 0; r < Rows; r++)
                {
                    columns[c].As<long>()[r] = random.Next(6);
                    if (hasNulls && random.Next(4) == 0) columns[c].SetNull(r);
                }
            }

            var batch = new Batch(memory, columns, Rows);
            HashKernel.Hash(batch, places, 3, hashes);
            table.Find(batch, places, hashes, null, Rows, slots);
            for (var r = 0; r < Rows; r++) Assert.Equal(model.GetValueOrDefault(KeyOf(r), StateTable.None), slots[r]);
            table.FindOrInsert(batch, places, hashes, null, Rows, slots, null);
            for (var r = 0; r < Rows; r++)
            {
                if (!model.TryGetValue(KeyOf(r), out var slot)) model.Add(KeyOf(r), slot = slots[r]);
                Assert.Equal(slot, slots[r]);
            }

            batch.Release();

            (long?, long?, long?) KeyOf(int row) => (ValueOf(0, row), ValueOf(1, row), width > 2 ? ValueOf(2, row) : 0);

            long? ValueOf(int column, int row) => columns[column].IsNull(row) ? null : columns[column].As<long>()[columns[column].IndexOf(row)];
        }

        Assert.Equal(model.Count, table.Rows);
        table.CheckInvariants();
    }

    [Fact]
    public void No_insertion_pays_for_more_than_a_page()
    {
        using var table = new KeyedTable(new RowLayout([PhysicalKind.Int64]), 1, new PageVersions());
        var last = table.Index.Pages.Used;
        for (var i = 0; i < 200_000; i++)
        {
            var slot = table.Table.Add();
            table.Index.Insert((ulong)i * 0x9E3779B97F4A7C15 >> 20, slot);
            Assert.InRange(table.Index.Pages.Used - last, 0, 1);
            last = table.Index.Pages.Used;
        }

        Assert.InRange((double)table.Index.Bytes / 200_000, 8, 24);
    }
}
