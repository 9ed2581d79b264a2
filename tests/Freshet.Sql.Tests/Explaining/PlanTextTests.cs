using Freshet.Sql.Explaining;
using Freshet.Sql.Tests.Binding;

namespace Freshet.Sql.Tests.Explaining;

public sealed class PlanTextTests
{
    [Fact]
    public void A_grouping_says_its_key_its_state_and_that_nothing_drops_it() => Assert.Equal(
        """
        Aggregate by customer: SUM(amount), COUNT(DISTINCT id)  (changelog)
        │    key: customer
        │    state: the aggregates of each key, and each value with its count for DISTINCT
        │    dropped: never: nothing is taken back from its input, and the key holds no window
        └─ Project customer, amount, id  (append-only)
           └─ Filter quantity > 2  (append-only)
              └─ Scan orders (id, customer, amount, quantity)  (append-only)
                      watermark: placed - 5 s, the highest so far, of orders

        """,
        PlanText.Of(Planned.View("SELECT customer, SUM(amount) AS s, COUNT(DISTINCT id) AS n FROM orders WHERE quantity > 2 GROUP BY customer").Inputs[0]));

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
    public void A_join_keeps_both_sides() =>
        Assert.Contains("key: customer = name", PlanText.Of(Planned.View("SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.name")), StringComparison.Ordinal);
}
