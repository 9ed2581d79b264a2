using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Engine.Sources;
using Freshet.Engine.Steps;

namespace Freshet.Engine.Tests.Queries;

/// <summary>What was decoded ahead is given back, also by a step that fails before it has come to it. The process's memory is counted.</summary>
[Collection("native memory")]
public sealed class ReadAheadMemoryTests
{
    private const int Attempts = 5;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_that_nobody_comes_to_are_given_back(bool isTaken)
    {
        long left;
        var attempts = 0;
        do
        {
            var before = NativePool.RentedBytes;
            FailAtTheFirst(isTaken);
            left = NativePool.RentedBytes - before;
        }
        while (left != 0 && ++attempts < Attempts);

        Assert.Equal(0, left);
    }

    private static void FailAtTheFirst(bool isTaken)
    {
        using var source = new TwoSlices();
        var input = new TableInput(new TableInputSpec(source, 0, null, -1, null, false));
        using var ahead = new ReadAhead();
        ahead.Begin(input, 0, 0, 2);
        Assert.True(source.Second.Wait(TimeSpan.FromSeconds(60)));
        if (!isTaken) return;
        var slices = new List<ISourceSlice>();
        Assert.True(ahead.TryTake(input, 0, 0, 2, slices));
        Assert.Throws<InvalidDataException>(() => slices[0].Decode([]));
    }

    /// <summary>Two slices, of which the first cannot be read.</summary>
    private sealed class TwoSlices : IRowSource
    {
        public ManualResetEventSlim Second { get; } = new(false);

        public string Name => "two";

        public int Partitions => 1;

        public bool IsBounded => true;

        public long Start(int partition) => 0;

        public long Limit(int partition, long from, int rows, long bytes) => 2;

        public bool IsEnd(int partition, long position) => position >= 2;

        public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
        {
            slices.Add(new Piece(this, false));
            slices.Add(new Piece(this, true));
        }

        public void Dispose() => Second.Dispose();
    }

    private sealed class Piece(TwoSlices source, bool isWhole) : ISourceSlice
    {
        public unsafe Batch Decode(List<SourceError> errors)
        {
            if (!isWhole) throw new InvalidDataException("the first piece is damaged");
            var memory = BatchMemory.Create();
            memory.Allocate(100_000);
            source.Second.Set();
            return new Batch(memory, [], 1);
        }
    }
}
