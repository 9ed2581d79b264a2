-- Turns the purchase lines into one event per invoice, as JSON lines that `freshet send` replays:
--   freshet exec samples/retail/to-events.sql --format json > events.jsonl
-- RETAIL_CSV names the file (see README.md).

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

SELECT
  'track'                                                                    AS type,
  CONCAT('invoice-', invoice)                                                AS messageId,
  CASE WHEN invoice LIKE 'C%' THEN 'Order Refunded' ELSE 'Order Completed' END AS event,
  CASE WHEN MAX(customer) <> '' THEN MAX(customer) END                       AS userId,
  CASE WHEN MAX(customer) = '' THEN CONCAT('visitor-', invoice) END          AS anonymousId,
  DATE_FORMAT(MIN(invoice_date), 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''')         AS `timestamp`,
  PARSE_JSON(JSON_OBJECT(
    'order_id' VALUE invoice,
    'country'  VALUE MAX(country),
    'products' VALUE JSON_ARRAYAGG(JSON_OBJECT(
      'sku' VALUE stock_code,
      'name' VALUE description,
      'quantity' VALUE quantity,
      'price' VALUE CAST(unit_price AS STRING)))))                           AS properties
FROM purchases
GROUP BY invoice
ORDER BY `timestamp`, messageId;
