using Freshet.Columns;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;
using Freshet.Testing.Scripts;

namespace Freshet.Testing.Tests.Naive;

/// <summary>The engine against the slow obvious evaluation, over random rows that come and go.</summary>
public sealed class NaiveEvaluatorTests
{
    private const string Tables = "CREATE TABLE a (k INT, s STRING, x INT, d DECIMAL(10, 2)); CREATE TABLE b (k INT, y INT);";

    [Theory]
    [InlineData("SELECT k, s, x + 1 AS z FROM a WHERE x > 2 OR s = 'u'")]
    [InlineData("SELECT DISTINCT k, s FROM a")]
    [InlineData("SELECT k, COUNT(*) AS n, COUNT(s) AS c, SUM(x) AS t, MIN(s) AS l, MAX(x) AS m, SUM(d) AS d FROM a GROUP BY k")]
    [InlineData("SELECT COUNT(DISTINCT s) AS c, AVG(x) AS m, COUNT(*) FILTER (WHERE x > 1) AS f FROM a")]
    [InlineData("SELECT k, SUM(x) AS t FROM a GROUP BY k HAVING COUNT(*) > 1")]
    [InlineData("SELECT a.k, s, y FROM a JOIN b ON a.k = b.k")]
    [InlineData("SELECT a.k, s, y FROM a JOIN b ON a.k = b.k AND x < y")]
    [InlineData("SELECT a.k, s, y FROM a LEFT JOIN b ON a.k = b.k")]
    [InlineData("SELECT a.k, s, b.k AS bk, y FROM a RIGHT JOIN b ON a.k = b.k AND x < y")]
    [InlineData("SELECT a.k, s, b.k AS bk, y FROM a FULL JOIN b ON a.k = b.k AND y > 2 AND x > 1")]
    [InlineData("SELECT a.k, s, b.k AS bk, y FROM a LEFT JOIN b ON a.k + 1 = b.y AND x < b.k")]
    [InlineData("SELECT a.k, b.k AS bk, y FROM a FULL JOIN b ON a.k IS NOT DISTINCT FROM b.k")]
    [InlineData("SELECT a.k, b.k AS bk FROM a JOIN b ON a.x < b.y")]
    [InlineData("SELECT a.k, b.k AS bk FROM a FULL JOIN b ON a.x < b.y")]
    [InlineData("SELECT k, s, y FROM a FULL JOIN b USING (k)")]
    [InlineData("SELECT * FROM a NATURAL LEFT JOIN b")]
    [InlineData("SELECT a.k, b.y, c.y AS z FROM a, b, b AS c WHERE c.k = a.x AND b.k = c.y AND a.x > 1")]
    [InlineData("SELECT a.k, s, b.y, c.y AS z FROM a JOIN b ON a.k = b.k JOIN b AS c ON c.k = b.k")]
    [InlineData("SELECT a.k, a.s, b.y, c.x AS z, d.y AS w FROM a JOIN b ON a.k = b.k JOIN a AS c ON c.k = a.k JOIN b AS d ON d.k = c.k")]
    [InlineData("SELECT a.k, s, b.y, c.y AS z FROM a JOIN b ON a.k = b.k JOIN b AS c ON c.k = b.y")]
    [InlineData("SELECT a.k, a.s, c.s AS z FROM a JOIN b ON a.k = b.k AND a.x = b.y JOIN a AS c ON c.k = b.k AND c.x = a.x")]
    [InlineData("SELECT a.k, a.s, c.s AS z FROM a JOIN b ON a.k = b.k AND a.x = b.y JOIN a AS c ON c.k = b.y AND c.x = a.k")]
    [InlineData("SELECT k, x FROM a UNION ALL SELECT k, y FROM b")]
    [InlineData("SELECT k, x FROM a UNION SELECT k, y FROM b")]
    [InlineData("SELECT k, x FROM a WHERE k IN (SELECT k FROM b WHERE y > 1)")]
    [InlineData("SELECT k, x FROM a WHERE k NOT IN (SELECT k FROM b WHERE y > 2)")]
    [InlineData("SELECT k, x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.y > a.x)")]
    [InlineData("SELECT k, x FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.y > a.x)")]
    [InlineData("SELECT k, x FROM a WHERE k IN (SELECT k FROM b) OR x > 2")]
    [InlineData("SELECT k, x, k NOT IN (SELECT k FROM b WHERE b.y > a.x) AS n FROM a")]
    [InlineData("SELECT k, x FROM a WHERE x > (SELECT AVG(y) FROM b)")]
    [InlineData("SELECT a.k, x, y FROM a, LATERAL (SELECT y FROM b WHERE b.k = a.k AND y > a.x) AS q")]
    [InlineData("SELECT a.k, x, n, t FROM a, LATERAL (SELECT COUNT(*) AS n, SUM(y) AS t FROM b WHERE b.k = a.k) AS q")]
    [InlineData("SELECT a.k, x, z FROM a LEFT JOIN LATERAL (SELECT y + x AS z FROM b WHERE b.k = a.k) AS q ON z > 3")]
    [InlineData("SELECT a.k, x, y, n FROM a, LATERAL (SELECT y, COUNT(*) AS n FROM b WHERE y < a.x GROUP BY y) AS q")]
    [InlineData("SELECT k, x, (SELECT COUNT(*) FROM b WHERE b.y < a.x) AS n FROM a")]
    [InlineData("SELECT k, x FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.y IN (SELECT c.x FROM a AS c WHERE c.k = b.k))")]
    [InlineData("SELECT k, x FROM a WHERE x IN (SELECT MAX(y) FROM b WHERE b.k = a.k) OR k IS NULL")]
    [InlineData("SELECT k, x, (SELECT COUNT(*) FROM b WHERE b.k = a.k) AS n FROM a")]
    [InlineData("SELECT k, x, (SELECT SUM(y) + 1 FROM b WHERE b.y < a.x) AS n FROM a")]
    [InlineData("SELECT k, SUM(x) AS t FROM a GROUP BY k HAVING SUM(x) > (SELECT SUM(y) FROM b WHERE b.k = a.k)")]
    [InlineData("SELECT k, x FROM a WHERE x > ALL (SELECT y FROM b WHERE b.k = a.k)")]
    [InlineData("SELECT k, x FROM a WHERE (k, x) NOT IN (SELECT k, y FROM b)")]
    [InlineData("SELECT k, x FROM a INTERSECT SELECT k, y FROM b")]
    [InlineData("SELECT k FROM a INTERSECT ALL SELECT k FROM b")]
    [InlineData("SELECT k FROM a EXCEPT SELECT y FROM b WHERE y > 1")]
    [InlineData("SELECT k FROM a EXCEPT ALL SELECT k FROM b")]
    [InlineData("SELECT n, COUNT(*) AS keys FROM (SELECT k, COUNT(*) AS n FROM a GROUP BY k) GROUP BY n")]
    [InlineData("SELECT y, SUM(t) AS t FROM b JOIN (SELECT k, SUM(x) AS t FROM a GROUP BY k) AS q ON b.k = q.k GROUP BY y")]
    [InlineData("SELECT k, 10 / x AS q FROM a")]
    [InlineData("SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY x DESC, s) AS n FROM a) WHERE n <= 2")]
    [InlineData("SELECT k, s FROM (SELECT *, RANK() OVER (PARTITION BY k ORDER BY x) AS n FROM a) WHERE n = 1 AND k > 1")]
    [InlineData("SELECT * FROM (SELECT k, x, DENSE_RANK() OVER (PARTITION BY s ORDER BY x NULLS LAST) AS n FROM a) WHERE n BETWEEN 2 AND 3")]
    [InlineData("SELECT *, SUM(x) OVER (PARTITION BY k ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS t, COUNT(*) OVER (PARTITION BY k) AS n FROM a")]
    [InlineData("SELECT k, x, MIN(s) OVER w AS m, MAX(x) OVER w AS n, AVG(x) OVER w AS v FROM a WINDOW w AS (PARTITION BY k ORDER BY x DESC)")]
    [InlineData("SELECT s, x, COUNT(DISTINCT k) OVER (PARTITION BY s ORDER BY x, d ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS c FROM a")]
    [InlineData("SELECT s, x, SUM(k) OVER (PARTITION BY s ORDER BY x RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS c FROM a")]
    [InlineData("SELECT s, x, ROW_NUMBER() OVER w AS a, RANK() OVER w AS b, DENSE_RANK() OVER w AS c, PERCENT_RANK() OVER w AS d, CUME_DIST() OVER w AS e FROM a WINDOW w AS (PARTITION BY s ORDER BY x)")]
    [InlineData("SELECT k, d, LAG(x) OVER w AS a, LEAD(x, 2, 9) OVER w AS b, FIRST_VALUE(x) OVER w AS c, LAST_VALUE(x) OVER w AS e FROM a WINDOW w AS (PARTITION BY k ORDER BY d, x, s)")]
    [InlineData("SELECT k, SUM(t) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM (SELECT k, SUM(x) AS t FROM a GROUP BY k)")]
    [InlineData("SELECT k, COUNT(*) AS c FROM (SELECT * FROM a ORDER BY x DESC LIMIT 3) GROUP BY k")]
    [InlineData("SELECT k, s, SUM(x) AS t FROM a GROUP BY k, s QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY SUM(x) DESC) = 1")]
    public void Views_hold_what_the_slow_evaluation_gives(string query)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var sql = $"{Tables} CREATE MATERIALIZED VIEW v AS {query};";
        var binder = new ScriptBinder(isBounded: false) { LoadFunction = (create, source) => Engine.Functions.FunctionLoader.Load(create, source, ".") };
        foreach (var statement in SqlParser.ParseScript(new SourceText("naive", sql))) binder.Execute(statement, new SourceText("naive", sql));
        var plan = binder.MaterializedViews[0].Plan;
        Assert.True(NaiveEvaluator.Knows(plan), plan.Text);
        var inserted = new Dictionary<string, List<string>> { ["a"] = [], ["b"] = [] };
        using var pipeline = new TestPipeline(workers: random.Next(1, 4), changing: inserted.Keys);
        pipeline.Declare("naive", sql);
        var seen = 0;
        for (var step = 0; step < 12 || (seen == 0 && step < 200); step++)
        {
            foreach (var (table, rows) in inserted) pipeline.Insert(table, Change(random, table, rows));
            pipeline.Step();
            var evaluator = new NaiveEvaluator(scan => inserted[scan.Table.Name].Select(r => (RowOf(binder, scan.Table, r), 1L)));
            var expected = evaluator.Evaluate(plan).Values.Select(r => $"{r.Weight}: {NaiveEvaluator.Text(plan.Schema, r.Row)}").Order(StringComparer.Ordinal);
            var actual = pipeline.Rows("v").Select(r => $"{r.Value}: {r.Key}").Order(StringComparer.Ordinal);
            seen += pipeline.Rows("v").Count;
            Assert.True(expected.SequenceEqual(actual), $"seed {seed}, step {step}, {query}\nnaive:\n{string.Join('\n', expected)}\nengine:\n{string.Join('\n', actual)}");
        }

