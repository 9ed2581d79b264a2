using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Engine.Sinks;
using Freshet.Engine.Sources;
using Freshet.Kernels;
using Freshet.Log;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Planning;

/// <summary>What a table of the connector <c>log</c> says of its topic, and how rows become records of it.</summary>
internal static class TopicOptions
{
    public const string RetentionTime = "retention.time";
    public const string RetentionBytes = "retention.bytes";

    private static readonly string[] Formats = ["json", "debezium-json", "canal-json", "maxwell-json"];

    /// <summary>Topics of the log that no table may name.</summary>
    private static readonly string[] OwnTopics = [EventsTable.Name, Steps.StepLoop.JournalTopic, Journals.PlanRecord.Topic];

    public static string TopicOf(TableDefinition table) => table.Option("topic", table.DeclaredName);

    public static void Check(TableDefinition table, Func<string, SqlException> error)
    {
        var format = table.Option("format", "json");
        if (!Formats.Contains(format)) throw error($"The connector 'log' reads and writes {string.Join(", ", Formats)}, not 'format' = '{format}'.{NearestName.Hint(format, Formats)}");
        if (table.Options.ContainsKey(TableDefinition.OpFieldOption) && format != "json") throw error($"'{TableDefinition.OpFieldOption}' belongs to 'format' = 'json'.");
        CheckUpsert(table, error);
        CheckMetadata(table, error);
        if (table.Option("durability", "durable") is not ("durable" or "relaxed")) throw error("'durability' is 'durable' (an append is answered when it is on disk) or 'relaxed' (when it is written; a sync follows within 100 ms).");
        if (table.Options.TryGetValue(RetentionTime, out var time) && !OptionText.TryDuration(time, out _)) throw error($"'retention.time' = '{time}' is no duration: write one such as '7 d' or '12 h'.");
        if (table.Options.TryGetValue(RetentionBytes, out var bytes) && !OptionText.TryBytes(bytes, out _)) throw error($"'retention.bytes' = '{bytes}' is no size: write one such as '10 gb' or '512 mb'.");
        if (OwnTopics.Contains(TopicOf(table)) || TopicOf(table).StartsWith(FileExtents.TopicPrefix, StringComparison.Ordinal)) throw error($"The topic {TopicOf(table)} is the engine's own: choose another name, or read the table events.");
    }

    /// <summary>Refuses columns that INSERT INTO would have to give and that the record alone has.</summary>
    public static void CheckWritten(TableDefinition table, SourceText source, TextSpan place)
    {
        foreach (var metadata in table.Metadata.Where(m => !m.IsVirtual))
        {
            var (name, type) = (table.Schema.Fields[metadata.Column].Name, table.Schema[metadata.Column]);
            if (metadata.Key != RecordMetadata.TimestampKey) throw new SqlException(source, place, $"The column {name} is METADATA FROM '{metadata.Key}', which a topic gives and nobody writes: declare it VIRTUAL.");
            if (type.Kind != TypeKind.TimestampLtz || type.Precision > 6) throw new SqlException(source, place, $"The column {name} is METADATA FROM '{metadata.Key}' and written as TIMESTAMP_LTZ(3), not {type.Name}: declare it so, or VIRTUAL.");
        }
    }

    public static IRecordWriter WriterOf(TableDefinition table, Schema schema)
    {
        var columns = new RecordColumns(table, schema);
        if (TopicFormat.IsUpsertTable(table)) return new UpsertRecords(columns);
        return ChangeFormats.Of(table) is { } format ? new ChangeRecords(columns, format) : new AddedRecords(columns);
    }

    /// <summary>What a table says of its topic; null where it says nothing.</summary>
    public static TopicSettings? SettingsOf(TableDefinition table)
    {
        var hasTime = OptionText.TryDuration(table.Option(RetentionTime, ""), out var time);
        var hasBytes = OptionText.TryBytes(table.Option(RetentionBytes, ""), out var bytes);
        if (!hasTime && !hasBytes && !table.Options.ContainsKey("durability")) return null;
        return new TopicSettings { IsRelaxed = table.Option("durability", "") == "relaxed", RetentionTime = hasTime ? time : null, RetentionBytes = hasBytes ? bytes : null };
    }

    private static void CheckUpsert(TableDefinition table, Func<string, SqlException> error)
    {
        if (!table.Options.TryGetValue(TableDefinition.ChangesOption, out var changes)) return;
        if (changes != "upsert") throw error($"'{TableDefinition.ChangesOption}' = '{changes}' is unknown: 'upsert' says that a record's key names a row and its value is the row as it is now. Without the option rows are added, or changed as a format such as 'debezium-json' says.");
        if (table.PrimaryKey.IsEmpty) throw error($"'{TableDefinition.ChangesOption}' = 'upsert' needs a PRIMARY KEY, whose columns are the records' keys.");
        if (table.Option("format", "json") != "json" || table.Options.ContainsKey(TableDefinition.OpFieldOption)) throw error($"'{TableDefinition.ChangesOption}' = 'upsert' goes with 'format' = 'json' alone: formats of changes say by themselves how rows change.");
        if (table.PrimaryKey.FirstOrDefault(table.IsMetadata, -1) is >= 0 and var column) throw error($"The primary key of {table.Name} has the column {table.Schema.Fields[column].Name}, which is METADATA: the records' keys are made of columns of the row.");
    }

    private static void CheckMetadata(TableDefinition table, Func<string, SqlException> error)
    {
        foreach (var metadata in table.Metadata)
        {
            var (name, type) = (table.Schema.Fields[metadata.Column].Name, table.Schema[metadata.Column]);
            if (!RecordMetadata.Known.TryGetValue(metadata.Key, out var known)) throw error($"A topic has no metadata '{metadata.Key}' for the column {name}.{NearestName.Hint(metadata.Key, RecordMetadata.Known.Keys)} It has {string.Join(", ", RecordMetadata.Known.Keys)}.");
            if (!known.Type.EqualsIgnoringNullability(type) && CastKernel.Of(known.Type, type, isTry: false) is null) throw error($"The column {name} is METADATA FROM '{metadata.Key}', which is {known.Type.Name} and cannot be {type.Name}.");
        }
    }
}
