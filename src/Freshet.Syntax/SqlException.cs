using Freshet.Syntax.Text;

namespace Freshet.Syntax;

/// <summary>
/// A statement cannot be read or planned: where, what was expected, and the nearest valid name.
/// <see cref="Exception.Message"/> is <c>file:line:column: sentence</c>.
/// </summary>
public sealed class SqlException : Exception
{
    public SqlException(SourceText source, TextSpan span, string sentence)
        : this(source, span, sentence, source.PlaceOf(span.Start))
    {
    }

    private SqlException(SourceText source, TextSpan span, string sentence, (int Line, int Column) place)
        : base($"{source.Name}:{place.Line}:{place.Column}: {sentence}")
    {
        Sentence = sentence;
        File = source.Name;
        Line = place.Line;
        Column = place.Column;
        Length = span.Length;
    }

    /// <summary>The message without its place.</summary>
    public string Sentence { get; }

    public string File { get; }

    public int Line { get; }

    public int Column { get; }

    /// <summary>Characters of the text that the message is about.</summary>
    public int Length { get; }
}
