using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Kernels.Tests;

public sealed unsafe class GatherKernelTests
{
    [Fact]
    public void Gathered_rows_are_the_rows_of_the_indexes_of_every_kind()
    {
        var random = new Random(11);
        var rows = RandomRows.Make(random, RandomRows.AllKinds, 200, 5);
        var batch = TestRows.Weighted(RandomRows.AllKinds, rows);
        var memory = BatchMemory.Create();
        var indexes = memory.Allocate<int>(150);
        for (var i = 0; i < 150; i++) indexes[i] = random.Next(200);
        var gathered = GatherKernel.Gather(batch, indexes, 150, memory);
        batch.Release();
        var expected = new List<string>();
        for (var i = 0; i < 150; i++) expected.Add(TestRows.Text(rows[indexes[i]].Values, rows[indexes[i]].Weight));
        Assert.Equal(expected, TestRows.Text(gathered));
        gathered.Release();
    }

    [Fact]
    public void Compacting_keeps_the_selected_rows_and_long_texts_outlive_their_batch()
    {
        var batch = TestRows.Of([PhysicalKind.View], ["a text that is longer than twelve bytes"], ["b"], ["another text that is longer"]);
        var selection = batch.Memory.Allocate<int>(2);
        selection[0] = 0;
        selection[1] = 2;
        batch.Select(selection, 2);
        var compacted = GatherKernel.Compact(batch);
        Assert.True(compacted.Selection is null);
        Assert.Equal(["a text that is longer than twelve bytes x+1", "another text that is longer x+1"], TestRows.Text(compacted));
        compacted.Release();
    }

    [Fact]
    public void Owned_rows_do_not_read_the_bytes_of_others()
    {
        var bytes = BatchMemory.Create();
        var batch = TestRows.Of([PhysicalKind.View, PhysicalKind.View], ["a", "b"], ["c", "d"]);
        var text = StringView.Copy("a text that is longer than twelve bytes"u8, bytes);
        batch.Columns[0].As<StringView>()[1] = text;
        batch.Columns[1] = Column.Constant(PhysicalKind.View, text, batch.Memory);
        var owned = GatherKernel.Own(batch);
        new Span<byte>(text.Pointer, text.Length).Fill((byte)'x');
        bytes.Release();
        Assert.Equal(["a|a text that is longer than twelve bytes x+1", "a text that is longer than twelve bytes|a text that is longer than twelve bytes x+1"], TestRows.Text(owned));
        owned.Release();
    }

    [Fact]
    public void Constant_columns_stay_constant()
    {
        var batch = TestRows.Of([PhysicalKind.Int64], [1], [2]);
        batch.Columns[0] = Column.ConstantNull(PhysicalKind.Int64, batch.Memory);
        var memory = BatchMemory.Create();
        var indexes = memory.Allocate<int>(1);
        indexes[0] = 1;
        var gathered = GatherKernel.Gather(batch, indexes, 1, memory);
        batch.Release();
        Assert.True(gathered.Columns[0].IsConstant);
        Assert.Equal(["NULL x+1"], TestRows.Text(gathered));
        gathered.Release();
    }

    [Fact]
    public void Concatenation_applies_selections_and_fills_weights_and_watermarks()
    {
        var first = TestRows.Of([PhysicalKind.Int32, PhysicalKind.View], [1, "x"], [2, null], [3, "z"]);
        var selection = first.Memory.Allocate<int>(2);
        selection[0] = 1;
        selection[1] = 2;
        first.Select(selection, 2);
        var second = TestRows.Weighted([PhysicalKind.Int32, PhysicalKind.View], ([null, "a text that is longer than twelve"], -1));
        second.RowWatermarks = second.Memory.Allocate<long>(1);
        second.RowWatermarks[0] = 77;
        second.Columns[0] = Column.Constant(PhysicalKind.Int32, 9, second.Memory);
        var all = ConcatKernel.Concat([first, second], BatchMemory.Create());
        first.Release();
        second.Release();
        Assert.Equal(["2|NULL x+1", "3|z x+1", "9|a text that is longer than twelve x-1"], TestRows.Text(all));
        Assert.Equal([long.MinValue, long.MinValue, 77], new ReadOnlySpan<long>(all.RowWatermarks, 3).ToArray());
        all.Release();
    }

    [Fact]
    public void A_partition_holds_every_row_once_in_its_share_and_in_order()
    {
        var batch = TestRows.Of([PhysicalKind.Int64], [.. Enumerable.Range(0, 1000).Select(i => new object?[] { (long)(i % 100) })]);
        var memory = BatchMemory.Create();
        var hashes = memory.Allocate<ulong>(1000);
        HashKernel.Hash(batch, [0], 5, hashes);
        const int shares = 3;
        var selections = stackalloc int*[shares];
        var counts = stackalloc int[shares];
        for (var s = 0; s < shares; s++) selections[s] = memory.Allocate<int>(1000);
        PartitionKernel.Partition(batch, hashes, shares, selections, counts);
        Assert.Equal(1000, counts[0] + counts[1] + counts[2]);
        for (var s = 0; s < shares; s++)
        {
            Assert.InRange(counts[s], 150, 550);
            for (var i = 0; i < counts[s]; i++)
            {
                Assert.Equal(s, PartitionKernel.ShareOf(hashes[selections[s][i]], shares));
                if (i > 0) Assert.True(selections[s][i - 1] < selections[s][i]);
            }
        }

        memory.Release();
        batch.Release();
    }
}
