-- Orders and revenue of each minute, live: an order changes its minute's row at once.
CREATE MATERIALIZED VIEW revenue_per_minute AS
SELECT
  FLOOR(event_time TO MINUTE)                          AS minute_start,
  COUNT(*)                                             AS orders,
  SUM(CAST(properties['revenue'] AS DECIMAL(12, 2)))   AS revenue,
  AVG(CAST(properties['revenue'] AS DECIMAL(12, 2)))   AS average_order
FROM events
WHERE event = 'Order Completed'
GROUP BY FLOOR(event_time TO MINUTE);
