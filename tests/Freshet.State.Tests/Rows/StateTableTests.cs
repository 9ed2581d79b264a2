using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Tests.Rows;

public sealed unsafe class StateTableTests
{
    [Fact]
    public void Fields_do_not_overlap_and_are_aligned_to_their_width()
    {
        var random = new Random(Seeds.Next());
        for (var round = 0; round < 200; round++)
        {
            var kinds = Enumerable.Range(0, random.Next(1, 40)).Select(_ => (PhysicalKind)random.Next(9)).ToArray();
            var extra = new ExtraField(random.Next(1, 60));
            var layout = new RowLayout(kinds, extra, ExtraField.Text);
            var bytes = new int[layout.RowBytes];
            for (var c = 0; c < kinds.Length; c++)
            {
                Assert.Equal(0, layout.OffsetOf(c) % Math.Min(8, kinds[c].WidthBytes()));
                for (var b = 0; b < kinds[c].WidthBytes(); b++) bytes[layout.OffsetOf(c) + b]++;
                Assert.True(layout.NullOffset + c / 8 < layout.ExtrasOffset);
            }

            Assert.Equal(0, layout.ExtraOffset(0) % (extra.Bytes == 4 ? 4 : 8));
            Assert.All(bytes, b => Assert.True(b <= 1));
            Assert.True(layout.FirstRowOffset + layout.RowsPerPage * layout.RowBytes <= PageStore.PageBytes);
        }
    }

    [Fact]
    public void Rows_and_texts_stay_what_they_are_while_others_come_and_go()
    {
        var random = new Random(Seeds.Next());
        var layout = new RowLayout([PhysicalKind.Int64, PhysicalKind.View], ExtraField.Text);
        using var table = new StateTable(layout, new PageVersions());
        var model = new Dictionary<uint, (long Number, string Text, string Extra)>();
        var memory = BatchMemory.Create();
        for (var step = 0; step < 60; step++)
        {
            var removed = new HashSet<uint>();
            var grows = step % 20 < 10;
            for (var i = 0; i < 400; i++)
            {
                var choice = random.Next(10);
                if (choice < (grows ? 5 : 1))
                {
                    var slot = table.Add();
                    Assert.DoesNotContain(slot, removed);
                    Assert.True(new ReadOnlySpan<byte>(table.Row(slot), layout.RowBytes).IndexOfAnyExcept((byte)0) < 0);
                    *(long*)(table.Row(slot) + layout.OffsetOf(0)) = i;
                    model.Add(slot, (i, "", ""));
                    Set(slot, random.Next(2) == 0, random.Next(100_000));
                }
                else if (model.Count > 0)
                {
                    var slot = model.Keys.ElementAt(random.Next(model.Count));
                    if (choice < 8)
                    {
                        Set(slot, random.Next(2) == 0, random.Next(100_000));
                        continue;
                    }

                    var view = table.TextAt(table.Row(slot), layout.OffsetOf(1));
                    table.Remove(slot);
                    removed.Add(slot);
                    Assert.Equal(model[slot].Text, view.Text);
                    model.Remove(slot);
                }
            }

            table.CheckInvariants();
            table.EndOfStep();
            table.CheckInvariants();
            Assert.Equal(model.Count, table.Rows);
            var seen = 0;
            for (uint slot = 0; table.NextLive(ref slot); slot++, seen++)
            {
                Assert.Equal(model[slot].Text, table.TextAt(table.Row(slot), layout.OffsetOf(1)).Text);
                Assert.Equal(model[slot].Extra, table.TextAt(table.Row(slot), layout.ExtraOffset(0)).Text);
                Assert.Equal(model[slot].Number, *(long*)(table.Row(slot) + layout.OffsetOf(0)));
            }

            Assert.Equal(model.Count, seen);
        }

        foreach (var slot in model.Keys) table.Remove(slot);
        table.EndOfStep();
        table.EndOfStep();
        table.CheckInvariants();
        Assert.Equal(0, table.Rows);
        Assert.True(table.Bytes <= 5 * PageStore.PageBytes, $"an empty table holds {table.Bytes} bytes");
        memory.Release();

        void Set(uint slot, bool extra, int number)
        {
            // One in fifty is too long for a page.
            var text = TextView.Sample(number, number % 50 == 0 ? 20_000 : 60);
            var view = TextView.Of(text, memory);
            table.StoreText(slot, extra ? layout.ExtraOffset(0) : layout.OffsetOf(1), &view);
            model[slot] = extra ? model[slot] with { Extra = text } : model[slot] with { Text = text };
        }
    }

    [Fact]
    public void A_slot_is_used_again_only_after_the_step()
    {
        using var table = new StateTable(new RowLayout([PhysicalKind.Int64]), new PageVersions());
        var first = table.Add();
        *(long*)table.Row(first) = 42;
        table.Remove(first);
        Assert.NotEqual(first, table.Add());
        Assert.Equal(42, *(long*)table.Row(first));
        table.EndOfStep();
        Assert.Equal(first, table.Add());
        Assert.Equal(0, *(long*)table.Row(first));
    }

