using Freshet.Testing.Scripts;

namespace Freshet.Testing.Tests.Scripts;

public sealed class ScriptRunnerTests
{
    private const string Head = """
        statement
        CREATE TABLE t (a INT, b STRING);
        CREATE MATERIALIZED VIEW v AS SELECT b, SUM(a) AS s FROM t GROUP BY b;

        insert t
        1, 'x'
        2, 'x'

        step


        """;

    [Fact]
    public void A_script_that_agrees_fails_in_no_mode() => Assert.Empty(ScriptRunner.Run("a.test", Head + "expect v\nx | 3\n\nchange v\nx | 3\n"));

    [Fact]
    public void A_wrong_row_is_shown_with_its_place_in_every_mode()
    {
        var failures = ScriptRunner.Run("a.test", Head + "expect v\nx | 4\n");
        Assert.Equal(Enum.GetValues<ScriptMode>(), failures.Select(f => f.Mode));
        Assert.All(failures, f => Assert.Equal(11, f.Line));
        Assert.Equal("v differs:\n  expected +1: x | 4\n  found    +1: x | 3", failures[0].Message);
    }

    [Fact]
    public void An_unknown_view_names_the_nearest() =>
        Assert.Contains("Did you mean v?", ScriptRunner.Run("a.test", Head + "expect w\n")[0].Message, StringComparison.Ordinal);

    [Fact]
    public void A_word_that_begins_no_block_is_refused() =>
        Assert.Contains("a.test:1: 'sttement' begins no block", Assert.Throws<TestScriptException>(() => ScriptRunner.Run("a.test", "sttement\nSELECT 1")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_row_with_too_few_values_is_refused() =>
        Assert.Contains("has 1 values, t takes 2: a, b", ScriptRunner.Run("a.test", Head + "insert t\n1\n\nstep\n")[0].Message, StringComparison.Ordinal);
}
