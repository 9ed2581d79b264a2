using System.Globalization;
using System.Text;

namespace Freshet.Commands.Terminal;

/// <summary>
/// Draws a <see cref="LineBuffer"/> under its prompt, again after each key: back to the first row of the last drawing, all of it
/// anew, the cursor to its place. One write for each drawing, so that nothing flickers.
/// </summary>
internal sealed class Screen(TextWriter output, Func<int> width)
{
    private const string ClearBelow = "\x1b[J";

    private int _cursorRow;

    /// <summary>The next drawing begins where the cursor stands.</summary>
    public void Begin() => _cursorRow = 0;

    public void Draw(string prompt, string continued, LineBuffer buffer)
    {
        var columns = Math.Max(width(), 20);
        var drawn = new StringBuilder(ToFirstRow()).Append(ClearBelow);
        var (row, cursorRow, cursorColumn, start) = (0, 0, 0, 0);
        var lines = buffer.Text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var head = i == 0 ? prompt : continued;
            drawn.Append(head).Append(lines[i]);
            var taken = Width(head) + Width(lines[i]);
            if (buffer.Cursor >= start && buffer.Cursor <= start + lines[i].Length)
            {
                var before = Width(head) + Width(lines[i].AsSpan(0, buffer.Cursor - start));
                (cursorRow, cursorColumn) = (row + before / columns, before % columns);
            }

            // A row that is just full has not yet moved the cursor on.
            if (taken > 0 && taken % columns == 0) drawn.Append(" \r");
            row += taken / columns;
            if (i < lines.Length - 1)
            {
                drawn.Append("\r\n");
                row++;
            }

            start += lines[i].Length + 1;
        }

        if (row > cursorRow) drawn.Append(CultureInfo.InvariantCulture, $"\x1b[{row - cursorRow}A");
        drawn.Append('\r');
        if (cursorColumn > 0) drawn.Append(CultureInfo.InvariantCulture, $"\x1b[{cursorColumn}C");
        _cursorRow = cursorRow;
        output.Write(drawn);
        output.Flush();
    }

    /// <summary>Draws with the cursor behind the text, and leaves the text on the screen.</summary>
    public void Finish(string prompt, string continued, string text)
    {
        var whole = new LineBuffer();
        whole.Set(text);
        Draw(prompt, continued, whole);
        output.Write("\r\n");
        output.Flush();
        Begin();
    }

    public void Clear()
    {
        output.Write("\x1b[2J\x1b[H");
        Begin();
    }

    /// <summary>Cells that a text takes: none for what stands on the letter before, two for a wide letter.</summary>
    public static int Width(ReadOnlySpan<char> text)
    {
        var cells = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.Control) continue;
            cells += rune.Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) ? 2 : 1;
        }

        return cells;
    }

    private string ToFirstRow() => _cursorRow > 0 ? $"\r\x1b[{_cursorRow}A" : "\r";
}
