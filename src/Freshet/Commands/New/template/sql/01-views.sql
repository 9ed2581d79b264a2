-- Orders and revenue of each day, live: an order changes its day's row within milliseconds, a late one too.
CREATE MATERIALIZED VIEW revenue_per_day AS
SELECT
  FLOOR(event_time TO DAY)                            AS day_start,
  COUNT(*)                                            AS orders,
  SUM(CAST(properties['revenue'] AS DECIMAL(12, 2)))  AS revenue
FROM events
WHERE event = 'Order Completed'
GROUP BY FLOOR(event_time TO DAY);

-- What is looked at most. Read the top with: SELECT * FROM products ORDER BY views DESC LIMIT 10
CREATE MATERIALIZED VIEW products AS
SELECT CAST(properties['product_id'] AS STRING) AS product_id, COUNT(*) AS views
FROM events
WHERE event = 'Product Viewed'
GROUP BY CAST(properties['product_id'] AS STRING);
