using Freshet.Plan.Explaining;
using Freshet.Sql.Tests.Binding;

namespace Freshet.Sql.Tests.Explaining;

public sealed class PlanTextTests
{
    [Fact]
    public void A_grouping_says_its_key_its_state_and_that_nothing_drops_it() => Assert.Equal(
        """
        Aggregate by customer: SUM(amount), COUNT(DISTINCT id)  (changelog)
        │    key: customer
        │    state: the aggregates of each key, and each value once with a flag for each filter of DISTINCT
        │    dropped: never: nothing is taken back from its input, and the key holds no window
        └─ Project customer, amount, id  (append-only)
           └─ Filter quantity > 2  (append-only)
              └─ Scan orders (id, customer, amount, quantity)  (append-only)
                      watermark: placed - 5 s, the highest so far, of orders

        """,
        PlanText.Of(Planned.View("SELECT customer, SUM(amount) AS s, COUNT(DISTINCT id) AS n FROM orders WHERE quantity > 2 GROUP BY customer").Inputs[0]));

    [Fact]
    public void An_estimate_counts_the_rows_of_each_operator_for_a_million_in_each_table() => Assert.Equal(
        """
        Aggregate by customer: COUNT(*)  (changelog)
        │    key: customer
        │    state: the aggregates of each key
        │    dropped: never: nothing is taken back from its input, and the key holds no window
        │    estimated: 33,333 rows of 1,000,000 in each table
        └─ Project customer  (append-only)
           │    estimated: 333,333 rows of 1,000,000 in each table
           └─ Filter quantity > 2  (append-only)
              │    estimated: 333,333 rows of 1,000,000 in each table
              └─ Scan orders (customer, quantity)  (append-only)
                      watermark: placed - 5 s, the highest so far, of orders
                      estimated: 1,000,000 rows of 1,000,000 in each table

        """,
        PlanText.Of(Planned.View("SELECT customer, COUNT(*) AS n FROM orders WHERE quantity > 2 GROUP BY customer").Inputs[0], isEstimated: true));

