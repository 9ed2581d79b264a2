using Freshet.Columns;
using Freshet.Columns.Formats;

namespace Freshet.Engine.Sinks;

/// <summary>Connector <c>print</c>: each row on the terminal, with its kind: +I added, -D taken back.</summary>
internal sealed class PrintSink(IRowWriter writer, TextWriter output) : IRowSink
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
                _buffer.Clear();
                writer.WriteRow(batch.Columns, row, _buffer);
                var line = System.Text.Encoding.UTF8.GetString(_buffer.Written).TrimEnd('\n');
                if (batch.WeightOf(row) < 0 && line.Contains("+I[", StringComparison.Ordinal)) line = line.Replace("+I[", "-D[", StringComparison.Ordinal);
                for (var n = 0L; n < Math.Abs(batch.WeightOf(row)); n++) output.WriteLine(line);
            }
        }

        output.Flush();
    }

    public void Dispose() => output.Flush();
}
