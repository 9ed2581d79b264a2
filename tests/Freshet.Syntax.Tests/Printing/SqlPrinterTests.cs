using System.Collections.Immutable;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Printing;
using Freshet.Syntax.Tests.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Tests.Printing;

public sealed class SqlPrinterTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("a + b * c", "`a` + `b` * `c`")]
    [InlineData("(a + b) * c", "(`a` + `b`) * `c`")]
    [InlineData("a - (b - c) - d", "`a` - (`b` - `c`) - `d`")]
    [InlineData("- - 1", "-(-1)")]
    [InlineData("a and (b or not c) and d", "`a` AND (`b` OR NOT `c`) AND `d`")]
    [InlineData("a = b in (1, 2)", "`a` = `b` IN (1, 2)")]
    [InlineData("(a = b) in (true, false)", "(`a` = `b`) IN (TRUE, FALSE)")]
    [InlineData("a || b + c", "`a` || `b` + `c`")]
    [InlineData("a || (b + c)", "`a` || (`b` + `c`)")]
    [InlineData("a between b and c + 1 and d", "`a` BETWEEN `b` AND `c` + 1 AND `d`")]
    [InlineData("(r).f[1].g", "(`r`).`f`[1].`g`")]
    [InlineData("a is not distinct from b + 1", "`a` IS NOT DISTINCT FROM (`b` + 1)")]
    [InlineData("trim(both 'x' from s)", "TRIM(BOTH 'x' FROM `s`)")]
    [InlineData("position('a' in s || 'b')", "POSITION(('a') IN `s` || 'b')")]
    [InlineData("json_value(j, '$.a' returning int default 1 on empty error on error)", "JSON_VALUE(`j`, '$.a' RETURNING INT DEFAULT 1 ON EMPTY ERROR ON ERROR)")]
    [InlineData("sum(distinct x) filter (where y > 0) over (partition by a order by b desc rows between 2 preceding and current row)", "SUM(DISTINCT `x`) FILTER (WHERE `y` > 0) OVER (PARTITION BY `a` ORDER BY `b` DESC ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)")]
    [InlineData("a > all (select b from t)", "`a` > ALL (SELECT `b` FROM `t`)")]
    [InlineData("'it''s' || U&'\\0041'", "'it''s' || 'A'")]
    public void Expressions_keep_their_structure(string sql, string text)
    {
        var tree = SqlParser.ParseExpression(new SourceText("text", sql));
        Assert.Equal(text, SqlPrinter.Print(tree));
        Assert.Equal(TreeText.Of(tree), TreeText.Of(SqlParser.ParseExpression(new SourceText("printed", text))));
    }

    [Theory]
    [InlineData("select * from t match_recognize (partition by a order by ts measures last(b.x) as y after match skip to first b pattern (a (b | c)+? {- d -} e{2,3}) within interval '1' hour define b as b.x > prev(b.x, 1)) as m")]
    [InlineData("select a, sum(b) from t group by grouping sets ((a, b), rollup(c), ()), d having count(*) > 1 order by 1 desc nulls last limit 3 offset 2")]
    [InlineData("select a from t window w as (partition by b), v as (w order by c) qualify row_number() over v = 1")]
    [InlineData("select * from a join b for system_time as of a.ts as c on a.x = c.x, lateral table(f(y => 1)) as g(z) left join unnest(a.l) with ordinality as u(e, n) on true")]
    [InlineData("select * from table(session(data => table t partition by a, b => descriptor(ts), gap => interval '5' minute))")]
    [InlineData("with recursive r(n) as (values (1), (2)) select /*+ STATE_TTL('r' = '1d'), BROADCAST(a, b) */ distinct * from r /*+ OPTIONS('k' = 'v') */ union all (select 1 order by 1) intersect select 2")]
    [InlineData("create temporary table if not exists t (a int not null comment 'x', b as a + 1, c string metadata from 'k' virtual, watermark for d as d - interval '1' second, primary key (a) not enforced) comment 'c' distributed by hash(a) into 4 buckets partitioned by (a) with ('x' = 'y') like u (including all excluding options)")]
    [InlineData("execute statement set begin insert into a select 1; insert overwrite b partition (x = 1, y) (p, q) select 2 on conflict do nothing; end")]
    [InlineData("explain changelog_mode, estimated_cost insert into a values (1, 'x'), (2, null)")]
    [InlineData("explain v")]
    [InlineData("explain watermark for v")]
    [InlineData("show columns from a.b not like '%x'")]
    [InlineData("subscribe to select * from v where a > 1")]
    [InlineData("create function f as 'A.B' language csharp using artifact 'x.dll'")]
    [InlineData("update t set a = a + 1, b = default_b where c is not null")]
    [InlineData("alter table t add (x int first, primary key (a) not enforced)")]
    [InlineData("create identifier if not exists email comment 'mail' from traits['email'], context['traits']['email'] with ('priority' = '2')")]
    [InlineData("create identifier user_id with ('limit' = '2')")]
    [InlineData("create trait orders as select profile_id, count(*) from order_completed group by profile_id")]
    [InlineData("create segment if not exists s comment 'c' with ('consent' = 'advertising') as select profile_id from orders where orders > 3")]
    [InlineData("create event 'Order''s Completed' (revenue decimal(12, 2) not null check (revenue >= 0) check (revenue < 10) comment 'x', `check` string, products array<row<id string, price double>>, constraint c check (revenue > 1 or `check` is null)) comment 'd' with ('on.violation' = 'warn')")]
    [InlineData("create event 'Signed Up'")]
    [InlineData("drop event if exists 'Signed Up'")]
    [InlineData("drop segment s")]
    [InlineData("describe event 'Signed Up'")]
    [InlineData("describe trait orders")]
    [InlineData("show create event 'Signed Up'")]
    [InlineData("show segments like 'a%'")]
    public void Statements_keep_their_structure(string sql) => CheckFixpoint(SqlParser.ParseScript(new SourceText("text", sql)));

    [Fact]
    public void Every_text_of_the_corpus_that_is_read_can_be_printed_and_read_again()
    {
        var count = 0;
        foreach (var c in ParseCorpus.Planner().Concat(ParseCorpus.Parser()).Where(c => c.Accept))
        {
            if (c.Parse(out _) is not ImmutableArray<Statement> statements) continue;
            CheckFixpoint(statements);
            count++;
        }

        output.WriteLine($"{count} texts");
        Assert.True(count > 2000);
    }

    private static void CheckFixpoint(ImmutableArray<Statement> statements)
    {
        foreach (var statement in statements)
        {
            var text = SqlPrinter.Print(statement);
            Statement again;
            try
            {
                again = SqlParser.ParseOne(new SourceText("printed", text));
            }
            catch (SqlException e)
            {
                throw new InvalidOperationException($"{e.Message}\n{text}", e);
            }

            Assert.Equal(text, SqlPrinter.Print(again));
            Assert.Equal(TreeText.Of(statement), TreeText.Of(again));
        }
    }
}
