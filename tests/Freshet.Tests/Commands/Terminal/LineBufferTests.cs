using Freshet.Commands.Terminal;

namespace Freshet.Tests.Commands.Terminal;

public sealed class LineBufferTests
{
    [Fact]
    public void Text_is_written_and_erased_at_the_cursor()
    {
        var buffer = new LineBuffer();
        buffer.Insert("SELECT a FROM t");
        buffer.WordLeft();
        buffer.WordLeft();
        buffer.Insert("b, ");
        Assert.Equal("SELECT a b, FROM t", buffer.Text);
        buffer.EraseWord();
        Assert.Equal("SELECT a FROM t", buffer.Text);
        buffer.EraseToEnd();
        Assert.Equal("SELECT a ", buffer.Text);
        buffer.Home();
        buffer.Delete();
        Assert.Equal("ELECT a ", buffer.Text);
        buffer.Backspace();
        Assert.Equal("ELECT a ", buffer.Text);
    }

    [Fact]
    public void A_letter_of_two_characters_is_one_step_and_one_erasure()
    {
        var buffer = new LineBuffer();
        buffer.Insert("a\U0001F600b");
        buffer.Left();
        buffer.Left();
        Assert.Equal(1, buffer.Cursor);
        buffer.Right();
        buffer.Backspace();
        Assert.Equal("ab", buffer.Text);
    }

    [Fact]
    public void Up_and_down_go_between_lines_and_keep_the_column_where_the_line_is_long_enough()
    {
        var buffer = new LineBuffer();
        buffer.Insert("SELECT *\nFROM\nevents_of_today");
        Assert.True(buffer.Up());
        Assert.Equal("SELECT *\nFROM".Length, buffer.Cursor);
        Assert.True(buffer.Up());
        Assert.Equal(4, buffer.Cursor);
        Assert.False(buffer.Up());
        Assert.True(buffer.Down());
        Assert.True(buffer.Down());
        Assert.False(buffer.Down());
    }
}
