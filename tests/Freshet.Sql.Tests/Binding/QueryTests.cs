using Freshet.Plan;

namespace Freshet.Sql.Tests.Binding;

public sealed class QueryTests
{
    [Theory]
    [InlineData("SELECT customer FROM orders", true, "")]
    [InlineData("SELECT customer, SUM(amount) AS s FROM orders GROUP BY customer", false, "customer")]
    [InlineData("SELECT SUM(amount) AS s, customer FROM orders GROUP BY customer", false, "customer")]
    [InlineData("SELECT SUM(amount) AS s FROM orders GROUP BY customer", false, "")]
    [InlineData("SELECT DISTINCT customer, note['x'] IS NULL AS n FROM orders", true, "customer,n")]
    [InlineData("SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer HAVING COUNT(*) > 1", false, "customer")]
    [InlineData("SELECT o.id, c.country FROM orders o JOIN customers c ON o.customer = c.name", true, "")]
    [InlineData("SELECT o.id, c.country FROM orders o LEFT JOIN customers c ON o.customer = c.name", false, "")]
    [InlineData("SELECT a.customer, a.n, b.m FROM (SELECT customer, COUNT(*) n FROM orders GROUP BY customer) a JOIN (SELECT customer, MAX(id) m FROM orders GROUP BY customer) b ON a.customer = b.customer", false, "customer")]
    [InlineData("SELECT window_start, window_end, customer, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(placed), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, customer", true, "customer,window_start,window_end")]
    [InlineData("SELECT customer FROM orders UNION ALL SELECT name FROM customers", true, "")]
    public void A_plan_knows_whether_rows_are_taken_back_and_its_key(string query, bool isAppendOnly, string key)
    {
        var plan = Planned.View(query);
        Assert.Equal(isAppendOnly, plan.IsAppendOnly);
        Assert.Equal(key, string.Join(",", plan.Key.Select(k => plan.Schema.Fields[k].Name)));
    }

    [Fact]
    public void Equal_calls_are_computed_once()
    {
        var plan = Planned.View("SELECT customer, SUM(amount) AS a, SUM(amount) / COUNT(*) AS b FROM orders GROUP BY customer HAVING SUM(amount) > 1");
        Assert.Equal(2, Nodes<Aggregate>(plan).Single().Calls.Length);
    }

    [Fact]
    public void A_key_may_be_an_alias_or_an_ordinal()
    {
        Assert.Equal(["c"], Planned.View("SELECT UPPER(customer) AS c, COUNT(*) AS n FROM orders GROUP BY c").Key.Select(k => "c"));
        Assert.Equal(0, Assert.Single(Planned.View("SELECT UPPER(customer) AS c, COUNT(*) AS n FROM orders GROUP BY 1").Key));
    }

    [Fact]
    public void An_expression_of_a_key_is_computed_from_it()
    {
        var plan = Planned.View("SELECT UPPER(customer) || '!' AS c, COUNT(*) AS n FROM orders GROUP BY UPPER(customer)");
        Assert.Single(Nodes<Aggregate>(plan));
    }

    [Fact]
    public void A_chain_of_unions_is_one_node() =>
        Assert.Equal(3, Nodes<Union>(Planned.View("SELECT id FROM orders UNION ALL SELECT id FROM orders WHERE id > 1 UNION ALL SELECT 1")).Single().Inputs.Length);

    [Fact]
    public void A_union_may_be_NULL_where_one_side_may() =>
        Assert.Equal("(EXPR$0 INT)", Planned.Select("SELECT 1 UNION ALL SELECT CAST(NULL AS INT)").Schema.ToString());

    [Fact]
    public void Rows_of_an_array_become_rows_of_the_view()
    {
        var plan = Planned.View("SELECT o.id, p.sku, p.price FROM orders o CROSS JOIN UNNEST(CAST(note['products'] AS ARRAY<ROW<sku STRING, price DECIMAL(10,2)>>)) AS p (sku, price)");
        Assert.Equal("(id BIGINT, sku STRING, price DECIMAL(10, 2))", plan.Schema.ToString());
        Assert.True(plan.IsAppendOnly);
    }

    [Fact]
    public void Equal_queries_have_one_identity_and_another_option_another()
    {
        Assert.Equal(Identity("SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer"), Identity("SELECT  customer,\n COUNT(*) AS n FROM orders -- the same\n GROUP BY customer"));
        Assert.NotEqual(Identity("SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer"), Identity("SELECT customer, COUNT(id) AS n FROM orders GROUP BY customer"));
        Assert.NotEqual(Identity("SELECT id FROM orders"), Identity("SELECT id FROM orders /*+ OPTIONS('topic'='other') */"));
    }

    [Fact]
    public void Views_are_put_in_and_keep_the_identity_of_what_they_stand_for()
    {
        var script = Planned.Script(
            """
            CREATE VIEW big AS SELECT * FROM orders WHERE amount > 100;
            CREATE MATERIALIZED VIEW a AS SELECT customer, COUNT(*) AS n FROM big GROUP BY customer;
            CREATE MATERIALIZED VIEW b AS SELECT customer, COUNT(*) AS n FROM (SELECT * FROM orders WHERE amount > 100) GROUP BY customer;
            """);
        Assert.Equal(script.MaterializedViews[0].Identity, script.MaterializedViews[1].Identity);
    }

