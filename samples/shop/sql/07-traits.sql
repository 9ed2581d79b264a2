-- Ten traits, each a query by profile_id. They are exact after every merge and split.
CREATE TRAIT orders AS SELECT profile_id, COUNT(*) FROM order_completed GROUP BY profile_id;

CREATE TRAIT revenue AS
SELECT profile_id, SUM(CAST(properties['revenue'] AS DECIMAL(12, 2))) FROM events WHERE event IN ('Order Completed', 'Order Refunded') GROUP BY profile_id;

CREATE TRAIT average_order AS SELECT profile_id, AVG(revenue) FROM order_completed GROUP BY profile_id;

CREATE TRAIT last_order AS SELECT profile_id, MAX(event_time) FROM order_completed GROUP BY profile_id;

CREATE TRAIT orders_of_30_days AS
SELECT profile_id, COUNT(*) FROM order_completed WHERE event_time > NOW() - INTERVAL '30' DAY GROUP BY profile_id;

CREATE TRAIT categories AS
SELECT profile_id, COUNT(DISTINCT CAST(properties['category'] AS STRING)) FROM events WHERE event = 'Product Viewed' GROUP BY profile_id;

CREATE TRAIT favourite_category AS
SELECT profile_id, category FROM (
  SELECT profile_id, category, ROW_NUMBER() OVER (PARTITION BY profile_id ORDER BY n DESC, category) AS place FROM (
    SELECT profile_id, CAST(properties['category'] AS STRING) AS category, COUNT(*) AS n FROM events WHERE event = 'Product Viewed' GROUP BY profile_id, CAST(properties['category'] AS STRING)))
WHERE place = 1;

CREATE TRAIT last_search AS
SELECT profile_id, query FROM (
  SELECT profile_id, CAST(properties['query'] AS STRING) AS query, ROW_NUMBER() OVER (PARTITION BY profile_id ORDER BY event_time DESC) AS place FROM events WHERE event = 'Products Searched')
WHERE place = 1;

CREATE TRAIT pieces_added AS SELECT profile_id, SUM(quantity) FROM product_added GROUP BY profile_id;

CREATE TRAIT devices AS SELECT profile_id, COUNT(DISTINCT anonymous_id) FROM events GROUP BY profile_id;
