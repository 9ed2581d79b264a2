using System.Collections.Immutable;
using System.IO.Compression;
using Freshet.Columns;
using Freshet.Columns.Csv;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sources;

/// <summary>How the files of a table become rows: the decoder that its options name, and gzip by a file's name.</summary>
internal static class FileFormats
{
    /// <summary>Makes a decoder for each file.</summary>
    public static Func<RowDecoder> DecoderOf(TableDefinition table, ImmutableArray<ScanColumn> columns) =>
        table.Option("format", "") == "csv" ? CsvDecoder(table, columns) : JsonDecoder(table, columns);

    /// <summary>The path of a table, which is relative to the folder of the script or project.</summary>
    public static string PathOf(TableDefinition table, string folder) => Path.GetFullPath(table.Option("path", ""), folder);

    /// <summary>The files of a folder in order of name, without hidden ones; or the one file.</summary>
    public static IEnumerable<string> FilesOf(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path).Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal)
        : File.Exists(path) ? [path] : [];

    public static bool IsGzip(string file) => file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>The text of a file.</summary>
    public static Stream Open(string file)
    {
        // Whoever writes the file goes on writing it.
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);
        return IsGzip(file) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
    }

    private static Func<RowDecoder> CsvDecoder(TableDefinition table, ImmutableArray<ScanColumn> columns)
    {
        var physical = Enumerable.Range(0, table.Schema.Count).Where(c => !table.IsComputed(c) && !table.IsMetadata(c)).ToList();
        var fields = new Schema([.. physical.Select(c => table.Schema.Fields[c])]);
        int[] wanted = [.. columns.Select(c => physical.IndexOf(c.Column))];
        var options = new CsvOptions(
            Delimiter: table.Option("csv.field-delimiter", ",") is ['\\', 't'] ? '\t' : table.Option("csv.field-delimiter", ",")[0],
            Quote: table.Option("csv.disable-quote-character", "false") == "true" ? null : table.Option("csv.quote-character", "\"")[0],
            Escape: table.Options.TryGetValue("csv.escape-character", out var escape) ? escape[0] : null,
            NullLiteral: table.Options.GetValueOrDefault("csv.null-literal"),
            ArrayElementDelimiter: table.Option("csv.array-element-delimiter", ";"),
            IgnoreParseErrors: table.Option("csv.ignore-parse-errors", "false") == "true",
            IgnoreFirstLine: table.Option("csv.ignore-first-line", "false") == "true",
            AllowComments: table.Option("csv.allow-comments", "false") == "true");
        if (options.Validate() is { } wrong) throw new EngineException("option_invalid", $"Table {table.Name}: {wrong}");
        return () => new CsvRowDecoder(fields, wanted, options);
    }

    private static Func<RowDecoder> JsonDecoder(TableDefinition table, ImmutableArray<ScanColumn> columns)
    {
        JsonPathColumn[] paths = [.. columns.Select(c => TopicColumn.Of(table.Schema.Fields[c.Column].Name, c)).Select(c => new JsonPathColumn(c.Path!, c.Type, c.FailsAsNull ? OnDecodeFailure.Null : OnDecodeFailure.Error))];
        var ignore = table.Option(table.Option("format", "json") + ".ignore-parse-errors", "false") == "true";
        var options = new JsonDecodeOptions(FailOnMissingField: table.Option("json.fail-on-missing-field", "false") == "true");
        return () => new JsonRowDecoder(paths, options, ignore, ChangeFormats.Of(table));
    }
}
