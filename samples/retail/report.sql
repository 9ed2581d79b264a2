-- A year of a gift shop's purchases, reported in one pass: freshet exec samples/retail/report.sql
-- RETAIL_CSV names the file (see README.md); without it, online-retail.csv.gz beside this script is read.

CREATE TABLE purchases (
  invoice      STRING,
  stock_code   STRING,
  description  STRING,
  quantity     INT,
  invoice_date TIMESTAMP(3),
  unit_price   DECIMAL(12, 3),
  customer     STRING,
  country      STRING
) WITH (
  'connector' = 'filesystem',
  'path' = '${RETAIL_CSV:-online-retail.csv.gz}',
  'format' = 'csv',
  'csv.ignore-first-line' = 'true'
);

-- Revenue by country and month; cancellations are negative quantities and count against it.
SELECT
  country,
  DATE_FORMAT(invoice_date, 'yyyy-MM') AS sales_month,
  COUNT(DISTINCT invoice)              AS invoices,
  SUM(quantity * unit_price)           AS revenue
FROM purchases
GROUP BY country, DATE_FORMAT(invoice_date, 'yyyy-MM')
ORDER BY country, sales_month;

-- The products that earned most.
SELECT
  stock_code,
  MAX(description)           AS description,
  SUM(quantity)              AS units,
  SUM(quantity * unit_price) AS revenue
FROM purchases
WHERE invoice NOT LIKE 'C%' AND quantity > 0
GROUP BY stock_code
ORDER BY revenue DESC, stock_code
LIMIT 20;

-- How many customers came back.
SELECT
  COUNT(*)                                     AS customers,
  SUM(CASE WHEN orders > 1 THEN 1 ELSE 0 END)  AS returning_customers
FROM (
  SELECT customer, COUNT(DISTINCT invoice) AS orders
  FROM purchases
  WHERE customer <> '' AND invoice NOT LIKE 'C%'
  GROUP BY customer
);

-- The share of invoices that are cancellations.
SELECT
  COUNT(DISTINCT invoice)                                     AS invoices,
  COUNT(DISTINCT invoice) FILTER (WHERE invoice LIKE 'C%')    AS cancelled,
  CAST(COUNT(DISTINCT invoice) FILTER (WHERE invoice LIKE 'C%') AS DOUBLE) / COUNT(DISTINCT invoice) AS cancelled_share
FROM purchases;
