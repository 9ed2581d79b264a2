-- What was put into carts in each hour; read the top with ORDER BY added DESC LIMIT 10.
CREATE MATERIALIZED VIEW top_products AS
SELECT
  FLOOR(event_time TO HOUR)                            AS hour_start,
  JSON_VALUE(properties, '$.product_id')               AS product_id,
  MAX(JSON_VALUE(properties, '$.name'))                AS product,
  COUNT(*)                                             AS times_added,
  SUM(CAST(properties['quantity'] AS BIGINT))          AS pieces
FROM events
WHERE event = 'Product Added'
GROUP BY FLOOR(event_time TO HOUR), JSON_VALUE(properties, '$.product_id');
