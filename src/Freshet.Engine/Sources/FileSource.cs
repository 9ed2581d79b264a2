using System.Collections.Immutable;
using System.IO.Compression;
using Freshet.Columns;
using Freshet.Columns.Csv;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Sql.Catalog;
using Freshet.Sql.Plan;

namespace Freshet.Engine.Sources;

/// <summary>
/// The rows of a file or of all files of a folder, in order of name: JSON lines or CSV, gzipped where the name ends in .gz.
/// Bounded; positions are row numbers over all files. Ranges are asked for in order from the start, so that a file is read once.
/// </summary>
internal sealed class FileSource : IRowSource
{
    private const int BatchRows = 8192;

    private readonly Queue<(long First, Batch Batch, List<SourceError> Errors)> _waiting = new();
    private readonly Func<RowDecoder> _createDecoder;
    private readonly Queue<string> _files;
    private readonly string[] _columnNames;
    private RowDecoder? _decoder;
    private Stream? _stream;
    private string _file = "";
    private bool _fileEnded;
    private long _read;

    public FileSource(TableDefinition table, ImmutableArray<ScanColumn> columns, string folder)
    {
        Name = table.Name;
        var path = Path.GetFullPath(table.Option("path", ""), folder);
        _files = new Queue<string>(Directory.Exists(path)
            ? Directory.EnumerateFiles(path).Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal)
            : File.Exists(path) ? [path] : throw new EngineException("file_not_found", $"The path of table {table.Name} is not there: {path}. It is taken relative to the folder of the script or project."));
        _columnNames = [.. columns.Select(c => table.Schema.Fields[c.Column].Name)];
        _createDecoder = table.Option("format", "") == "csv" ? CsvDecoder(table, columns) : JsonDecoder(table, columns);
    }

    public string Name { get; }

    public int Partitions => 1;

    public bool IsBounded => true;

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes)
    {
        while (_read < from + rows && TryReadBatch())
        {
        }

        return Math.Min(_read, from + rows);
    }

    public bool IsEnd(int partition, long position) => position >= _read && !TryReadBatch();

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        // A replay may ask for what the plan of a step has not read yet.
        Limit(partition, from, (int)(to - from), long.MaxValue);
        while (from < to && _waiting.TryPeek(out var waiting))
        {
            var start = (int)(from - waiting.First);
            var count = (int)Math.Min(waiting.Batch.Rows - start, to - from);
            var last = start + count == waiting.Batch.Rows;
            if (last) _waiting.Dequeue();
            else waiting.Batch.AddReference();
            slices.Add(new FileSlice(waiting.Batch, start, count, start == 0 ? waiting.Errors : []));
            from += count;
        }

        if (from < to) throw new EngineException("file_changed", $"The file {_file} of table {Name} has fewer rows than when it was read first; files that a project reads must not shrink.");
    }

    public void Dispose()
    {
        while (_waiting.TryDequeue(out var waiting)) waiting.Batch.Release();
        _decoder?.Dispose();
        _stream?.Dispose();
    }

    private bool TryReadBatch()
    {
        while (true)
        {
            if (_decoder is null && !TryOpenNext()) return false;
            if (_decoder!.TryRead(BatchRows) is { } batch)
            {
                Keep(batch);
                return true;
            }

            if (_fileEnded)
            {
                _decoder.Dispose();
                _stream!.Dispose();
                _decoder = null;
                continue;
            }

            var read = _stream!.Read(_decoder.GetBuffer());
            if (read > 0)
            {
                _decoder.Commit(read);
                continue;
            }

            _decoder.Complete();
            _fileEnded = true;
        }
    }

    private bool TryOpenNext()
    {
        if (!_files.TryDequeue(out var file)) return false;
        _file = file;
        _stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        if (file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) _stream = new GZipStream(_stream, CompressionMode.Decompress);
        _decoder = _createDecoder();
        _fileEnded = false;
        return true;
    }

    private unsafe void Keep(Batch batch)
    {
        var errors = _decoder!.Errors.Select(e => new SourceError(0, _read + e.Row, e.Column < 0 ? "" : _columnNames[e.Column], e.Value, $"{Path.GetFileName(_file)}: {e.Reason}")).ToList();
        var memory = BatchMemory.Create();
        var positions = Column.Allocate(PhysicalKind.Int64, batch.Rows, memory);
        for (var i = 0; i < batch.Rows; i++) positions.As<long>()[i] = _read + i;
        var whole = batch.WithColumns(memory, [.. batch.Columns, positions]);
        batch.Release();
        if (errors.Count > 0) LeaveOut(whole, errors);
        _waiting.Enqueue((_read, whole, errors));
        _read += whole.Rows;
    }

    /// <summary>A row with a bad value adds nothing; the others go on.</summary>
    private unsafe void LeaveOut(Batch batch, List<SourceError> errors)
    {
        var bad = errors.Select(e => (int)(e.Position - _read)).ToHashSet();
        var rows = batch.Memory.Allocate<int>(batch.Rows);
        var count = 0;
        for (var i = 0; i < batch.Rows; i++)
            if (!bad.Contains(i)) rows[count++] = i;
        batch.Select(rows, count);
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

    private sealed class FileSlice(Batch batch, int start, int count, List<SourceError> found) : ISourceSlice
    {
        public unsafe Batch Decode(List<SourceError> errors)
        {
            errors.AddRange(found);
            if (start == 0 && count == batch.Rows) return batch;
            var memory = BatchMemory.Create();
            var rows = memory.Allocate<int>(count);
            var kept = 0;
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                if (row >= start && row < start + count) rows[kept++] = row;
            }

            var part = batch.WithColumns(memory, batch.Columns);
            part.Select(rows, kept);
            batch.Release();
            return part;
        }
    }
}
