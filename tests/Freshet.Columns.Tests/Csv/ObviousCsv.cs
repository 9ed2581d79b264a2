using System.Text;
using Freshet.Columns.Csv;

namespace Freshet.Columns.Tests.Csv;

/// <summary>CSV read one character at a time: the definition that the vectors are held against.</summary>
internal static class ObviousCsv
{
    /// <summary>A field's text, or null where text follows a closing quote.</summary>
    internal static List<List<string?>> Read(string text, CsvOptions options, out bool lastIsOpen)
    {
        var records = new List<List<string?>>();
        lastIsOpen = false;
        var at = 0;
        while (at < text.Length)
        {
            if (options.AllowComments && text[at] == '#')
            {
                while (at < text.Length && text[at] != '\n') at++;
                at++;
                continue;
            }

            // A blank line is no record of a table with several columns.
            if (text[at] == '\n' || text.AsSpan(at).StartsWith("\r\n") || text.AsSpan(at).SequenceEqual("\r"))
            {
                at += text[at] == '\r' ? 2 : 1;
                lastIsOpen = false;
                continue;
            }

            var record = new List<string?>();
            records.Add(record);
            while (true)
            {
                record.Add(Field(text, options, ref at, out lastIsOpen));
                if (at >= text.Length) break;
                if (text[at++] == '\n') break;
            }
        }

        return records;
    }

    private static string? Field(string text, CsvOptions options, ref int at, out bool isOpen)
    {
        var field = new StringBuilder();
        isOpen = false;
        var isQuoted = options.Quote is not null && at < text.Length && text[at] == options.Quote;
        if (isQuoted)
        {
            at++;
            isOpen = true;
            while (at < text.Length)
            {
                if (text[at] == options.Escape && at + 1 < text.Length) field.Append(text[++at]);
                else if (text[at] == options.Quote)
                {
                    if (at + 1 < text.Length && text[at + 1] == options.Quote) field.Append(text[++at]);
                    else
                    {
                        isOpen = false;
                        at++;
                        break;
                    }
                }
                else field.Append(text[at]);

                at++;
            }
        }

        var start = at;
        while (at < text.Length && text[at] != options.Delimiter && text[at] != '\n')
        {
            if (text[at] == options.Escape && at + 1 < text.Length) at++;
            at++;
        }

        // The CR of a line end goes first, then escapes are resolved; an escape at the very end stands for itself.
        var tail = text[start..at];
        if ((at >= text.Length || text[at] == '\n') && tail.EndsWith('\r')) tail = tail[..^1];
        var rest = new StringBuilder();
        for (var i = 0; i < tail.Length; i++)
        {
            if (tail[i] == options.Escape && i + 1 < tail.Length) i++;
            rest.Append(tail[i]);
        }

        if (!isQuoted) return rest.ToString();
        return rest.ToString().Trim(' ').Length > 0 ? null : field.ToString();
    }
}
