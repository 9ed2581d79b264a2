using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;

namespace Freshet.Engine.Sinks;

/// <summary>
/// Changes as JSON lines into a file, which is written anew at each start. What a step takes back comes before what it adds:
/// whoever reads by key would else take the end of an old row for that of the new one.
/// </summary>
internal sealed class ChangeSink(ChangeLineWriter writer, Stream stream) : IRowSink
{
    private readonly Utf8Buffer _buffer = new();

    public long LastStep => 0;

    public bool TakesChanges => true;

    public void Write(long step, IReadOnlyList<Batch> rows)
    {
        Write(rows, isAdded: false);
        Write(rows, isAdded: true);
        stream.Write(_buffer.Written);
        _buffer.Clear();
    }

    public void Dispose() => stream.Dispose();

    private void Write(IReadOnlyList<Batch> rows, bool isAdded)
    {
        foreach (var batch in rows)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                var weight = batch.WeightOf(row);
                if (weight > 0 != isAdded) continue;
                for (var n = Math.Abs(weight); n > 0; n--) writer.WriteRow(batch.Columns, row, isAdded, _buffer);
            }
        }
    }
}
