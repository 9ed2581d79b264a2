using System.Text;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Engine.Sinks;

namespace Freshet.Engine.Tests.Sinks;

/// <summary>Changes as lines of a file.</summary>
public sealed class ChangeSinkTests
{
    /// <summary>Who reads by key takes a delete for the end of the key's row, so that it may not come after the new row.</summary>
    [Fact]
    public void What_a_step_takes_back_is_written_before_what_it_adds()
    {
        using var stream = new MemoryStream();
        using var sink = new ChangeSink(new ChangeLineWriter(new Schema([new Field("n", SqlType.BigInt.NotNull)]), new ChangeFormat(ChangeEnvelope.OpField, "op"), JsonTimeFormat.Iso8601), stream);
        List<Batch> rows = [Rows((2, 1), (1, -1)), Rows((4, 2), (3, -1))];
        sink.Write(1, rows);
        foreach (var batch in rows) batch.Release();
        Assert.Equal(["1-D", "3-D", "2+I", "4+I", "4+I"], Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => $"{l[5]}{l[13..15]}"));
    }

    private static unsafe Batch Rows(params (long Value, long Weight)[] rows)
    {
        var memory = BatchMemory.Create();
        var column = Column.Allocate(PhysicalKind.Int64, rows.Length, memory);
        var weights = memory.Allocate<long>(rows.Length);
        for (var i = 0; i < rows.Length; i++) (column.As<long>()[i], weights[i]) = rows[i];
        return new Batch(memory, [column], rows.Length) { Weights = weights };
    }
}
