-- Recency, frequency and value of each customer, and whom they make. The data ends in 2011, so days are counted from the shop's last one.
CREATE MATERIALIZED VIEW shop_day AS SELECT MAX(FLOOR(event_time TO DAY)) AS today FROM events;

CREATE TRAIT last_order AS
SELECT profile_id, MAX(event_time) FROM events WHERE event = 'Order Completed' AND user_id IS NOT NULL GROUP BY profile_id;

CREATE TRAIT recency AS
SELECT o.profile_id, MAX(TIMESTAMPDIFF(DAY, FLOOR(o.`value` TO DAY), d.today)) FROM last_order AS o CROSS JOIN shop_day AS d GROUP BY o.profile_id;

CREATE TRAIT frequency AS
SELECT profile_id, COUNT(*) FROM events WHERE event = 'Order Completed' AND user_id IS NOT NULL GROUP BY profile_id;

-- What was bought less what was sent back.
CREATE TRAIT monetary AS
SELECT profile_id, SUM(quantity * CAST(price AS DECIMAL(12, 3)))
FROM events
CROSS JOIN UNNEST(CAST(properties['products'] AS ARRAY<ROW<sku STRING, name STRING, quantity INT, price STRING>>)) AS product (sku, description, quantity, price)
WHERE event IN ('Order Completed', 'Order Refunded') AND user_id IS NOT NULL
GROUP BY profile_id;

CREATE SEGMENT vip AS
SELECT f.profile_id FROM frequency AS f JOIN monetary AS m ON f.profile_id = m.profile_id WHERE f.`value` >= 10 AND m.`value` >= 5000;

-- They came back once, and have been away for three months.
CREATE SEGMENT lapsing AS
SELECT f.profile_id FROM frequency AS f JOIN recency AS r ON f.profile_id = r.profile_id WHERE f.`value` >= 2 AND r.`value` >= 90;

CREATE SEGMENT one_time_buyers AS SELECT profile_id FROM frequency WHERE `value` = 1;
