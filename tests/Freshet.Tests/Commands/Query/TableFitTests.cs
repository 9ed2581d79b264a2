using Freshet.Commands.Query;
using Freshet.Commands.Terminal;

namespace Freshet.Tests.Commands.Query;

public sealed class TableFitTests
{
    [Theory]
    [InlineData(new[] { 10, 20 }, 40, int.MaxValue)]
    [InlineData(new[] { 10, 24 }, 40, 23)]
    [InlineData(new[] { 3, 3, 100 }, 40, 24)]
    [InlineData(new[] { 30, 30, 30, 30 }, 40, 0)]
    [InlineData(new[] { 60, 60 }, 80, 36)]
    public void The_widest_columns_are_cut_until_all_fit(int[] widths, int terminal, int cells)
    {
        Assert.Equal(cells, TableFit.CellsOf(widths, terminal));
        if (cells is > 0 and < int.MaxValue) Assert.InRange(widths.Sum(w => Math.Min(w, cells) + 3) + 1, 1, terminal);
    }

    [Theory]
    [InlineData("short", 8, "short")]
    [InlineData("a longer text", 8, "a longe…")]
    [InlineData("雲雲雲雲雲雲", 8, "雲雲雲…")]
    public void A_text_is_cut_by_its_cells(string text, int cells, string expected) => Assert.Equal(expected, TableFit.Cut(text, cells));

    [Fact]
    public void A_pipe_gets_no_blanks_at_the_end_of_a_line()
    {
        using var text = new StringWriter { NewLine = "\n" };
        using (var writer = new UnpaddedWriter(text)) writer.Write("a  b   \n   \n c \r\nend");
        Assert.Equal("a  b\n\n c\r\nend", text.ToString());
    }
}
