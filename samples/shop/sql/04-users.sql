-- What each known user has done so far. POST /v1/track?return=user_totals carries the sender's row in the answer.
CREATE MATERIALIZED VIEW user_totals AS
SELECT
  user_id,
  COUNT(*)                                                                        AS events,
  SUM(CASE WHEN event = 'Order Completed' THEN 1 ELSE 0 END)                      AS orders,
  SUM(CASE WHEN event IN ('Order Completed', 'Order Refunded')
           THEN CAST(properties['revenue'] AS DECIMAL(12, 2)) ELSE 0 END)         AS revenue,
  MAX(event_time)                                                                 AS last_seen
FROM events
WHERE user_id IS NOT NULL
GROUP BY user_id;