    [Fact]
    public void A_window_says_which_watermark_it_waits_for()
    {
        var text = PlanText.Of(Planned.View("SELECT window_start, window_end, customer, COUNT(*) AS n FROM TABLE(HOP(TABLE orders, DESCRIPTOR(placed), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, customer"));
        Assert.Contains("WindowAggregate HOP(placed, every 1 min, 5 min) by customer: COUNT(*)", text, StringComparison.Ordinal);
        Assert.Contains("key: customer, window_start, window_end", text, StringComparison.Ordinal);
        Assert.Contains("dropped: when the watermark has passed the end of the window, which is when its row comes", text, StringComparison.Ordinal);
        Assert.Contains("waits for: the watermark of orders", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_that_stands_at_several_places_is_said_to_be_computed_once()
    {
        var text = PlanText.Of(Planned.View("SELECT id, UPPER(customer) AS c, CASE WHEN LOWER(UPPER(customer)) = 'x' THEN 1 ELSE 2 END AS k FROM orders WHERE UPPER(customer) <> 'Y' AND CHAR_LENGTH(customer) > 1"));
        Assert.Contains("computed once: UPPER(customer)\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("computed once", PlanText.Of(Planned.View("SELECT id, UPPER(customer) AS c, LOWER(customer) AS d FROM orders WHERE quantity > 2")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_grouping_by_sessions_keeps_their_aggregates_or_their_rows()
    {
        const string Grouped = "SELECT customer, COUNT(*) AS n, {0} AS x FROM orders GROUP BY customer, SESSION(placed, INTERVAL '10' SECOND)";
        var merged = PlanText.Of(Planned.View(string.Format(System.Globalization.CultureInfo.InvariantCulture, Grouped, "SUM(amount)")));
        Assert.Contains("state: the aggregates of each open session, merged when two grow together; no rows", merged, StringComparison.Ordinal);
        Assert.Contains("part of the aggregate above", merged, StringComparison.Ordinal);
        var kept = PlanText.Of(Planned.View(string.Format(System.Globalization.CultureInfo.InvariantCulture, Grouped, "COUNT(DISTINCT amount)")));
        Assert.Contains("state: the rows of open sessions", kept, StringComparison.Ordinal);
    }

    [Fact]
    public void A_join_keeps_both_sides() =>
        Assert.Contains("key: customer = name", PlanText.Of(Planned.View("SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.name")), StringComparison.Ordinal);

    [Theory]
    [InlineData("o.placed BETWEEN t.e - INTERVAL '1' HOUR AND t.e", "dropped: left rows 3601 s behind the watermark")]
    [InlineData("o.placed >= t.e - INTERVAL '30' MINUTE", "dropped: left rows 1801 s")]
    [InlineData("t.s <= o.placed", "dropped: left rows 3601 s")]
    [InlineData("o.placed <= t.e", "dropped: never")]
    [InlineData("o.placed <> t.e", "dropped: never")]
    [InlineData("o.placed >= t.e OR o.id = 1", "dropped: never")]
    public void A_join_drops_the_rows_that_no_later_window_can_match(string condition, string dropped) => Assert.Contains(
        dropped,
        PlanText.Of(Planned.View($"SELECT o.id FROM orders o JOIN (SELECT MAX(amount) AS m, window_start AS s, window_end AS e FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(placed), INTERVAL '1' HOUR)) GROUP BY window_start, window_end) t ON o.amount = t.m WHERE {condition}")),
        StringComparison.Ordinal);

    [Fact]
    public void Joins_on_one_key_keep_nothing_for_the_joins_below()
    {
        var text = PlanText.Of(Planned.View("SELECT o.id, p.id AS other FROM orders o JOIN customers c ON o.customer = c.name JOIN orders p ON p.customer = o.customer"));
        Assert.Contains("state: the rows of 3 sides under one key", text, StringComparison.Ordinal);
        Assert.Contains("part of the join above", text, StringComparison.Ordinal);
        Assert.DoesNotContain("under one key", PlanText.Of(Planned.View("SELECT o.id, p.id AS other FROM orders o JOIN customers c ON o.customer = c.name JOIN orders p ON p.id = o.id")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_join_whose_rows_are_dropped_stays_one_of_its_own_below_another_on_its_key()
    {
        var text = PlanText.Of(Planned.View("SELECT o.id, p.id AS other FROM orders o JOIN (SELECT MAX(amount) AS m, window_end AS e FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(placed), INTERVAL '1' HOUR)) GROUP BY window_start, window_end) t ON o.shipped = t.e JOIN orders p ON p.shipped = t.e"));
        Assert.Contains("dropped: left rows 1 s behind the watermark", text, StringComparison.Ordinal);
        Assert.DoesNotContain("under one key", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY amount) AS n FROM orders) WHERE n <= 10", "state: a list of the first 10 rows of each key")]
    [InlineData("SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY amount) AS n FROM orders) WHERE n = 1", "state: the first row of each key")]
    [InlineData("SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY amount) AS n FROM orders) WHERE n <= 1000", "state: the first 1000 rows of each key in order")]
    [InlineData("SELECT id FROM (SELECT id, RANK() OVER (PARTITION BY customer ORDER BY amount) AS n FROM orders) WHERE n <= 10", "state: the first 10 rows of each key in order")]
    [InlineData("SELECT c FROM (SELECT c, ROW_NUMBER() OVER (ORDER BY c) AS n FROM (SELECT COUNT(*) AS c FROM orders GROUP BY customer)) WHERE n <= 10", "state: all rows of each key in order")]
    public void Top_n_keeps_lists_of_appended_rows_alone(string query, string state) => Assert.Contains(state, PlanText.Of(Planned.View(query)), StringComparison.Ordinal);

    [Fact]
    public void Top_n_within_windows_keeps_open_windows_until_the_watermark()
    {
        var text = PlanText.Of(Planned.View("""
            SELECT * FROM (SELECT window_start, window_end, customer, amount, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY amount DESC) AS n
              FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(placed), INTERVAL '1' HOUR))) WHERE n <= 3
            """));
        Assert.Contains("state: the rows of open windows", text, StringComparison.Ordinal);
        Assert.Contains("waits for: the watermark of orders", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_of_processing_time_wait_for_the_clock()
    {
        var text = PlanText.Of(Planned.Script("""
            CREATE TABLE clicks (id BIGINT, p AS PROCTIME()) WITH ('connector' = 'log');
            CREATE MATERIALIZED VIEW v AS SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(p), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
            """).MaterializedViews[^1].Plan);
        Assert.Contains("waits for: the clock", text, StringComparison.Ordinal);
        Assert.Contains("dropped: when the clock has passed the end of the window", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_operator_has_done_stands_below_it() =>
        Assert.Contains("│    measured: 7 rows\n", PlanText.Of(Planned.View("SELECT DISTINCT customer FROM orders"), node => node is Freshet.Plan.Aggregate ? "7 rows" : null), StringComparison.Ordinal);
}
