using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Bitmaps;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Tests.Bitmaps;

public sealed class BitmapFunctionTests
{
    private static readonly SqlType[] Two = [SqlType.Bitmap, SqlType.Bitmap];

    private static string Text(IEnumerable<uint> members) => "{" + string.Join(',', members.Distinct().Order()) + "}";

    private static uint[] Members(Random random)
    {
        // Of some containers many members, of others few.
        var members = new List<uint>();
        for (var c = random.Next(4); c > 0; c--)
        {
            var high = (uint)random.Next(1 << 16) << 16;
            for (var n = random.Next(2) == 0 ? random.Next(20) : random.Next(9000); n > 0; n--) members.Add(high | (uint)random.Next(1 << 16));
        }

        return [.. members];
    }

    [Fact]
    public void Sets_combine_as_sets_do()
    {
        var random = new Random(3);
        for (var i = 0; i < 50; i++)
        {
            uint[] l = [.. Members(random)];
            uint[] r = [.. Members(random), .. l.Where(_ => random.Next(2) == 0)];
            object?[] row = [Text(l), Text(r)];
            Assert.Equal(Text(l.Intersect(r)), KernelCall.Run(RowLoop.Of(new CombineBitmaps(false, false, true)), SqlType.Bitmap, Two, row)[0]);
            Assert.Equal(Text(l.Union(r)), KernelCall.Run(RowLoop.Of(new CombineBitmaps(true, true, true)), SqlType.Bitmap, Two, row)[0]);
            Assert.Equal(Text(l.Except(r)), KernelCall.Run(RowLoop.Of(new CombineBitmaps(true, false, false)), SqlType.Bitmap, Two, row)[0]);
            Assert.Equal(Text(l.Union(r).Except(l.Intersect(r))), KernelCall.Run(RowLoop.Of(new CombineBitmaps(true, true, false)), SqlType.Bitmap, Two, row)[0]);
            Assert.Equal((long)l.Distinct().Count(), KernelCall.Run(RowLoop.Of<BitmapCardinality>(), SqlType.BigInt, [SqlType.Bitmap], [row[0]])[0]);
        }
    }

    [Fact]
    public void Bytes_give_the_set_again()
    {
        var random = new Random(5);
        for (var i = 0; i < 100; i++)
        {
            uint[] members = [.. Members(random), .. Enumerable.Range(random.Next(1 << 20), random.Next(9000)).Select(m => (uint)m)];
            var text = Text(members);
            var read = new List<uint>();
            Assert.True(RoaringFormat.TryRead(Bytes(text), read));
            Assert.Equal(text, Text(read));
        }

        Assert.Equal("3A300000010000000000020010000000010002000300", Convert.ToHexString(Bytes("{1,2,3}")));
        Assert.Equal("3B3000000100001300010001001300", Convert.ToHexString(Bytes(Text(Enumerable.Range(1, 20).Select(m => (uint)m)))));
    }

    private static byte[] Bytes(string text)
    {
        var members = new List<uint>();
        Assert.True(BitmapText.TryRead(Encoding.UTF8.GetBytes(text), members));
        var buffer = new Freshet.Columns.Formats.Utf8Buffer();
        RoaringFormat.Write(members, buffer);
        return buffer.Written.ToArray();
    }

    [Fact]
    public void A_text_that_is_no_set_is_refused()
    {
        foreach (var text in (string[])["", "{", "1,2", "{2,1}", "{1,1}", "{1,}", "{a}", "{-1}", "{4294967296}"]) Assert.False(BitmapText.TryRead(Encoding.UTF8.GetBytes(text), []));
        Assert.True(BitmapText.TryRead("{}"u8, []));
        Assert.True(BitmapText.TryRead("{0,4294967295}"u8, []));
    }
}