    [Fact]
    public void Mostly_dead_text_pages_are_emptied()
    {
        var layout = new RowLayout([PhysicalKind.View]);
        using var table = new StateTable(layout, new PageVersions());
        var memory = BatchMemory.Create();
        var view = TextView.Of(new string('x', 100), memory);
        var slots = new List<uint>();
        for (var i = 0; i < 20_000; i++)
        {
            slots.Add(table.Add());
            table.StoreText(slots[i], 0, &view);
        }

        var full = table.TextPages.Bytes;
        for (var i = 0; i < 20_000; i++)
            if (i % 10 != 0) table.Remove(slots[i]);
        for (var i = 0; i < 10; i++) table.EndOfStep();
        table.CheckInvariants();
        Assert.True(table.TextPages.Bytes * 4 < full, $"{table.TextPages.Bytes} of {full} bytes are left");
        for (var i = 0; i < 20_000; i += 10) Assert.Equal(100, table.TextAt(table.Row(slots[i]), 0).Length);
        memory.Release();
    }

    [Fact]
    public void Where_rows_stay_a_text_that_comes_again_is_stored_once()
    {
        var random = new Random(Seeds.Next());
        using var table = new StateTable(new RowLayout([PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.View]), new PageVersions(), rowsStay: true);
        var memory = BatchMemory.Create();
        const int Rows = 1000;
        const int Batches = 100;
        var slots = stackalloc uint[Rows];
        var stored = (byte**)memory.Allocate<nint>(Rows);
        var rows = RowNumbers(Rows, memory);
        var expected = new List<(uint Slot, string Few, string Many)>();
        long manyBytes = 0;
        for (var b = 0; b < Batches; b++)
        {
            var columns = new[] { Column.Allocate(PhysicalKind.View, Rows, memory), Column.Allocate(PhysicalKind.Int64, Rows, memory), Column.Allocate(PhysicalKind.View, Rows, memory) };
            table.Add(Rows, slots, stored);
            for (var r = 0; r < Rows; r++)
            {
                // Ends and middles alike, so that other texts lie at a text's place; some longer than a page takes.
                var number = random.Next(300);
                var few = $"{number % 20:D2} {new string('m', 60)}{number % 2}{new string('e', 20)}{(number == 7 ? new string('l', 5000) : "")}";
                var many = TextView.Sample(b * Rows + r, 60);
                expected.Add((slots[r], few, many));
                columns[0].As<StringView>()[r] = TextView.Of(few, memory);
                columns[1].As<long>()[r] = r;
                columns[2].As<StringView>()[r] = TextView.Of(many, memory);
                manyBytes += many.Length > StringView.InlineMaxBytes ? many.Length : 0;
            }

            RowCells.StoreNew(table, columns, rows, Rows, slots, stored);
            table.EndOfStep();
        }

        table.CheckInvariants();
        foreach (var (slot, few, many) in expected)
        {
            Assert.Equal(few, table.TextAt(table.Row(slot), table.Layout.OffsetOf(0)).ToString());
            Assert.Equal(many, table.TextAt(table.Row(slot), table.Layout.OffsetOf(2)).ToString());
        }

        // 100,000 texts of 84 bytes would be 8.4 MB. Two of a place drive each other out, half of the time.
        Assert.InRange(table.TextPages.Bytes - manyBytes, 0, 5_500_000);
        memory.Release();
    }

    private static int* RowNumbers(int count, BatchMemory memory)
    {
        var rows = memory.Allocate<int>(count);
        for (var i = 0; i < count; i++) rows[i] = i;
        return rows;
    }

    [Fact]
    public void Columns_read_back_what_was_stored_with_nulls()
    {
        var random = new Random(Seeds.Next());
        PhysicalKind[] kinds = [PhysicalKind.View, PhysicalKind.Int8, PhysicalKind.Float64, PhysicalKind.Int128, PhysicalKind.Int16, PhysicalKind.Bool, PhysicalKind.Int32, PhysicalKind.Float32, PhysicalKind.Int64, PhysicalKind.View];
        using var table = new StateTable(new RowLayout(kinds), new PageVersions());
        var memory = BatchMemory.Create();
        const int Rows = 1000;
        var columns = new Column[kinds.Length];
        for (var c = 0; c < kinds.Length; c++)
        {
            columns[c] = Column.Allocate(kinds[c], Rows, memory);
            columns[c].EnsureValidity(Rows, memory);
            for (var r = 0; r < Rows; r++)
            {
                if (kinds[c] == PhysicalKind.View) columns[c].As<StringView>()[r] = TextView.Of(TextView.Sample(random.Next(1000), 40), memory);
                else random.NextBytes(new Span<byte>((byte*)columns[c].Values + r * kinds[c].WidthBytes(), kinds[c].WidthBytes()));
                if (random.Next(5) == 0) columns[c].SetNull(r);
            }
        }

        var slots = stackalloc uint[Rows];
        for (var r = 0; r < Rows; r++)
        {
            slots[r] = table.Add();
            for (var c = 0; c < kinds.Length; c++) RowCells.Store(table, slots[r], table.Row(slots[r]), c, columns[c], r);
        }

        for (var c = 0; c < kinds.Length; c++)
        {
            var read = RowCells.Read(table, c, slots, Rows, memory, c == 0);
            for (var r = 0; r < Rows; r++)
            {
                Assert.True(RowCells.AreEqual(table, table.Row(slots[r]), c, columns[c], r));
                Assert.Equal(columns[c].IsNull(r), read.IsNull(r));
                if (!columns[c].IsNull(r)) Assert.True(Kernels.CompareKernel.ValuesEqual(columns[c], r, read, r));
            }
        }

        memory.Release();
    }
}
