namespace Freshet.Columns.Csv;

/// <summary>
/// How CSV is written, as Flink's <c>csv.*</c> options, plus <c>csv.ignore-first-line</c>. All marks are single ASCII characters.
/// </summary>
/// <param name="Delimiter"><c>csv.field-delimiter</c></param>
/// <param name="Quote"><c>csv.quote-character</c>; null: <c>csv.disable-quote-character</c></param>
/// <param name="Escape"><c>csv.escape-character</c>; a doubled quote always stands for a quote.</param>
/// <param name="NullLiteral"><c>csv.null-literal</c></param>
/// <param name="ArrayElementDelimiter"><c>csv.array-element-delimiter</c></param>
/// <param name="IgnoreParseErrors"><c>csv.ignore-parse-errors</c>: wrong values are NULL, wrong lines left out.</param>
/// <param name="IgnoreFirstLine"><c>csv.ignore-first-line</c></param>
/// <param name="AllowComments"><c>csv.allow-comments</c>: lines that begin with # are left out.</param>
/// <param name="Zone">The zone of times without one that become TIMESTAMP_LTZ; UTC by default.</param>
public sealed record CsvOptions(
    char Delimiter = ',',
    char? Quote = '"',
    char? Escape = null,
    string? NullLiteral = null,
    string ArrayElementDelimiter = ";",
    bool IgnoreParseErrors = false,
    bool IgnoreFirstLine = false,
    bool AllowComments = false,
    TimeZoneInfo? Zone = null)
{
    /// <summary>Why these options cannot be, or null.</summary>
    public string? Validate()
    {
        if (!IsMark(Delimiter)) return "'csv.field-delimiter' must be one ASCII character that is not a line break.";
        if (Quote is { } quote && (!IsMark(quote) || quote == Delimiter)) return "'csv.quote-character' must be one ASCII character other than the delimiter.";
        if (Escape is { } escape && (!IsMark(escape) || escape == Delimiter || escape == Quote)) return "'csv.escape-character' must be one ASCII character other than the delimiter and the quote.";
        return ArrayElementDelimiter.Length == 0 ? "'csv.array-element-delimiter' must not be empty." : null;
    }

    private static bool IsMark(char c) => c is > '\0' and < '\u0080' and not ('\n' or '\r');
}
