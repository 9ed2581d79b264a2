namespace Freshet.Syntax.Text;

/// <summary>A piece of the statement's text.</summary>
public readonly record struct TextSpan(int Start, int Length)
{
    public int End => Start + Length;

    /// <summary>From the start of this piece to the end of the other.</summary>
    public TextSpan To(TextSpan end) => new(Start, Math.Max(Length, end.End - Start));
}

/// <summary>A SQL text with its name, which turns places into lines and columns.</summary>
public sealed class SourceText(string name, string text)
{
    /// <summary>File name, or what stands for one in messages.</summary>
    public string Name { get; } = name;

    public string Text { get; } = text;

    /// <summary>Line and column of a place, from 1; columns count UTF-16 units.</summary>
    public (int Line, int Column) PlaceOf(int position)
    {
        var line = 1;
        var lineStart = 0;
        for (var i = 0; i < Math.Min(position, Text.Length); i++)
        {
            if (Text[i] != '\n') continue;
            line++;
            lineStart = i + 1;
        }

        return (line, position - lineStart + 1);
    }

    /// <summary>A place as file:line:column.</summary>
    public string Describe(TextSpan span)
    {
        var (line, column) = PlaceOf(span.Start);
        return $"{Name}:{line}:{column}";
    }

    public string Slice(TextSpan span) => Text.Substring(span.Start, Math.Min(span.Length, Text.Length - span.Start));
}
