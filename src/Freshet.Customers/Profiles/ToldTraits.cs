namespace Freshet.Customers.Profiles;

/// <summary>
/// What people and accounts are told to be: the traits of identify and group calls, a row for each profile (or account) and name. The
/// last by event time counts; of equal times the one later in the log. A trait told as null is there as NULL. Of a profile's
/// traits <c>value</c> is the text, and <c>told</c> what was told.
/// </summary>
internal static class ToldTraits
{
    public const string KeptViews = """
        CREATE VIEW IF NOT EXISTS trait_history AS
        SELECT profile_id, t.name AS name, told AS `value`, event_time, message_id, sequence
        FROM events CROSS JOIN UNNEST(TRY_CAST(traits AS MAP<STRING, STRING>)) AS t(name, told) WHERE type = 'identify';

        CREATE MATERIALIZED VIEW IF NOT EXISTS profile_traits AS
        SELECT profile_id, name, TRY_CAST(told AS STRING) AS `value`, event_time, message_id, told FROM (
          SELECT profile_id, t.name AS name, told, event_time, message_id, ROW_NUMBER() OVER (PARTITION BY profile_id, t.name ORDER BY event_time DESC, sequence DESC) AS n
          FROM events CROSS JOIN UNNEST(TRY_CAST(traits AS MAP<STRING, VARIANT>)) AS t(name, told) WHERE type = 'identify')
        WHERE n = 1;

        CREATE MATERIALIZED VIEW IF NOT EXISTS account_traits AS
        SELECT group_id, name, told AS `value`, event_time, message_id FROM (
          SELECT group_id, t.name AS name, told, event_time, message_id, ROW_NUMBER() OVER (PARTITION BY group_id, t.name ORDER BY event_time DESC, sequence DESC) AS n
          FROM events CROSS JOIN UNNEST(TRY_CAST(traits AS MAP<STRING, STRING>)) AS t(name, told) WHERE type = 'group' AND group_id IS NOT NULL)
        WHERE n = 1;

        CREATE MATERIALIZED VIEW IF NOT EXISTS account_members AS
        SELECT group_id, profile_id, MIN(event_time) AS first_seen, MAX(event_time) AS last_seen
        FROM events WHERE type = 'group' AND group_id IS NOT NULL GROUP BY group_id, profile_id;
        """;
}
