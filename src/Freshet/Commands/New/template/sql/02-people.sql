-- Events are stitched to people: an anonymous visitor who logs in is one profile with what came before.
-- A trait is a value per profile, a segment a set of profiles. Both stay exact when profiles merge and as time goes by.
CREATE TRAIT orders AS
SELECT profile_id, COUNT(*) FROM events WHERE event = 'Order Completed' GROUP BY profile_id;

CREATE TRAIT revenue AS
SELECT profile_id, SUM(CAST(properties['revenue'] AS DECIMAL(12, 2))) FROM events WHERE event = 'Order Completed' GROUP BY profile_id;

CREATE SEGMENT big_spenders AS SELECT profile_id FROM revenue WHERE `value` >= 100;

-- Who was here in the last half hour: time alone moves people out, with no new event.
CREATE SEGMENT here_now AS SELECT profile_id FROM events WHERE event_time > NOW() - INTERVAL '30' MINUTE;
