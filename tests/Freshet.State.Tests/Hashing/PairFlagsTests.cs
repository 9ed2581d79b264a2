using Freshet.State.Hashing;
using Freshet.State.Pages;

namespace Freshet.State.Tests.Hashing;

public sealed unsafe class PairFlagsTests
{
    [Theory]
    [InlineData(1, 1_000_000)]
    [InlineData(50, 400)]
    [InlineData(100_000, 3)]
    public void It_sets_the_flags_that_a_dictionary_sets(int owners, int values)
    {
        var random = new Random(Seeds.Next());
        using var pairs = new PairFlags(new PageVersions(), (ulong)random.NextInt64());
        var model = new Dictionary<(uint, ulong), uint>();
        const int Rows = 700;
        var (owner, value, flags, added) = (new uint[Rows], new ulong[Rows], new uint[Rows], new uint[Rows]);
        for (var round = 0; round < 60; round++)
        {
            for (var i = 0; i < Rows; i++) (owner[i], value[i], flags[i]) = ((uint)random.Next(owners), (ulong)random.Next(-values, values), 1u << random.Next(32) & (uint)random.Next());
            fixed (uint* o = owner, f = flags, a = added)
            fixed (ulong* v = value) pairs.Add(o, v, f, Rows, a);
            for (var i = 0; i < Rows; i++)
            {
                var before = model.GetValueOrDefault((owner[i], value[i]));
                Assert.Equal(flags[i] & ~before, added[i]);
                if (flags[i] != 0) model[(owner[i], value[i])] = before | flags[i];
            }

            pairs.CheckInvariants();
            Assert.Equal(model.Count, pairs.Entries);
        }
    }

    [Fact]
    public void A_pair_of_a_large_set_takes_at_most_40_bytes()
    {
        using var pairs = new PairFlags(new PageVersions(), 5);
        const int Rows = 4096;
        var (owner, value, flags, added) = (new uint[Rows], new ulong[Rows], new uint[Rows], new uint[Rows]);
        Array.Fill(flags, 1u);
        fixed (uint* o = owner, f = flags, a = added)
        fixed (ulong* v = value)
        {
            for (var round = 0; round < 200; round++)
            {
                for (var i = 0; i < Rows; i++) v[i] = (ulong)(round * Rows + i);
                pairs.Add(o, v, f, Rows, a);
                if (round > 10) Assert.InRange(pairs.Bytes / (double)pairs.Entries, 16, 42);
            }
        }

        pairs.CheckInvariants();
    }
}
