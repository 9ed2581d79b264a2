using Freshet.Plan;

namespace Freshet.Sql.Tests.Binding;

public sealed class WindowTests
{
    private const string Minute = "TABLE(TUMBLE(TABLE orders, DESCRIPTOR(placed), INTERVAL '1' MINUTE))";

    [Theory]
    [InlineData($"SELECT window_start, window_end, COUNT(*) AS n FROM {Minute} GROUP BY window_start, window_end")]
    [InlineData($"SELECT window_end, window_start, customer, COUNT(*) AS n FROM {Minute} WHERE amount > 5 GROUP BY customer, window_end, window_start")]
    [InlineData($"SELECT s, e, UPPER(c) AS c, COUNT(*) AS n FROM (SELECT window_start AS s, window_end AS e, customer AS c FROM {Minute}) GROUP BY s, e, UPPER(c)")]
    [InlineData($"SELECT window_start, window_end, COUNT(*) AS n FROM {Minute} WHERE window_start >= TIMESTAMP '2026-01-01 00:00:00' GROUP BY window_start, window_end")]
    [InlineData($"SELECT w.window_start, w.window_end, p.sku, COUNT(*) AS n FROM {Minute} w CROSS JOIN UNNEST(CAST(w.note['p'] AS ARRAY<STRING>)) AS p (sku) GROUP BY w.window_start, w.window_end, p.sku")]
    [InlineData("SELECT TUMBLE_START(placed, INTERVAL '1' MINUTE) AS s, UPPER(customer) AS c, COUNT(*) AS n FROM orders GROUP BY TUMBLE(placed, INTERVAL '1' MINUTE), UPPER(customer)")]
    [InlineData("SELECT DATE_FORMAT(HOP_END(placed, INTERVAL '1' MINUTE, INTERVAL '5' MINUTE), 'HH:mm') AS e, COUNT(*) AS n FROM orders GROUP BY HOP(placed, INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)")]
    public void A_grouping_by_both_bounds_of_a_window_fires_with_the_watermark(string query)
    {
        var plan = Planned.View(query);
        Assert.True(plan.IsAppendOnly);
        Assert.Single(QueryTests.Nodes<WindowAggregate>(plan));
        Assert.Empty(QueryTests.Nodes<WindowAssign>(plan));
    }

    [Fact]
    public void Grouping_by_one_bound_is_ordinary_grouping()
    {
        var plan = Planned.View($"SELECT window_start, COUNT(*) AS n FROM {Minute} GROUP BY window_start");
        Assert.False(plan.IsAppendOnly);
        Assert.Single(QueryTests.Nodes<WindowAssign>(plan));
    }

    [Fact]
    public void A_condition_on_the_bounds_is_checked_on_the_result()
    {
        var tree = Planned.Tree($"SELECT window_start, window_end, COUNT(*) AS n FROM {Minute} WHERE window_start >= TIMESTAMP '2026-01-01 00:00:00' AND id > 3 GROUP BY window_start, window_end");
        Assert.Matches("(?s)Filter window_start >=.*WindowAggregate.*Filter id > ", tree);
    }

    [Fact]
    public void Windows_cascade_by_window_time()
    {
        var plan = Planned.View(
            $"""
             WITH minutes AS (SELECT window_start, window_end, window_time AS t, customer, COUNT(*) AS n FROM {Minute} GROUP BY window_start, window_end, window_time, customer)
             SELECT window_start, window_end, MAX(n) AS most FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(t), INTERVAL '1' HOUR)) GROUP BY window_start, window_end
             """.Replace("SELECT window_start, window_end, window_time AS t,", "SELECT window_start AS s, window_end AS e, window_time AS t,", StringComparison.Ordinal));
        Assert.Equal(2, QueryTests.Nodes<WindowAggregate>(plan).Count());
    }

    [Fact]
    public void Windows_have_offsets_and_named_arguments()
    {
        var plan = Planned.View("SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(HOP(DATA => TABLE orders, TIMECOL => DESCRIPTOR(placed), SLIDE => INTERVAL '5' MINUTE, SIZE => INTERVAL '10' MINUTE, \"OFFSET\" => INTERVAL '1' MINUTE)) GROUP BY window_start, window_end".Replace("\"OFFSET\"", "`OFFSET`", StringComparison.Ordinal));
        Assert.Equal(new Window(600_000_000, 300_000_000, 60_000_000), QueryTests.Nodes<WindowAggregate>(plan).Single().Window);
    }

    [Theory]
    [InlineData("SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(shipped), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
        "TUMBLE needs a time attribute, shipped is none: the time attribute of orders is placed.")]
    [InlineData("SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE customers, DESCRIPTOR(since), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
        "TUMBLE needs a time attribute: since is DATE, not a timestamp.")]
    [InlineData("SELECT COUNT(*) AS n FROM (SELECT placed + INTERVAL '1' HOUR AS later FROM orders) GROUP BY TUMBLE(later, INTERVAL '1' MINUTE)",
        "TUMBLE needs a time attribute, later is none: it is computed; the time attribute is placed, which must be selected as it is.")]
    [InlineData("SELECT COUNT(*) AS n FROM (SELECT MAX(placed) AS last FROM orders GROUP BY customer) GROUP BY TUMBLE(last, INTERVAL '1' MINUTE)",
        "TUMBLE needs a time attribute, last is none: a column of a GROUP BY or DISTINCT without a window is no longer one.")]
    [InlineData("SELECT COUNT(*) AS n FROM orders o JOIN customers c ON o.customer = c.name GROUP BY TUMBLE(o.placed, INTERVAL '1' MINUTE)",
        "TUMBLE needs a time attribute, placed is none: after a join of whole tables the rows have no order in time.")]
    [InlineData("SELECT * FROM TABLE(TUMBEL(TABLE orders, DESCRIPTOR(placed), INTERVAL '1' MINUTE))", "There is no table function TUMBEL. Did you mean TUMBLE?")]
    public void A_window_that_cannot_close_is_refused_with_the_reason(string query, string sentence)
    {
        var refusal = Planned.ViewRefusal(query);
        Assert.Contains(sentence, refusal, StringComparison.Ordinal);
        Assert.StartsWith("2:", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Over_bounded_input_without_a_watermark_any_timestamp_has_windows()
    {
        const string Table = "CREATE TABLE t (a INT, ts TIMESTAMP(3)) WITH ('connector' = 'log'); ";
        var plan = Planned.Script(Table + "SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end", isBounded: true).Selects[0].Plan;
        Assert.Single(QueryTests.Nodes<WindowAggregate>(plan));
    }
}
