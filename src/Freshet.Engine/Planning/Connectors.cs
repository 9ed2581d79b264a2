using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Csv;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Engine.Nexmark;
using Freshet.Engine.Sinks;
using Freshet.Engine.Sources;
using Freshet.Log;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Planning;

/// <summary>The connectors: their options as data, and how a table becomes a source or a sink.</summary>
internal sealed class Connectors(LogStore? log, PipelineOptions options)
{
    private static readonly string[] Formats = ["csv", "json", "debezium-json", "canal-json", "maxwell-json"];

    private static readonly string[] ChangeOptions =
        [.. Formats[2..].SelectMany(f => new[] { $"{f}.ignore-parse-errors", $"{f}.timestamp-format.standard" }), "debezium-json.schema-include"];

    private static readonly string[] FileOptions =
    [
        "connector", "path", "format", FollowedFileSource.IntervalOption, "csv.field-delimiter", "csv.disable-quote-character", "csv.quote-character", "csv.escape-character",
        "csv.null-literal", "csv.array-element-delimiter", "csv.ignore-parse-errors", "csv.ignore-first-line", "csv.allow-comments", "csv.write-header",
        "json.ignore-parse-errors", "json.fail-on-missing-field", "json.timestamp-format.standard", TableDefinition.OpFieldOption, .. ChangeOptions,
    ];

    /// <summary>How watermarks are made; those of alignment hold of themselves, since the input furthest behind is always read first.</summary>
    private static readonly string[] WatermarkOptions =
    [
        "scan.watermark.emit.strategy", "scan.watermark.idle-timeout", "scan.watermark.alignment.group", "scan.watermark.alignment.max-drift", "scan.watermark.alignment.update-interval",
    ];

    private static readonly Dictionary<string, string[]> Known = new()
    {
        ["log"] =
        [
            "connector", "topic", "format", "durability", "retention.time", "retention.bytes", TableDefinition.ChangesOption, "json.ignore-parse-errors", TableDefinition.OpFieldOption,
            .. Formats[2..].Select(f => $"{f}.ignore-parse-errors"), .. WatermarkOptions,
        ],
        ["filesystem"] = [.. FileOptions, .. WatermarkOptions],
        ["print"] = ["connector", "print-identifier", "standard-error", "sink.parallelism"],
        ["blackhole"] = ["connector"],
        ["nexmark"] = NexmarkOptions.Known,
        ["datagen"] = DataGenFields.TableOptions,
    };

    /// <summary>INSERTs into one topic share its sink, so that a step's rows of all of them are there together or not at all.</summary>
    private readonly Dictionary<string, TopicSink> _topicSinks = [];

    /// <summary>Refuses an INSERT whose query takes rows back where the connector can only add.</summary>
    public static void CheckInsert(InsertPlan insert, SourceText source, TextSpan place)
    {
        CheckColumns(insert, source, place);
        if (insert.Plan.IsAppendOnly || insert.Target.Connector is "print" or "blackhole" || insert.Target.Changes != RowChanges.None) return;
        var remedy = insert.Target.Connector == "log"
            ? $"Declare the topic with {(insert.Target.PrimaryKey.IsEmpty ? "a PRIMARY KEY and " : "")}'{TableDefinition.ChangesOption}' = 'upsert', which keeps the last row of each key, or with a format of changes such as 'debezium-json'; or keep the result in a view"
            : "Name a format of changes such as 'debezium-json'; or keep the result in a view";
        throw new SqlException(source, place, $"The query of INSERT INTO {insert.Target.Name} takes rows back, and a table of the connector '{insert.Target.Connector}' that is declared like this can only add them. {remedy}, CREATE MATERIALIZED VIEW, or write a query that only adds rows, such as one over windows.");
    }

    /// <summary>Refuses an INSERT into columns that nobody can write.</summary>
    public static void CheckColumns(InsertPlan insert, SourceText source, TextSpan place)
    {
        if (insert.Target.Connector == "log") TopicOptions.CheckWritten(insert.Target, source, place);
    }

