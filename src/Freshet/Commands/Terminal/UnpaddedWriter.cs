using System.Text;

namespace Freshet.Commands.Terminal;

/// <summary>Drops blanks at the end of each line: what fills a column on a terminal is nothing to who reads a pipe.</summary>
internal sealed class UnpaddedWriter(TextWriter inner) : TextWriter
{
    private int _blanks;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        if (value == ' ')
        {
            _blanks++;
            return;
        }

        if (value is '\n' or '\r') _blanks = 0;
        for (; _blanks > 0; _blanks--) inner.Write(' ');
        inner.Write(value);
    }

    public override void Write(string? value)
    {
        foreach (var c in value ?? "") Write(c);
    }

    public override void Flush() => inner.Flush();
}
