namespace Freshet.Customers.Profiles;

/// <summary>What is kept so that an account is read by look-ups: its told traits as JSON, and when and by what it was told of. Who its members are stands in account_members.</summary>
internal static class AccountReads
{
    public const string Traits = "account$traits";
    public const string Of = "account$of";

    public const string KeptViews = """
        CREATE MATERIALIZED VIEW `account$traits` AS
        SELECT group_id, JSON_OBJECTAGG(KEY k VALUE v) AS doc FROM (
          SELECT group_id, t.k AS k, t.v AS v, ROW_NUMBER() OVER (PARTITION BY group_id, t.k ORDER BY event_time DESC, sequence DESC) AS place
          FROM events CROSS JOIN UNNEST(TRY_CAST(traits AS MAP<STRING, VARIANT>)) AS t(k, v) WHERE type = 'group' AND group_id IS NOT NULL)
        WHERE place = 1 GROUP BY group_id;

        CREATE MATERIALIZED VIEW `account$of` AS
        SELECT group_id, MIN(event_time) AS first_seen, MAX(event_time) AS last_seen, FIRST_VALUE(message_id) AS first_message_id, LAST_VALUE(message_id) AS last_message_id,
          FIRST_VALUE(source) AS first_source, LAST_VALUE(source) AS last_source
        FROM events WHERE type = 'group' AND group_id IS NOT NULL GROUP BY group_id;
        """;
}
