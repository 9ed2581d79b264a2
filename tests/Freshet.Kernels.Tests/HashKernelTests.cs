using System.Numerics;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Kernels.Tests;

public sealed unsafe class HashKernelTests
{
    [Fact]
    public void Equal_rows_have_equal_hashes_and_others_do_not()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var batch = TestRows.Weighted(RandomRows.AllKinds[..4], RandomRows.Make(random, RandomRows.AllKinds[..4], 300, 1));
        var hashes = Hash(batch, [0, 1, 2, 3], 7);
        for (var i = 0; i < batch.Rows; i++)
            for (var j = 0; j < batch.Rows; j++)
                Assert.True(CompareKernel.RowsEqual(batch.Columns, i, batch.Columns, j) == (hashes[i] == hashes[j]), $"rows {i} and {j}, random seed {seed}");
        batch.Release();
    }

    [Fact]
    public void Whole_numbers_hash_by_value_and_all_NaN_are_one()
    {
        var values = new object?[] { -5 };
        var expected = Hash(TestRows.Of([PhysicalKind.Int64], values), [0], 1)[0];
        foreach (var kind in new[] { PhysicalKind.Int8, PhysicalKind.Int16, PhysicalKind.Int32 })
            Assert.Equal(expected, Hash(TestRows.Of([kind], values), [0], 1)[0]);
        var nan = TestRows.Of([PhysicalKind.Float64], [double.NaN], [BitConverter.UInt64BitsToDouble(0x7FF8000000000001)], [0.0], [-0.0]);
        var hashes = Hash(nan, [0], 1);
        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[2], hashes[3]);
    }

    [Fact]
    public void A_selection_and_a_constant_column_hash_as_the_flat_rows_do()
    {
        var batch = TestRows.Of([PhysicalKind.View, PhysicalKind.Int64], ["a long text that is not inline", 1], ["b", 1], [null, 1], ["d", 1]);
        var expected = Hash(batch, [0, 1], 9);
        batch.Columns[1] = Column.Constant(PhysicalKind.Int64, 1L, batch.Memory);
        var selection = batch.Memory.Allocate<int>(2);
        selection[0] = 0;
        selection[1] = 2;
        batch.Select(selection, 2);
        var hashes = Hash(batch, [0, 1], 9);
        Assert.Equal(expected[0], hashes[0]);
        Assert.Equal(expected[2], hashes[2]);
        Assert.Equal(Hash(batch, [0], 9)[0], HashKernel.HashBytes("a long text that is not inline"u8, 9));
    }

    [Fact]
    public void Neighbouring_keys_fill_low_and_high_bits_evenly()
    {
        var rows = Enumerable.Range(0, 65536).Select(i => new object?[] { (long)i }).ToArray();
        var hashes = Hash(TestRows.Of([PhysicalKind.Int64], rows), [0], 12345);
        foreach (var shift in new[] { 0, 24, 48 })
        {
            var buckets = new int[1024];
            foreach (var hash in hashes) buckets[hash >> shift & 1023]++;
            // 64 expected in each: six standard deviations either way.
            Assert.InRange(buckets.Min(), 16, 64);
            Assert.InRange(buckets.Max(), 64, 112);
        }

        Assert.Equal(65536, hashes.Distinct().Count());
        var flips = Enumerable.Range(0, 1000).Average(i => BitOperations.PopCount(hashes[2 * i] ^ hashes[2 * i + 1]));
        Assert.InRange(flips, 30, 34);
    }

    [Fact]
    public void Another_seed_gives_other_hashes()
    {
        var batch = TestRows.Of([PhysicalKind.Int64], [1], [2], [3]);
        Assert.Empty(Hash(batch, [0], 1).Intersect(Hash(batch, [0], 2)));
    }

    [Fact]
    public void Texts_of_every_length_that_differ_in_one_byte_have_other_hashes()
    {
        for (var length = 1; length < 70; length++)
        {
            var seen = new HashSet<ulong>();
            for (var i = -1; i < length; i++)
            {
                var text = new byte[length];
                if (i >= 0) text[i] = 1;
                Assert.True(seen.Add(HashKernel.HashBytes(text, 3)), $"length {length}, byte {i}");
            }
        }
    }

    private static ulong[] Hash(Batch batch, int[] columns, ulong seed)
    {
        var memory = BatchMemory.Create();
        var hashes = memory.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, columns, seed, hashes);
        var result = new ReadOnlySpan<ulong>(hashes, batch.Rows).ToArray();
        memory.Release();
        return result;
    }
}
