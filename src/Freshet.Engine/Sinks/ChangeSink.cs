using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;

namespace Freshet.Engine.Sinks;

/// <summary>Changes as JSON lines into a file, which is written anew at each start.</summary>
internal sealed class ChangeSink(ChangeLineWriter writer, Stream stream) : IRowSink
{
    private readonly Utf8Buffer _buffer = new();

    public long LastStep => 0;

    public bool TakesChanges => true;

    public void Write(long step, IReadOnlyList<Batch> rows)
    {
        foreach (var batch in rows)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                var weight = batch.WeightOf(row);
                for (var n = Math.Abs(weight); n > 0; n--) writer.WriteRow(batch.Columns, row, weight > 0, _buffer);
            }
        }

        stream.Write(_buffer.Written);
        _buffer.Clear();
    }

    public void Dispose() => stream.Dispose();
}
