-- How many visitors reach each page, on the web and in the app.
CREATE MATERIALIZED VIEW funnel AS
SELECT
  name                                                 AS page,
  COUNT(*)                                             AS views,
  COUNT(DISTINCT anonymous_id)                         AS visitors
FROM events
WHERE type IN ('page', 'screen')
GROUP BY name;
