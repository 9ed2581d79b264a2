using Freshet.Commands.Terminal;

namespace Freshet.Commands.Query;

/// <summary>
/// Makes a table fit the terminal: what is too wide is cut, the widest columns first, all of them to the same width. Where less than <see cref="CellsMin"/> would be
/// left of each it does not fit at all, and rows are better written as lines.
/// </summary>
internal static class TableFit
{
    public const int CellsMin = 8;

    /// <summary>A column's border and the blanks beside its text.</summary>
    private const int Frame = 3;

    /// <summary>The most cells of a column so that all fit: int.MaxValue where nothing is cut, 0 where they do not fit.</summary>
    public static int CellsOf(IReadOnlyList<int> widths, int terminal)
    {
        var room = terminal - 1 - Frame * widths.Count;
        if (widths.Sum() <= room) return int.MaxValue;
        // The narrow ones leave what they do not need to the others.
        var left = widths.Count;
        foreach (var width in widths.Order())
        {
            var share = room / left;
            if (width > share) return share < CellsMin ? 0 : share;
            room -= width;
            left--;
        }

        return int.MaxValue;
    }

    /// <summary>The text in so many cells, with a mark where it is cut.</summary>
    public static string Cut(string text, int cells)
    {
        if (cells == int.MaxValue || Screen.Width(text) <= cells) return text;
        var taken = 0;
        var end = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var width = Screen.Width(rune.ToString());
            if (taken + width > cells - 1) break;
            taken += width;
            end += rune.Utf16SequenceLength;
        }

        return text[..end] + "…";
    }
}
