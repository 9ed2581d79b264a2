using Freshet.Plan;
using Freshet.Sql.Tests.Binding;

namespace Freshet.Sql.Tests.Rules;

public sealed class RuleTests
{
    private static string ScanOf(string query) => string.Join("; ", QueryTests.Nodes<Scan>(Planned.View(query)).Select(s => s.Schema.ToString()));

    [Theory]
    [InlineData("SELECT customer FROM orders WHERE amount > 5", "(customer STRING, amount DECIMAL(10, 2))")]
    [InlineData("SELECT COUNT(*) AS n FROM orders", "()")]
    [InlineData("SELECT a FROM (SELECT customer AS a, note AS b, id + 1 AS c FROM orders)", "(customer STRING)")]
    [InlineData("SELECT o.id FROM orders o JOIN customers c ON o.customer = c.name", "(id BIGINT, customer STRING); (name STRING NOT NULL)")]
    [InlineData("SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer", "(customer STRING)")]
    public void A_scan_gives_the_columns_that_are_read(string query, string columns) => Assert.Equal(columns, ScanOf(query));

    [Theory]
    [InlineData("SELECT TRY_CAST(properties['price'] AS DOUBLE) AS p FROM events", "price", "DOUBLE")]
    [InlineData("SELECT CAST(properties['a']['b'] AS STRING) AS p FROM events", "b", "VARIANT")]
    [InlineData("SELECT JSON_VALUE(properties, '$.price') AS p FROM events", "price", "VARIANT")]
    [InlineData("SELECT SUM(CAST(properties['price'] AS DOUBLE)) AS p FROM events WHERE properties['kind'] = 'x'", "price", "VARIANT")]
    [InlineData("SELECT e.properties['price'] AS p, c.country FROM events e JOIN customers c ON e.user_id = c.name", "price", "VARIANT")]
    [InlineData("SELECT properties['price'] AS p, sku FROM events CROSS JOIN UNNEST(CAST(properties['skus'] AS ARRAY<STRING>)) AS s (sku)", "price", "VARIANT")]
    public void Parts_of_a_VARIANT_are_decoded_by_the_scan(string query, string part, string type)
    {
        var scan = QueryTests.Nodes<Scan>(Planned.View(query)).First(s => s.Table.Name == "events");
        Assert.DoesNotContain(scan.Columns, c => scan.Table.Schema.Fields[c.Column].Name == "properties" && c.Path is null);
        var column = Assert.Single(scan.Columns, c => c.Path?.Steps[^1].Key == part);
        Assert.Equal(type, column.Type.Name);
    }

    [Fact]
    public void A_filter_goes_below_a_join_to_the_side_that_it_reads()
    {
        var tree = Planned.Tree("SELECT o.id FROM orders o JOIN customers c ON o.customer = c.name WHERE o.quantity > 3 AND c.country = 'DE' AND o.customer || 'x' < c.country");
        Assert.Matches("(?s)Join.*Filter quantity > 3.*Filter country = 'DE'", tree);
        Assert.Matches("Join customer = name AND .*'x'.* < country", tree);
    }

    [Fact]
    public void Tables_are_joined_where_an_equality_connects_them()
    {
        var plan = Planned.View("SELECT o.id FROM orders o, customers c, customers d WHERE d.country = c.country AND o.customer = d.name");
        Assert.All(QueryTests.Nodes<Join>(plan), join => Assert.NotEmpty(join.LeftKeys));
    }

    [Fact]
    public void A_condition_of_an_outer_join_goes_to_the_side_whose_rows_it_does_not_keep()
    {
        Assert.Matches("(?s)LeftJoin customer = name AND quantity > 3.*Filter country = 'DE'", Planned.Tree("SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.name AND o.quantity > 3 AND c.country = 'DE'"));
        Assert.DoesNotContain("Filter", Planned.Tree("SELECT o.id FROM orders o FULL JOIN customers c ON o.customer = c.name AND o.quantity > 3 AND c.country = 'DE'"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_on_the_right_of_a_left_join_stays_above_it() =>
        Assert.Matches("(?s)Filter country = 'DE'.*LeftJoin.*Filter quantity > 3", Planned.Tree("SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.name WHERE o.quantity > 3 AND c.country = 'DE'"));

    [Fact]
    public void A_filter_goes_below_projections_unions_and_unnesting()
    {
        Assert.Matches("(?s)Union.*Filter id > 3.*Filter id > 3", Planned.Tree("SELECT * FROM (SELECT id FROM orders UNION ALL SELECT id + 0 AS id FROM orders WHERE quantity > 0) WHERE id > 3").Replace("id + 0 > 3", "id > 3", StringComparison.Ordinal));
        Assert.Matches("(?s)Unnest.*Filter id > 3", Planned.Tree("SELECT id, sku FROM orders CROSS JOIN UNNEST(CAST(note['p'] AS ARRAY<STRING>)) AS s (sku) WHERE id > 3"));
    }

    [Theory]
    [InlineData("SELECT id + (1 + 2) AS x FROM orders", "id + 3 AS x")]
    [InlineData("SELECT id FROM orders WHERE placed > CAST('2026-01-01 00:00:00' AS TIMESTAMP(3))", "placed > TIMESTAMP '2026-01-01 00:00:00'")]
    [InlineData("SELECT id FROM orders WHERE TRUE AND id > 1", "Filter id > 1")]
    [InlineData("SELECT UPPER('abc') AS x FROM orders", "'ABC' AS x")]
    public void What_is_constant_is_computed_once(string query, string text) => Assert.Contains(text, Planned.Tree(query), StringComparison.Ordinal);

    [Fact]
    public void A_constant_that_fails_is_left_to_the_rows() => Assert.Contains("CAST('x' AS INT)", Planned.Tree("SELECT CAST('x' AS INT) AS x FROM orders"), StringComparison.Ordinal);
}
