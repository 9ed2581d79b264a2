using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tests.Parsing;

public sealed class ErrorTests
{
    private static SqlException Refused(string sql) => Assert.Throws<SqlException>(() => SqlParser.ParseScript(new SourceText("a.sql", sql)));

    [Theory]
    [InlineData("SELEC 1", 1, 1, "Did you mean SELECT?")]
    [InlineData("SELECT 1\nFORM t", 2, 6, "Expected ';' or the end of the statement, found 't'. Did you mean FROM instead of 'FORM'?")]
    [InlineData("SELECT a FROM t WEHRE a > 1", 1, 23, "Did you mean WHERE instead of 'WEHRE'?")]
    [InlineData("SELECT CAST(a AS INTT) FROM t", 1, 18, "Did you mean INT?")]
    [InlineData("SELECT INTERVAL '1' HUOR", 1, 21, "Did you mean HOUR?")]
    [InlineData("SELECT 'abc", 1, 8, "This quote is not closed")]
    [InlineData("SELECT /* abc", 1, 8, "This comment is not ended")]
    [InlineData("SELECT \"a\"", 1, 8, "`name`")]
    [InlineData("SELECT x'abc'", 1, 8, "two hexadecimal digits")]
    [InlineData("SELECT a,, b", 1, 10, "Expected an expression, found ','.")]
    [InlineData("SELECT (1", 1, 10, "Expected ')', found the end of the text.")]
    [InlineData("CREATE TABLE t (a INT, a2 BIGNIT)", 1, 27, "Did you mean BIGINT?")]
    [InlineData("INSERT INTO t SELECT 1 ON CONFLICT DO UPDATE", 1, 39, "ERROR, NOTHING or DEDUPLICATE")]
    [InlineData("CREATE TABLE t (a INT) WITH (a = 'b')", 1, 30, "Expected an option's name in quotes")]
    [InlineData("SELECT * FROM t /*+ OPTIONS('a' 'b') */", 1, 33, "Expected ')', found 'b'.")]
    [InlineData("SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A{3,2}) DEFINE A AS TRUE)", 1, 44, "at least 3 and at most 2")]
    [InlineData("CREATE EVENT signup (a INT)", 1, 14, "an event's name in quotes")]
    [InlineData("CREATE EVENT 'a' (b INT CHECK (b > 0) NOT NULL)", 1, 39, "NOT NULL stands behind the type")]
    [InlineData("CREATE EVENT 'a' (b INT, b STRING)", 1, 26, "two properties named b")]
    [InlineData("CREATE EVENT 'a' (b INTT)", 1, 21, "Did you mean INT?")]
    [InlineData("CREATE IDENTIFIER email", 1, 24, "FROM with the places")]
    [InlineData("CREATE TRAIT t SELECT 1", 1, 16, "AS SELECT profile_id, value FROM ...")]
    [InlineData("CREATE SEGMENT s AS", 1, 20, "SELECT profile_id FROM ...")]
    [InlineData("SHOW SEGMENT", 1, 6, "SEGMENTS")]
    [InlineData("", 0, 0, "")]
    public void Errors_name_their_place_and_what_was_expected(string sql, int line, int column, string sentence)
    {
        if (line == 0)
        {
            Assert.Empty(SqlParser.ParseScript(new SourceText("a.sql", sql)));
            return;
        }

        var error = Refused(sql);
        Assert.Contains(sentence, error.Sentence, StringComparison.Ordinal);
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.StartsWith($"a.sql:{line}:{column}: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("NOT ", "TRUE", "")]
    [InlineData("-(", "1", ")")]
    [InlineData("CASE WHEN TRUE THEN ", "1", " END")]
    [InlineData("f(", "1", ")")]
    [InlineData("ARRAY[", "1", "]")]
    [InlineData("(SELECT ", "1", ")")]
    [InlineData("CAST(NULL AS ", "INT", ")")]
    [InlineData("1 IN (", "1", ")")]
    [InlineData("1 + (", "1", ")")]
    public void Deep_nesting_is_refused_and_exhausts_no_stack(string open, string middle, string close)
    {
        const int depth = 100_000;
        var sql = "SELECT " + string.Concat(Enumerable.Repeat(open, depth)) + middle + string.Concat(Enumerable.Repeat(close, depth));
        var error = Refused(sql);
        Assert.True(error.Sentence.Length > 0);
    }

    [Theory]
    [InlineData("SELECT 1", " + 1")]
    [InlineData("SELECT a", "[1]")]
    [InlineData("SELECT a", " IS NULL")]
    [InlineData("SELECT a", " = 1")]
    [InlineData("SELECT 1", " UNION ALL SELECT 1")]
    [InlineData("SELECT * FROM t", " JOIN t ON TRUE")]
    [InlineData("SELECT * FROM t", ", t")]
    [InlineData("", "EXPLAIN ")]
    [InlineData("SELECT CAST(NULL AS INT", " ARRAY")]
    public void Long_chains_are_refused_and_exhaust_no_stack(string start, string link) =>
        Assert.True(Refused(start + string.Concat(Enumerable.Repeat(link, 50_000))).Sentence.Length > 0);

    [Fact]
    public void A_thousand_conditions_are_no_deep_tree()
    {
        var sql = "SELECT * FROM t WHERE " + string.Join(" OR ", Enumerable.Range(0, 5000).Select(i => $"(a = {i} AND b = {i})"));
        Assert.Single(SqlParser.ParseScript(new SourceText("a.sql", sql)));
    }

    [Fact]
    public void Any_text_gives_a_tree_or_a_message()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        string[] words =
        [
            "SELECT", "FROM", "WHERE", "(", ")", ",", "a", "`b`", "1", "1.5", "'x'", "CASE", "WHEN", "THEN", "END", "CAST", "AS", "INT", "ROW", "<", ">", "[", "]", "INTERVAL", "DAY",
            "CREATE", "TABLE", "WITH", "=", "GROUP", "BY", "ORDER", "JOIN", "ON", "LATERAL", "UNNEST", "OVER", "PARTITION", "MATCH_RECOGNIZE", "PATTERN", "DEFINE", ".", "*", "NOT", "IN",
            "BETWEEN", "AND", "EXISTS", "INSERT", "INTO", "VALUES", "EXPLAIN", "SHOW", "ALTER", "ADD", "{", "}", "|", "?", "^", "$", "/*+", "*/", "=>", "TABLE(", "f(", "--", "\n", "U&'", ";",
        ];
        for (var i = 0; i < 20_000; i++)
        {
            var sql = string.Join(' ', Enumerable.Range(0, random.Next(1, 25)).Select(_ => words[random.Next(words.Length)]));
            try
            {
                SqlParser.ParseScript(new SourceText("random", sql));
            }
            catch (SqlException)
            {
                // The expected outcome of most texts.
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {sql}", e);
            }
        }
    }
}
