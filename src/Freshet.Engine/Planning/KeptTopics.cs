using Freshet.Plan.Catalog;
using Freshet.Plan.Explaining;
using Freshet.Sql.Binding;
using Freshet.Syntax;

namespace Freshet.Engine.Planning;

/// <summary>
/// A start replays the log from its beginning, so what a project's views and INSERT INTOs read is kept whole. A topic that is written
/// alone may have a retention.
/// </summary>
internal static class KeptTopics
{
    /// <param name="eventsAreCut">The topic events has a retention.</param>
    /// <exception cref="SqlException">A table that is read says that its topic has a retention.</exception>
    /// <exception cref="EngineException">Of the topic events the configuration says so.</exception>
    public static void Check(ScriptBinder binder, bool eventsAreCut)
    {
        var read = binder.MaterializedViews.Select(v => v.Plan).Concat(binder.Inserts.Select(i => i.Plan)).SelectMany(PlanText.Scans).Select(s => s.Table.SourceTable).ToList();
        if (eventsAreCut && read.Exists(t => t.Connector == EventsTable.Connector))
            throw new EngineException("retention_refused", Sentence(EventsTable.Name, "events.retention and events.retentionBytes"));
        var topics = read.Where(t => t.Connector == "log").Select(TopicOptions.TopicOf).ToHashSet(StringComparer.Ordinal);
        foreach (var table in binder.Tables.Values.Where(t => t.Connector == "log" && topics.Contains(TopicOptions.TopicOf(t))))
        {
            if (TopicOptions.SettingsOf(table) is not { KeepsAll: false }) continue;
            var option = table.Options.ContainsKey(TopicOptions.RetentionTime) ? TopicOptions.RetentionTime : TopicOptions.RetentionBytes;
            throw new SqlException(table.Source, table.PlaceOf(option), Sentence(TopicOptions.TopicOf(table), $"'{TopicOptions.RetentionTime}' and '{TopicOptions.RetentionBytes}'"));
        }
    }

    private static string Sentence(string topic, string settings) =>
        $"The topic {topic} has a retention and is read by the project: until checkpoints exist a start builds the views from the whole topic, so nothing of it may be deleted. Remove {settings}.";
}
