-- Eight segments. Time alone moves people in and out of some of them, with no new event.
CREATE SEGMENT high_value AS SELECT profile_id FROM revenue WHERE `value` >= 100;

CREATE SEGMENT one_time_buyers AS SELECT profile_id FROM orders WHERE `value` = 1;

-- Something was put into the cart, and nothing ordered since, for half an hour.
CREATE SEGMENT cart_abandoned AS
SELECT profile_id FROM (
  SELECT profile_id, MAX(CASE WHEN event = 'Product Added' THEN event_time END) AS added, MAX(CASE WHEN event = 'Order Completed' THEN event_time END) AS ordered
  FROM events WHERE event IN ('Product Added', 'Order Completed') GROUP BY profile_id)
WHERE (ordered IS NULL OR ordered < added) AND added < NOW() - INTERVAL '30' MINUTE;

-- Bought once, and quiet for thirty days.
CREATE SEGMENT winback AS SELECT profile_id FROM last_order WHERE `value` < NOW() - INTERVAL '30' DAY;

CREATE SEGMENT lives_in_three_categories AS SELECT profile_id FROM categories WHERE `value` >= 3;

CREATE SEGMENT club_members AS SELECT profile_id FROM profile_traits WHERE name = 'plan' AND `value` = 'club';

CREATE SEGMENT here_now AS SELECT profile_id FROM events WHERE event_time > NOW() - INTERVAL '10' MINUTE;

CREATE SEGMENT club_big_spenders AS SELECT profile_id FROM high_value WHERE profile_id IN (SELECT profile_id FROM club_members);
