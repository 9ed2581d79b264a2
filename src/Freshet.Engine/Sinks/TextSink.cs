using Freshet.Columns;
using Freshet.Columns.Formats;

namespace Freshet.Engine.Sinks;

/// <summary>Rows as lines of text into a file or onto the terminal. A file is written anew at each start: its rows are those of this run.</summary>
internal sealed class TextSink(IRowWriter writer, Stream stream, bool isTerminal) : IRowSink
{
    private readonly Utf8Buffer _buffer = new();
    private bool _started;

    public long LastStep => 0;

    public bool TakesChanges => false;

    public void Write(long step, IReadOnlyList<Batch> rows)
    {
        if (!_started) writer.WriteStart(_buffer);
        _started = true;
        foreach (var batch in rows) writer.WriteRows(batch, _buffer);
        stream.Write(_buffer.Written);
        _buffer.Clear();
        if (isTerminal) stream.Flush();
    }

    public void Dispose() => stream.Dispose();
}
