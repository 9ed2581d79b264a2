using System.Text.RegularExpressions;
using Freshet.Commands.Terminal;

namespace Freshet.Tests.Commands.Terminal;

public sealed class LineEditorTests
{
    private static readonly string[] Tables = ["orders", "order_lines", "people"];

    [Theory]
    [InlineData("SELECT 1;\r", "SELECT 1;")]
    [InlineData("SELECT\r1;\r", "SELECT\n1;")]
    [InlineData("SELECT 2\b1;\r", "SELECT 1;")]
    [InlineData("SELECT * FROM pe\t;\r", "SELECT * FROM people ;")]
    [InlineData("SELECT * FROM o\t;\r", "SELECT * FROM order;")]
    [InlineData("SELECT 1\u0003", "")]
    [InlineData("\u0004", null)]
    [InlineData("1;\u0001SELECT \u0005\r", "SELECT 1;")]
    [InlineData("old text\u0015SELECT 1;\r", "SELECT 1;")]
    public async Task Keys_become_a_statement(string keys, string? statement) => Assert.Equal(statement, (await TypeAsync(keys)).Statement);

    [Fact]
    public async Task A_second_tab_shows_what_could_follow() => Assert.Contains("order_lines  orders", (await TypeAsync("FROM o\t\t;\r")).Output, StringComparison.Ordinal);

    [Fact]
    public async Task A_text_over_the_width_is_drawn_over_rows_and_the_cursor_returns_over_them()
    {
        var (statement, output) = await TypeAsync(new string('x', 45) + ";\r");
        Assert.Equal(46, statement!.Length);
        // 10 cells of prompt and 46 of text are three rows of 20: the drawing after the last key goes two rows up first.
        Assert.Contains("\r\u001b[2A\u001b[J", output, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("\u001b\\[3A"), output);
    }

    private static async Task<(string? Statement, string Output)> TypeAsync(string keys)
    {
        var output = new StringWriter();
        var editor = new LineEditor(new Screen(output, () => 20), output, new LineHistory(null), text => text.EndsWith(';'), Complete);
        var queue = new Queue<char>(keys);
        var statement = await editor.ReadAsync("freshet > ", "        > ", _ => Task.FromResult(Key(queue.Dequeue())), TestContext.Current.CancellationToken);
        Assert.Empty(queue);
        return (statement, output.ToString());
    }

    private static Task<Completion> Complete(string text, int cursor, CancellationToken cancellation)
    {
        var start = text.LastIndexOf(' ', cursor - 1) + 1;
        return Task.FromResult(new Completion(cursor - start, [.. Tables.Where(t => t.StartsWith(text[start..cursor], StringComparison.Ordinal)).Order(StringComparer.Ordinal)]));
    }

    private static ConsoleKeyInfo Key(char c) => c switch
    {
        '\r' => new('\r', ConsoleKey.Enter, false, false, false),
        '\t' => new('\t', ConsoleKey.Tab, false, false, false),
        '\b' => new('\b', ConsoleKey.Backspace, false, false, false),
        < ' ' => new(c, ConsoleKey.A + (c - 1), false, false, true),
        _ => new(c, 0, false, false, false),
    };
}
