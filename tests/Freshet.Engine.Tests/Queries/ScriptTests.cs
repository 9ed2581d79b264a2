using System.Text;
using Freshet.Columns.Formats;
using Freshet.Engine.Queries;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Tests.Queries;

/// <summary>Small scripts to their end, result compared as text.</summary>
public sealed class ScriptTests
{
    private const string Orders = """
        CREATE VIEW orders (id, customer, amount, placed) AS VALUES
          (1, 'ann', CAST(10.50 AS DECIMAL(10, 2)), TIMESTAMP '2026-01-01 10:00:00'),
          (2, 'bob', CAST(20.25 AS DECIMAL(10, 2)), TIMESTAMP '2026-01-01 10:00:30'),
          (3, 'ann', CAST(5.00 AS DECIMAL(10, 2)), TIMESTAMP '2026-01-01 10:01:10'),
          (4, 'cid', CAST(NULL AS DECIMAL(10, 2)), TIMESTAMP '2026-01-01 10:02:00');

        """;

    [Theory]
    [InlineData("SELECT id, amount * 2 FROM orders WHERE customer = 'ann'", "1|21.00\n3|10.00")]
    [InlineData("SELECT customer, COUNT(*), SUM(amount), MIN(id), MAX(id) FROM orders GROUP BY customer", "ann|2|15.50|1|3\nbob|1|20.25|2|2\ncid|1|NULL|4|4")]
    [InlineData("SELECT COUNT(*), COUNT(amount), COUNT(DISTINCT customer), SUM(amount) FROM orders", "4|3|3|35.75")]
    [InlineData("SELECT customer, SUM(amount) AS s FROM orders GROUP BY customer HAVING COUNT(*) > 1", "ann|15.50")]
    [InlineData("SELECT id FROM orders ORDER BY amount DESC NULLS LAST LIMIT 2", "2\n1")]
    [InlineData("SELECT a.id, b.id FROM orders a JOIN orders b ON a.customer = b.customer AND a.id < b.id", "1|3")]
    [InlineData("SELECT a.customer, b.id FROM orders a LEFT JOIN (SELECT * FROM orders WHERE amount > 15) b ON a.id = b.id", "ann|NULL\nann|NULL\nbob|2\ncid|NULL")]
    [InlineData("SELECT id FROM orders WHERE id <= 2 UNION ALL SELECT id FROM orders WHERE id >= 2 ORDER BY id", "1\n2\n2\n3\n4")]
    [InlineData("SELECT DISTINCT customer FROM orders", "ann\nbob\ncid")]
    [InlineData("SELECT CASE WHEN amount > 10 THEN 'large' WHEN amount IS NULL THEN 'none' ELSE 'small' END, id FROM orders", "large|1\nlarge|2\nsmall|3\nnone|4")]
    [InlineData("SELECT FLOOR(placed TO MINUTE), COUNT(*) FROM orders GROUP BY FLOOR(placed TO MINUTE)", "2026-01-01 10:00:00|2\n2026-01-01 10:01:00|1\n2026-01-01 10:02:00|1")]
    [InlineData("SELECT COUNT(*) FILTER (WHERE customer = 'ann') FROM orders", "2")]
    [InlineData("SELECT COUNT(*) FROM orders WHERE id > 100", "0")]
    [InlineData("SELECT CAST(PARSE_JSON('{\"a\": {\"b\": [1, 2.5]}}')['a']['b'][2] AS DOUBLE)", "2.5")]
    [InlineData("SELECT sku, n FROM (SELECT PARSE_JSON('[{\"sku\": \"x\", \"n\": 2}, {\"sku\": \"y\", \"n\": 3}]') AS products) p CROSS JOIN UNNEST(CAST(products AS ARRAY<ROW<sku STRING, n INT>>)) AS t (sku, n)", "x|2\ny|3")]
    [InlineData("WITH big AS (SELECT * FROM orders WHERE amount >= 10) SELECT customer, COUNT(*) AS n FROM big GROUP BY customer", "ann|1\nbob|1")]
    [InlineData("SELECT 7 / 2, 7 % 2, -7 / 2, 1.0 / 3, CAST('12' AS INT) + 1, 1 = 1.0", "3|1|-3|0.333333333333|13|true")]
    [InlineData("SELECT customer, JSON_ARRAYAGG(amount) FROM orders GROUP BY customer", "ann|[10.50,5.00]\nbob|[20.25]\ncid|[]")]
    [InlineData("SELECT JSON_ARRAYAGG(customer NULL ON NULL) FILTER (WHERE id > 1), JSON_ARRAYAGG(id) FILTER (WHERE id > 9) FROM orders", "[\"bob\",\"ann\",\"cid\"]|[]")]
    [InlineData("SELECT JSON_ARRAYAGG(amount NULL ON NULL), JSON_ARRAYAGG(amount ABSENT ON NULL) FROM orders WHERE id > 2", "[5.00,null]|[5.00]")]
    [InlineData("SELECT JSON_OBJECT('of' VALUE customer, 'ids' VALUE JSON_ARRAYAGG(JSON_OBJECT('id' VALUE id))) FROM orders GROUP BY customer HAVING COUNT(*) > 1", "{\"ids\":[{\"id\":1},{\"id\":3}],\"of\":\"ann\"}")]
    [InlineData("SELECT JSON_ARRAYAGG(n) FROM (SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer)", "[1,1,2]")]
    [InlineData("SELECT JSON_OBJECT('a' VALUE amount), JSON_OBJECT('a' VALUE amount ABSENT ON NULL) FROM orders WHERE id = 4", "{\"a\":null}|{}")]
    [InlineData("SELECT JSON_ARRAY(JSON_ARRAY(1)), JSON_ARRAYAGG(PARSE_JSON('{\"a\": 1}')) FROM orders WHERE id < 3", "[[1]]|[{\"a\":1},{\"a\":1}]")]
    public void A_query_gives_these_rows(string sql, string expected) => Assert.Equal(expected, Run(Orders + sql, 2));

