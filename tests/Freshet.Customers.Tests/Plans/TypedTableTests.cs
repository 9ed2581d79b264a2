using Freshet.Customers.Plans;
using Freshet.Syntax.Text;
using Freshet.Testing.Scripts;

namespace Freshet.Customers.Tests.Plans;

/// <summary>The typed tables of CREATE EVENT, in every mode of a script; and scripts of a project.</summary>
public sealed class TypedTableTests
{
    private const string Sql = """
        CREATE EVENT 'Order Completed' (revenue DECIMAL(12, 2) NOT NULL CHECK (revenue >= 0), currency STRING, products ARRAY<ROW<id STRING, quantity INT>>);
        CREATE EVENT 'Note Left' (stars INT NOT NULL CHECK (stars < 6)) WITH ('on.violation' = 'warn');
        CREATE EVENT 'Priced' (price INT) WITH ('version' = '1');
        CREATE EVENT 'Priced' (price STRING, source STRING) WITH ('version' = '2');
        CREATE MATERIALIZED VIEW revenue AS SELECT user_id, SUM(revenue) AS total, COUNT(currency) AS n FROM order_completed GROUP BY user_id;
        CREATE MATERIALIZED VIEW sold AS SELECT p.id, SUM(p.quantity) AS n FROM order_completed CROSS JOIN UNNEST(products) AS p(id, quantity) GROUP BY p.id;
        CREATE MATERIALIZED VIEW hours AS SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE order_completed, DESCRIPTOR(event_time), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;
        CREATE MATERIALIZED VIEW stars AS SELECT message_id, stars FROM note_left;
        CREATE MATERIALIZED VIEW old_prices AS SELECT message_id, price FROM priced;
        CREATE MATERIALIZED VIEW prices AS SELECT message_id, price, source FROM priced_v2;
        """;

    /// <summary>Nothing is judged: history from before the plan.</summary>
    private static void Check(string script, string sql = Sql)
    {
        var setup = new ScriptSetup([new SourceText("a.sql", sql)], () => new CustomerLayer(0), events => new string?[events.Count]);
        Assert.Empty(ScriptRunner.Run("test", script, setup));
    }

    [Fact]
    public void Events_that_break_a_blocking_plan_are_not_in_the_table() => Check("""
        events 2026-01-01 10:00:00
        {"type":"track","userId":"u1","event":"Order Completed","properties":{"revenue":10.5,"currency":"EUR","products":[{"id":"a","quantity":2},{"id":"b"}]}}
        {"type":"track","userId":"u1","event":"Order Completed","properties":{"revenue":-1}}
        {"type":"track","userId":"u1","event":"Order Completed","properties":{"revenue":"x"}}
        {"type":"track","userId":"u1","event":"Order Completed","properties":{"revenue":null}}
        {"type":"track","userId":"u1","event":"Order Completed"}
        {"type":"track","userId":"u1","event":"Order Completed","properties":{"revenue":1,"products":"none"}}
        {"type":"track","userId":"u2","event":"Order Completed","properties":{"revenue":3,"products":[{"id":"a","quantity":1}]}}
        {"type":"page","userId":"u1","event":"Order Completed","properties":{"revenue":10}}
        {"type":"track","userId":"u1","event":"order completed","properties":{"revenue":10}}

        step

        expect revenue
        u1 | 10.50 | 1
        u2 | 3.00 | 0

        expect sold
        a | 3
        b | NULL

        expect revenue$errors

        end

        expect hours
        2026-01-01 10:00:00 | 2
        """);

    [Fact]
    public void A_plan_that_warns_leaves_them_in_with_what_can_be_read() => Check("""
        events 2026-01-01 10:00:00
        {"type":"track","userId":"u1","event":"Note Left","properties":{"stars":5}}
        {"type":"track","userId":"u1","event":"Note Left","properties":{"stars":7}}
        {"type":"track","userId":"u1","event":"Note Left","properties":{"stars":"many"}}
        {"type":"track","userId":"u1","event":"Note Left"}

        step

        expect stars
        m1 | 5
        m2 | 7
        m3 | NULL
        m4 | NULL
        """);

    [Fact]
    public void Each_version_has_a_table_and_the_oldest_those_that_say_none() => Check("""
        events 2026-01-01 10:00:00
        {"type":"track","userId":"u1","event":"Priced","properties":{"price":1}}
        {"type":"track","userId":"u1","event":"Priced","properties":{"price":2},"context":{"protocols":{"event_version":1}}}
        {"type":"track","userId":"u1","event":"Priced","properties":{"price":"3 EUR","source":"shop"},"context":{"protocols":{"event_version":2}}}
        {"type":"track","userId":"u1","event":"Priced","properties":{"price":4},"context":{"protocols":{"event_version":3}}}

        step

        expect old_prices
        m1 | 1
        m2 | 2

        expect prices
        m3 | 3 EUR | shop
        """);

    [Fact]
    public void What_is_refused_is_shown_and_not_inserted()
    {
        var setup = new ScriptSetup([new SourceText("a.sql", Sql)], () => new CustomerLayer(0), events => [.. events.Select((_, i) => i == 1 ? "no." : null)]);
        const string Script = """
            events 2026-01-01 10:00:00
            {"type":"track","userId":"u1","event":"Note Left","properties":{"stars":1}}
            {"type":"track","userId":"u1","event":"Note Left","properties":{"stars":2}}

            step

            rejected
            m2: no.

            rejected

            expect stars
            m1 | 1
            """;
        Assert.Empty(ScriptRunner.Run("test", Script, setup));
        var failures = ScriptRunner.Run("test", Script.Replace("m1 | 1", "m1 | 2", StringComparison.Ordinal), setup);
        Assert.Equal(Enum.GetValues<ScriptMode>().Length, failures.Count);
        Assert.Contains("expected +1: m1 | 2", failures[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Order Completed", "order_completed")]
    [InlineData("orderCompleted", "order_completed")]
    [InlineData("checkout/Step 2 Viewed!", "checkout_step_2_viewed")]
    [InlineData("3D View", "_3d_view")]
    public void A_table_is_named_after_its_event(string name, string table) => Assert.Equal(table, TypedEvents.NameOf(name, null, true));
}
