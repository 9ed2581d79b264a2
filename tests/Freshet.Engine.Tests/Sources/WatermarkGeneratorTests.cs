using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Engine.Sources;

namespace Freshet.Engine.Tests.Sources;

public sealed class WatermarkGeneratorTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void A_new_watermark_is_emitted_when_it_is_more_than_200_ms_ahead()
    {
        var generator = new WatermarkGenerator(onEveryRow: false);
        Marks(generator, 10 * Second);
        Assert.Equal(10 * Second, generator.Emitted);
        Marks(generator, 10 * Second + 200_000);
        Assert.Equal(10 * Second, generator.Emitted);
        Marks(generator, 10 * Second + 200_001);
        Assert.Equal(10 * Second + 200_001, generator.Emitted);
    }

    [Fact]
    public void On_event_every_row_ahead_emits()
    {
        var generator = new WatermarkGenerator(onEveryRow: true);
        Marks(generator, Second, Second + 1, Second - 5);
        Assert.Equal(Second + 1, generator.Emitted);
    }

    [Fact]
    public void A_row_has_the_watermark_that_was_emitted_before_it()
    {
        var generator = new WatermarkGenerator(onEveryRow: true);
        var marks = Marks(generator, 5 * Second, 3 * Second, 6 * Second, 6 * Second);
        Assert.Equal([Operator.NoWatermark, 5 * Second, 5 * Second, 6 * Second], marks);
    }

    /// <summary>A row of up to 1 ms after its watermark may still meet a window that has closed.</summary>
    [Fact]
    public void Where_no_row_is_behind_no_column_travels()
    {
        Assert.Empty(Marks(new WatermarkGenerator(onEveryRow: true), 1_000, 2_001, 3_002, 4_003));
    }

    [Fact]
    public void Any_cut_of_the_input_gives_the_same_watermarks()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var times = Enumerable.Range(0, 400).Select(_ => (long)random.Next(0, 3_000_000)).ToArray();
        var whole = Late(new WatermarkGenerator(onEveryRow: false), [times]);
        for (var trial = 0; trial < 20; trial++)
        {
            var cuts = new List<long[]>();
            for (var at = 0; at < times.Length;)
            {
                var length = Math.Min(random.Next(1, 60), times.Length - at);
                cuts.Add(times[at..(at + length)]);
                at += length;
            }

            Assert.True(whole.SequenceEqual(Late(new WatermarkGenerator(onEveryRow: false), cuts)), $"seed {seed}");
        }
    }

    /// <summary>For each row: its watermark where the row is at or behind it, else null.</summary>
    private static List<long?> Late(WatermarkGenerator generator, IEnumerable<long[]> batches)
    {
        var late = new List<long?>();
        foreach (var times in batches)
        {
            var marks = Marks(generator, times);
            for (var i = 0; i < times.Length; i++)
                late.Add(marks.Length > 0 && times[i] <= marks[i] ? marks[i] : null);
        }

        return late;
    }

    private static unsafe long[] Marks(WatermarkGenerator generator, params long[] times)
    {
        var memory = BatchMemory.Create();
        var column = Column.Allocate(PhysicalKind.Int64, times.Length, memory);
        times.CopyTo(new Span<long>(column.Values, times.Length));
        var batch = new Batch(memory, [column], times.Length);
        generator.Pass(batch, column, column);
        var marks = batch.RowWatermarks is null ? [] : new ReadOnlySpan<long>(batch.RowWatermarks, times.Length).ToArray();
        batch.Release();
        return marks;
    }
}