        Assert.True(seen > 0, $"seed {seed}: no step gave a row");
    }

    public static TheoryData<string> Files => SqlScriptTests.Files;

    /// <summary>Rows after every check of the scripts whose views this evaluator knows; windows are not among them.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Scripts_say_what_the_slow_evaluation_gives(string file)
    {
        var script = TestScript.Parse(file, File.ReadAllText(Path.Combine(SqlScriptTests.Root, file)));
        var binder = new ScriptBinder(isBounded: false) { LoadFunction = (create, source) => Engine.Functions.FunctionLoader.Load(create, source, ".") };
        var inserted = new Dictionary<string, List<(NaiveRow, long)>>();
        foreach (var block in script.Blocks)
        {
            if (block.Kind == BlockKind.Statement) binder.Execute(new SourceText(file, block.Text));
            if (block.Kind == BlockKind.Insert)
            {
                var rows = block.Lines.Select(ScriptRun.Row).Select(r => (RowOf(binder, binder.Tables[block.Argument], r.Values), r.Weight));
                inserted[block.Argument] = [.. inserted.GetValueOrDefault(block.Argument) ?? [], .. rows];
            }

            // Where nothing is taken back ties go by position, which this evaluator does not know.
            if (binder.MaterializedViews.Any(v => OrdersByPosition(v.Plan)) && !inserted.Values.SelectMany(r => r).Any(r => r.Item2 < 0)) return;
            if (block.Kind != BlockKind.Expect || binder.MaterializedViews.FirstOrDefault(v => v.Name == block.Argument) is not { } view || !NaiveEvaluator.Knows(view.Plan)) continue;
            var evaluator = new NaiveEvaluator(scan => inserted.GetValueOrDefault(scan.Table.Name) ?? []);
            var rowsNow = evaluator.Evaluate(view.Plan).Values.ToDictionary(r => NaiveEvaluator.Text(view.Plan.Schema, r.Row), r => r.Weight);
            Assert.Null(ScriptRun.Compare(block, rowsNow));
        }
    }

    private static bool OrdersByPosition(PlanNode plan) => plan.OrdersByPosition || plan.Inputs.Any(OrdersByPosition);

    /// <summary>
    /// Some new rows, and some of the old ones back, now and then all of them: a table that only grows soon has a NULL for good, and
    /// a NOT IN over it never a row.
    /// </summary>
    private static List<(string Values, long Weight)> Change(Random random, string table, List<string> rows)
    {
        var change = new List<(string, long)>();
        for (var i = random.Next(6) == 0 ? rows.Count : random.Next(4); i > 0 && rows.Count > 0; i--)
        {
            var at = random.Next(rows.Count);
            change.Add((rows[at], -1));
            rows.RemoveAt(at);
        }

        for (var i = random.Next(6); i > 0; i--)
        {
            string Small() => random.Next(5) == 0 ? "NULL" : random.Next(4).ToString(System.Globalization.CultureInfo.InvariantCulture);
            string[] texts = ["'u'", "'vv'", "'a text that is longer than twelve bytes'", "NULL"];
            var row = table == "a" ? $"{Small()}, {texts[random.Next(texts.Length)]}, {Small()}, {Small()}" : $"{Small()}, {Small()}";
            rows.Add(row);
            change.Add((row, 1));
        }

        return change;
    }

    private static NaiveRow RowOf(ScriptBinder binder, TableDefinition table, string values)
    {
        var row = ((ValuesBody)((Select)SqlParser.ParseOne(new SourceText("row", $"VALUES ({values})"))).Query.Body).Rows[0];
        var body = new ValuesBody([[.. row.Select((e, i) => (Expression)new Cast(e, table.Schema[i], false, default))]], default);
        var plan = (Values)binder.BindQuery(new Query([], body, [], null, null, default), new SourceText("row", ""));
        return NaiveEvaluator.Compute(plan.Rows[0], new Schema([]), new NaiveRow([]))!;
    }
}