    [Theory]
    [InlineData("SELECT * FROM orders OFFSET 5", "2:29: OFFSET without LIMIT would keep all rows")]
    [InlineData("SELECT id, CURRENT_TIMESTAMP AS t FROM orders", "2:12: CURRENT_TIMESTAMP in a view that is kept is not supported yet")]
    [InlineData("SELECT * FROM orders WHERE CAST(placed AS DATE) > CURRENT_DATE", "2:51: CURRENT_DATE in a view that is kept is not supported yet")]
    [InlineData("SELECT id, id FROM orders", "1:1: The view v has two columns named id")]
    [InlineData("SELECT id FROM orders UNION ALL SELECT id, customer FROM orders", "2:33: The sides of UNION have 1 and 2 columns.")]
    [InlineData("SELECT customer FROM orders WHERE ROW_NUMBER() OVER (ORDER BY id) = 1", "2:35: A call with OVER stands in SELECT, ORDER BY and QUALIFY only")]
    [InlineData("SELECT customer FROM orders QUALIFY RANK() OVER (PARTITION BY id) = 1", "2:37: RANK needs an ORDER BY in its window.")]
    [InlineData("SELECT SUM(id) OVER w FROM orders WINDOW v AS (ORDER BY id)", "2:8: There is no window w. Did you mean v?")]
    public void What_a_kept_view_cannot_hold_is_refused_with_the_reason(string query, string refusal) =>
        Assert.StartsWith(refusal, Planned.ViewRefusal(query), StringComparison.Ordinal);

    [Fact]
    public void A_query_that_another_one_reads_has_no_order_but_may_be_cut()
    {
        Assert.IsType<Sort>(Planned.Select("SELECT * FROM orders ORDER BY id LIMIT 5"));
        var top = Assert.Single(Nodes<TopN>(Planned.Select("SELECT * FROM (SELECT * FROM orders ORDER BY id LIMIT 5 OFFSET 2)")));
        Assert.Equal((3, 7), (top.First, top.Last));
        Assert.Empty(Nodes<Sort>(Planned.Select("SELECT * FROM (SELECT * FROM orders ORDER BY id)")));
    }

    [Theory]
    [InlineData("rn <= 3", 1, 3)]
    [InlineData("rn = 2", 2, 2)]
    [InlineData("rn BETWEEN 2 AND 5 AND rn < 4", 2, 3)]
    [InlineData("3 > rn AND rn > 1", 2, 2)]
    [InlineData("rn <= 3 AND id > 1", 1, 3)]
    public void A_bound_of_a_row_number_makes_a_top_n(string condition, long first, long last)
    {
        var plan = Planned.Select($"SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY id) AS rn FROM orders) WHERE {condition}");
        var top = Assert.Single(Nodes<TopN>(plan));
        Assert.Equal((first, last, false), (top.First, top.Last, top.GivesNumber));
        Assert.Empty(Nodes<Over>(plan));
    }

    [Theory]
    [InlineData("INSERT INTO out1 SELECT customer FROM orders", "1:18: The query gives 1 columns, out1 takes 2: a, b.")]
    [InlineData("INSERT INTO out1 SELECT customer, customer FROM orders", "1:18: The column b of out1 is BIGINT, the query gives STRING: write a CAST.")]
    [InlineData("INSERT INTO out2 SELECT 1", "1:13: There is no table out2. Did you mean out1?")]
    [InlineData("INSERT INTO out1 (a, c) SELECT 'x', 1", "1:13: The table out1 has no column c.")]
    [InlineData("INSERT INTO out1 SELECT CAST(CURRENT_TIMESTAMP AS STRING), COUNT(*) FROM orders", "1:30: The clock cannot be read in an INSERT INTO whose query takes rows back")]
    public void A_wrong_INSERT_is_refused(string sql, string refusal) => Assert.StartsWith(refusal, Planned.Refusal(sql), StringComparison.Ordinal);

    [Fact]
    public void An_INSERT_may_read_the_clock_and_leave_columns_out()
    {
        var insert = Planned.Script("INSERT INTO out1 (a) SELECT CAST(CURRENT_TIMESTAMP AS STRING) FROM orders").Inserts.Single();
        Assert.Equal("(a STRING NOT NULL, b BIGINT)", insert.Plan.Schema.ToString());
    }

    [Fact]
    public void Statement_sets_hold_several_inserts() =>
        Assert.Equal(2, Planned.Script("EXECUTE STATEMENT SET BEGIN INSERT INTO out1 SELECT customer, id FROM orders; INSERT INTO out1 SELECT name, 1 FROM customers; END").Inserts.Count);

    internal static IEnumerable<T> Nodes<T>(PlanNode plan) => (plan is T node ? new[] { node } : []).Concat(plan.Inputs.SelectMany(Nodes<T>));

    private static string Identity(string query) => Planned.Script($"CREATE MATERIALIZED VIEW v AS {query}").MaterializedViews[0].Identity;
}
