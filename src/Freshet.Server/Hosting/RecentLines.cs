using System.Text;

namespace Freshet.Server.Hosting;

/// <summary>What the program prints, passed on as it is, and its last lines kept for /api/logs. Any thread.</summary>
internal sealed class RecentLines(TextWriter inner) : TextWriter
{
    private const int LinesMax = 500;
    private const int LineCharsMax = 2000;

    private readonly Lock _gate = new();
    private readonly Queue<(DateTimeOffset At, string Text)> _lines = new();
    private readonly StringBuilder _open = new();

    public override Encoding Encoding => inner.Encoding;

    public IReadOnlyList<(DateTimeOffset At, string Text)> Lines
    {
        get
        {
            lock (_gate) return [.. _lines];
        }
    }

    public override void Write(char value)
    {
        lock (_gate)
        {
            inner.Write(value);
            Keep(value);
        }
    }

    public override void Write(string? value)
    {
        lock (_gate)
        {
            inner.Write(value);
            foreach (var c in value ?? "") Keep(c);
        }
    }

    public override void WriteLine(string? value)
    {
        lock (_gate)
        {
            inner.WriteLine(value);
            foreach (var c in value ?? "") Keep(c);
            Keep('\n');
        }
    }

    public override void Flush() => inner.Flush();

    private void Keep(char c)
    {
        if (c == '\r') return;
        if (c != '\n')
        {
            if (_open.Length < LineCharsMax) _open.Append(c);
            return;
        }

        _lines.Enqueue((DateTimeOffset.UtcNow, _open.ToString()));
        _open.Clear();
        if (_lines.Count > LinesMax) _lines.Dequeue();
    }
}