    /// <summary>Holds a declaration against what its connector knows.</summary>
    public static void Check(TableDefinition table)
    {
        SqlException Error(string sentence, string? option = null) => new(table.Source, option is null ? table.Place : table.PlaceOf(option), sentence);
        if (table.Connector.Length == 0) throw Error($"Table {table.Name} has no 'connector' option; the connectors are {string.Join(", ", Known.Keys)}.");
        if (!Known.TryGetValue(table.Connector, out var known)) throw Error($"There is no connector '{table.Connector}'.{NearestName.Hint(table.Connector, Known.Keys)} The connectors are {string.Join(", ", Known.Keys)}.", TableDefinition.ConnectorOption);
        if (table.Connector == "datagen") DataGenFields.Check(table, s => Error(s));
        foreach (var key in table.Connector == "datagen" ? [] : table.Options.Keys)
            if (!known.Contains(key)) throw Error($"The connector '{table.Connector}' has no option '{key}'.{NearestName.Hint(key, known)} Its options are {string.Join(", ", known)}.", key);
        if (table.Options.GetValueOrDefault("scan.watermark.idle-timeout") is { } timeout && !Sources.Durations.TryParse(timeout, out _)) throw Error($"'scan.watermark.idle-timeout' = '{timeout}' is no length of time: write 30 s or 1 min.", "scan.watermark.idle-timeout");
        if (!table.Metadata.IsEmpty && table.Connector != "log") throw Error($"The connector '{table.Connector}' gives no metadata: the column {table.Schema.Fields[table.Metadata[0].Column].Name} cannot be read.");
        if (table.Connector == "filesystem")
        {
            if (!table.PartitionKeys.IsEmpty) throw Error("PARTITIONED BY is not supported for files: they are read and written as one folder.");
            if (!table.Options.ContainsKey("path")) throw Error($"Table {table.Name} needs the option 'path'.");
            var format = table.Option("format", "");
            if (!Formats.Contains(format)) throw Error($"Table {table.Name} needs a 'format': {string.Join(", ", Formats)}.{NearestName.Hint(format, Formats)}", "format");
            if (table.Options.ContainsKey(TableDefinition.OpFieldOption) && format != "json") throw Error($"'{TableDefinition.OpFieldOption}' belongs to 'format' = 'json'.");
            if (table.Options.TryGetValue(FollowedFileSource.IntervalOption, out var interval) && !(Durations.TryParse(interval, out var micros) && micros > 0))
                throw Error($"'{FollowedFileSource.IntervalOption}' = '{interval}' is no length of time above 0: write one such as '1 s' or '500 ms'.");
        }

        if (table.Connector == "nexmark") NexmarkOptions.Check(table);
        if (table.Connector == "log") TopicOptions.Check(table, s => Error(s));
    }

    /// <summary>The source of a table with the columns that are needed; bounded when <paramref name="end"/> names where its topic ends.</summary>
    public IRowSource CreateSource(TableDefinition table, ImmutableArray<ScanColumn> physical, Func<Partition, LogOffset>? end)
    {
        switch (table.Connector)
        {
            case EventsTable.Connector:
                return new TopicSource(Topic(EventsTable.Name), [.. physical.Select(TopicColumn.OfEvent)], new TopicFormat(IsTrusted: true), end?.Invoke(Topic(EventsTable.Name)));
            case "log":
                var partition = Topic(TopicOptions.TopicOf(table), TopicOptions.SettingsOf(table));
                return new TopicSource(partition, [.. physical.Select(c => TopicColumn.Of(table, c))], TopicFormat.Of(table), end?.Invoke(partition));
            case "filesystem":
                // A query that ends reads what is there.
                if (end is null && table.Options.ContainsKey(FollowedFileSource.IntervalOption)) return new FollowedFileSource(table, physical, options.Folder, log ?? throw NoLog(table.Name));
                return new FileSource(table, physical, options.Folder);
            case "nexmark":
                return table.Options.ContainsKey("file") ? new NexmarkFileSource(table, physical, options.Folder) : new NexmarkSource(table, physical);
            case "datagen":
                // A kept query reads its input again at each start: there times are those of 2024.
                return new DataGenSource(table, physical, end is null ? new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() : DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            default:
                throw new SqlException(table.Source, table.Place, $"A table of the connector '{table.Connector}' can be written, not read.");
        }
    }

    /// <param name="isReplayed">The steps that the sink gets are those of a journal.</param>
    public IRowSink CreateSink(TableDefinition table, Schema schema, bool isReplayed)
    {
        switch (table.Connector)
        {
            case "log":
                return SinkOf(table, isReplayed).For(TopicOptions.WriterOf(table, schema));
            case "blackhole":
                return new BlackholeSink();
            case "print":
                return new PrintSink(new PrintLineWriter(schema, table.Option("print-identifier", "")), options.Output);
            case "filesystem":
                var path = Path.GetFullPath(table.Option("path", ""), options.Folder);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                var file = new FileStream(path, FileMode.Create, FileAccess.Write);
                var times = table.Option(table.Option("format", "") + ".timestamp-format.standard", "SQL") == "ISO-8601" ? JsonTimeFormat.Iso8601 : JsonTimeFormat.Sql;
                if (ChangeFormats.Of(table) is { } changes) return new ChangeSink(new ChangeLineWriter(schema, changes, times), file);
                IRowWriter writer = table.Option("format", "") == "csv"
                    ? new CsvLineWriter(schema, new CsvOptions(), table.Option("csv.write-header", "false") == "true")
                    : new JsonLineWriter(schema, times);
                return new TextSink(writer, file, isTerminal: false);
            default:
                throw new SqlException(table.Source, table.Place, $"Table {table.Name} cannot be written.");
        }
    }

    private TopicSink SinkOf(TableDefinition table, bool isReplayed)
    {
        var topic = TopicOptions.TopicOf(table);
        if (!_topicSinks.TryGetValue(topic, out var sink)) _topicSinks.Add(topic, sink = new TopicSink(log ?? throw NoLog(table.Name), Topic(topic, TopicOptions.SettingsOf(table)), isReplayed));
        return sink;
    }

    private Partition Topic(string name, TopicSettings? settings = null) => (log ?? throw NoLog(name)).OpenPartition(name, 0, settings);

    private static EngineException NoLog(string name) => new("no_data_directory", $"{name} lies in the log of a data directory: name one with --data.");
}
