namespace Freshet.EndToEnd.Tests;

/// <summary>
/// A project with a view of every kind of operator, over events and over topics that INSERTs write. The events whose message
/// begins with <c>end</c> move the watermarks alone: without them a view holds what its query gives over input that has ended.
/// </summary>
internal static class EveryOperator
{
    private const string Minute = "DESCRIPTOR(event_time), INTERVAL '1' MINUTE";
    private const string PerWindow = "GROUP BY user_id, window_start, window_end";

    public static string Tables { get; } = $$"""
        CREATE VIEW seen AS SELECT *, JSON_VALUE(properties, '$.product') AS product FROM events WHERE message_id NOT LIKE 'end%';
        CREATE VIEW orders AS SELECT message_id AS id, user_id, product, CAST(properties['revenue'] AS DECIMAL(12, 2)) AS revenue, event_time FROM seen WHERE event = 'Order';
        CREATE VIEW adds AS SELECT message_id AS id, user_id, product, event_time FROM seen WHERE event = 'Add';
        CREATE TABLE order_log (id STRING, user_id STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'log');
        CREATE TABLE prices (product STRING, price DECIMAL(12, 2), ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (product) NOT ENFORCED) WITH ('connector' = 'log');
        INSERT INTO order_log SELECT message_id, user_id, event_time FROM events WHERE event = 'Order';
        INSERT INTO prices SELECT JSON_VALUE(properties, '$.product'), CAST(properties['revenue'] AS DECIMAL(12, 2)), event_time FROM events WHERE event = 'Order' AND user_id IS NOT NULL;
        CREATE FUNCTION initials AS '{{typeof(Initials).FullName}}' LANGUAGE CSHARP USING JAR '{{typeof(Initials).Assembly.Location}}';

        """;

    public static IReadOnlyDictionary<string, string> Views { get; } = new Dictionary<string, string>
    {
        ["grouped"] = "SELECT user_id, COUNT(*) AS n, SUM(revenue) AS revenue, AVG(revenue) AS mean, MAX(event_time) AS latest FROM orders GROUP BY user_id",
        ["distinct_products"] = "SELECT DISTINCT product FROM adds",
        ["top_of_each"] = "SELECT user_id, id, revenue, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY revenue DESC, id) AS rn FROM orders) WHERE rn <= 2",
        ["top_of_groups"] = "SELECT * FROM (SELECT product, n, RANK() OVER (ORDER BY n DESC) AS rn FROM (SELECT product, COUNT(*) AS n FROM adds GROUP BY product)) WHERE rn <= 3",
        ["last_of_each"] = "SELECT user_id, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY event_time DESC) AS rn FROM orders) WHERE rn = 1",
        ["newest"] = "SELECT id, event_time FROM orders ORDER BY event_time DESC, id LIMIT 5",
        ["running"] = "SELECT id, SUM(revenue) OVER (PARTITION BY user_id ORDER BY event_time) AS total, LAG(id) OVER (PARTITION BY user_id ORDER BY event_time) AS previous FROM orders",
        ["ranked"] = "SELECT id, PERCENT_RANK() OVER (PARTITION BY product ORDER BY revenue) AS r FROM orders",
        ["tumbled"] = $"SELECT window_start, window_end, COUNT(*) AS n, COUNT(DISTINCT user_id) AS users FROM TABLE(TUMBLE(TABLE seen, {Minute})) GROUP BY window_start, window_end",
        ["hopped"] = $"SELECT window_start, event, COUNT(*) AS n FROM TABLE(HOP(TABLE seen, {Minute}, INTERVAL '3' MINUTE)) GROUP BY window_start, window_end, event",
        ["cumulated"] = $"SELECT window_end, COUNT(*) AS n FROM TABLE(CUMULATE(TABLE seen, {Minute}, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end",
        ["sessions"] = "SELECT user_id, window_start, window_end, COUNT(*) AS n FROM TABLE(SESSION(TABLE seen PARTITION BY user_id, DESCRIPTOR(event_time), INTERVAL '20' SECOND)) GROUP BY user_id, window_start, window_end",
        ["window_top"] = $"SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, product) AS rn FROM (SELECT window_start, window_end, product, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE seen, {Minute})) GROUP BY window_start, window_end, product)) WHERE rn <= 2",
        ["window_joined"] = $"""
            SELECT a.user_id, a.window_start, a.n AS orders, b.n AS adds
            FROM (SELECT user_id, window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE orders, {Minute})) {PerWindow}) a
            FULL JOIN (SELECT user_id, window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE adds, {Minute})) {PerWindow}) b
            ON a.user_id = b.user_id AND a.window_start = b.window_start AND a.window_end = b.window_end
            """,
        ["interval_joined"] = "SELECT o.id, a.id AS added FROM orders o LEFT JOIN adds a ON o.user_id = a.user_id AND a.event_time BETWEEN o.event_time - INTERVAL '30' SECOND AND o.event_time",
        ["priced"] = "SELECT a.id, p.price FROM adds a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.event_time AS p ON a.product = p.product",
        ["recent"] = "SELECT event, COUNT(*) AS n FROM seen WHERE event_time > NOW() - INTERVAL '30000' DAY GROUP BY event",
        ["gone"] = "SELECT message_id FROM seen WHERE event_time > NOW() - INTERVAL '1' DAY",
        ["full_joined"] = "SELECT o.id, a.n FROM orders o FULL JOIN (SELECT product, COUNT(*) AS n FROM adds GROUP BY product) a ON o.product = a.product",
        ["semi"] = "SELECT id FROM adds WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = adds.user_id AND o.revenue > 90)",
        ["anti"] = "SELECT id FROM adds WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.product = adds.product AND o.revenue > 95)",
        ["above"] = "SELECT id FROM orders WHERE revenue > (SELECT AVG(revenue) FROM orders)",
        ["not_in"] = "SELECT DISTINCT product FROM adds WHERE product NOT IN (SELECT product FROM orders WHERE revenue > 97)",
        ["cubes"] = "SELECT event, product, GROUPING(event) AS g, COUNT(*) AS n FROM seen GROUP BY CUBE (event, product)",
        ["lists"] = "SELECT user_id, LISTAGG(product, '-') AS products FROM adds GROUP BY user_id",
        ["united"] = "SELECT product FROM orders UNION SELECT product FROM adds",
        ["common"] = "SELECT user_id FROM orders INTERSECT ALL SELECT user_id FROM adds",
        ["unnested"] = "SELECT p, COUNT(*) AS n FROM seen CROSS JOIN UNNEST(ARRAY[product, event]) AS t(p) GROUP BY p",
        ["own_function"] = "SELECT initials(event) AS i, COUNT(*) AS n FROM seen GROUP BY initials(event)",
        ["logged"] = "SELECT user_id, COUNT(*) AS n FROM order_log WHERE id NOT LIKE 'end%' GROUP BY user_id",
        ["logged_minutes"] = "SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE order_log, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE id NOT LIKE 'end%' GROUP BY window_start, window_end",
        ["parsed"] = "SELECT message_id, CAST(JSON_VALUE(properties, '$.size') AS INT) AS size FROM events WHERE event = 'Add'",
    };

    /// <summary>Views whose queries end at a bad value where nothing keeps it.</summary>
    public static IReadOnlyList<string> WithErrors { get; } = ["parsed"];

    public static string Text { get; } = Tables + string.Concat(Views.Select(v => $"CREATE MATERIALIZED VIEW {v.Key} AS {v.Value};\n"));
}