    [Theory]
    [InlineData("SELECT custmer FROM orders", "Did you mean customer?")]
    [InlineData("SELECT * FROM ordrs", "Did you mean orders?")]
    [InlineData("SELECT UPER(customer) FROM orders", "Did you mean UPPER?")]
    [InlineData("SELECT customer, COUNT(*) FROM orders", "neither in GROUP BY nor in an aggregate function")]
    [InlineData("SELEC 1", "Did you mean SELECT?")]
    public void A_mistake_is_named_with_its_remedy(string sql, string expected)
    {
        var error = Assert.Throws<SqlException>(() => Run(Orders + sql, 1));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_cannot_be_computed_ends_a_script_and_is_named()
    {
        var error = Assert.Throws<EngineException>(() => Run(Orders + "SELECT id / (id - 2) FROM orders", 1));
        Assert.Contains("Division by zero", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CAST(b AS INT)", "STRING", "test.sql:2:1", "table t, in.csv line 4, column q: The value cannot be read as INT.")]
    [InlineData("b", "INT", "test.sql:1:1", "table t: in.csv: Line 4, column b: the value cannot be read as INT.")]
    public void A_bad_value_of_a_file_is_named_by_the_place_in_the_script_and_the_line_of_the_file(string expression, string type, string place, string message)
    {
        var folder = Directory.CreateTempSubdirectory("freshet-script-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "in.csv"), "a,b\n1,2\n2,3\n3,x");
            var sql = $"CREATE TABLE t (a INT, b {type}) WITH ('connector' = 'filesystem', 'path' = '{folder}/in.csv', 'format' = 'csv', 'csv.ignore-first-line' = 'true');\nSELECT a, {expression} AS q FROM t;";
            var error = Assert.Throws<EngineException>(() => Run(sql, 1));
            Assert.Equal(place, error.Place);
            Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_path_that_is_not_there_is_named_with_the_place_of_its_table()
    {
        var error = Assert.Throws<EngineException>(() => Run("SELECT 1;\n  CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = 'nowhere.csv', 'format' = 'csv');\nSELECT * FROM t;", 1));
        Assert.Equal(("file_not_found", "test.sql:2:3"), (error.Code, error.Place));
    }

    private static unsafe string Run(string sql, int workers)
    {
        var options = new PipelineOptions { Workers = workers };
        var (run, _) = Script.Start([new SourceText("test.sql", sql)], options);
        using (run)
        {
            var lines = new List<string>();
            var text = new Utf8Buffer();
            while (run.Next(0) is { } batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    var row = batch.RowAt(i);
                    var cells = run.SchemaOf(0).Fields.Select((f, c) =>
                    {
                        if (batch.Columns[c].IsNull(row)) return "NULL";
                        text.Clear();
                        TextValueWriter.Write(f.Type, batch.Columns[c].Values, batch.Columns[c].IndexOf(row), (byte)' ', text);
                        return Encoding.UTF8.GetString(text.Written);
                    });
                    lines.Add(string.Join('|', cells));
                }

                batch.Release();
            }

            return string.Join('\n', lines);
        }
    }
}
