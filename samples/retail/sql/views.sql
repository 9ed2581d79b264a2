-- The figures of report.sql as live views over the shop's events.

CREATE VIEW lines AS
SELECT
  properties['order_id']                      AS invoice,
  CAST(properties['country'] AS STRING)       AS country,
  user_id,
  event,
  event_time,
  sku,
  description,
  quantity,
  CAST(price AS DECIMAL(12, 3))               AS unit_price
FROM events
CROSS JOIN UNNEST(CAST(properties['products'] AS ARRAY<ROW<sku STRING, name STRING, quantity INT, price STRING>>))
  AS product (sku, description, quantity, price)
WHERE event IN ('Order Completed', 'Order Refunded');

CREATE MATERIALIZED VIEW revenue_by_month AS
SELECT
  country,
  DATE_FORMAT(event_time, 'yyyy-MM')          AS sales_month,
  COUNT(DISTINCT CAST(invoice AS STRING))     AS invoices,
  SUM(quantity * unit_price)                  AS revenue
FROM lines
GROUP BY country, DATE_FORMAT(event_time, 'yyyy-MM');

CREATE MATERIALIZED VIEW product_sales AS
SELECT
  sku                                         AS stock_code,
  MAX(description)                            AS description,
  SUM(quantity)                               AS units,
  SUM(quantity * unit_price)                  AS revenue
FROM lines
WHERE event = 'Order Completed' AND quantity > 0
GROUP BY sku;

CREATE MATERIALIZED VIEW returning_customers AS
SELECT
  COUNT(*)                                    AS customers,
  SUM(CASE WHEN orders > 1 THEN 1 ELSE 0 END) AS returning_customers
FROM (
  SELECT user_id, COUNT(DISTINCT CAST(properties['order_id'] AS STRING)) AS orders
  FROM events
  WHERE event = 'Order Completed' AND user_id IS NOT NULL
  GROUP BY user_id
);

CREATE MATERIALIZED VIEW cancellations AS
SELECT
  COUNT(DISTINCT CAST(properties['order_id'] AS STRING))                                          AS invoices,
  COUNT(DISTINCT CAST(properties['order_id'] AS STRING)) FILTER (WHERE event = 'Order Refunded')  AS cancelled
FROM events
WHERE event IN ('Order Completed', 'Order Refunded');
