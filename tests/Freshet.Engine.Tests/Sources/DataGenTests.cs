using Freshet.Engine.Queries;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Tests.Sources;

public sealed class DataGenTests
{
    [Fact]
    public void Sequences_count_and_random_values_keep_their_bounds()
    {
        var rows = Run("""
            CREATE TABLE t (id BIGINT, n INT, s STRING, d DOUBLE, a ARRAY<INT>, r ROW<x INT, y STRING>, twice AS id * 2) WITH ('connector' = 'datagen',
              'fields.id.kind' = 'sequence', 'fields.id.start' = '5', 'fields.id.end' = '20004', 'fields.n.min' = '3', 'fields.n.max' = '4', 'fields.s.length' = '7', 'fields.d.min' = '0', 'fields.d.max' = '1');
            CREATE TABLE p (a BIGINT, b BIGINT, c BIGINT, d INT, e INT, f INT, g INT, h BOOLEAN, i BIGINT) WITH ('connector' = 'print');
            INSERT INTO p SELECT COUNT(*), MIN(id), MAX(id), MIN(n), MAX(n), MIN(CHAR_LENGTH(s)), MAX(CARDINALITY(a)), MIN(d) >= 0 AND MAX(d) <= 1, MAX(twice) FROM t;
            """);
        Assert.Equal(["+I[20000, 5, 20004, 3, 4, 7, 3, true, 40008]"], rows);
    }

    [Fact]
    public void The_same_seed_makes_the_same_rows_and_another_seed_others()
    {
        string[] Rows(int seed) => Run($"CREATE TABLE t (n BIGINT, s STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '3', 'seed' = '{seed}'); CREATE TABLE p (n BIGINT, s STRING) WITH ('connector' = 'print'); INSERT INTO p SELECT n, s FROM t;");
        Assert.Equal(Rows(1), Rows(1));
        Assert.NotEqual(Rows(1), Rows(2));
        Assert.Equal(3, Rows(1).Length);
    }

    [Theory]
    [InlineData("'number-of-rows' = '3', 'rows' = '1'", "has no option 'rows'")]
    [InlineData("'number-of-rows' = '3', 'fields.m.min' = '1'", "there is no column m")]
    [InlineData("'number-of-rows' = '3', 'fields.n.mim' = '1'", "Did you mean min?")]
    [InlineData("'number-of-rows' = 'x'", "is no whole number")]
    [InlineData("'fields.n.min' = '1'", "give 'number-of-rows'")]
    public void A_wrong_option_is_refused(string options, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<SqlException>(() => Run($"CREATE TABLE t (n INT) WITH ('connector' = 'datagen', {options});")).Message, StringComparison.Ordinal);

    private static string[] Run(string sql)
    {
        var output = new StringWriter();
        var (run, _) = Script.Start([new SourceText("script", sql)], new PipelineOptions { Output = output, Workers = 1 });
        using (run) run.Complete();
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
