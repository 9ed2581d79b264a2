using System.Collections.Immutable;
using Freshet.Columns.Formats;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sources;

/// <summary>
/// The rows of a file or of all files of a folder, in order of name: JSON lines or CSV, gzipped where the name ends in .gz.
/// Bounded; positions are row numbers over all files. Ranges are asked for in order from the start, so that a file is read once.
/// The last line of a file needs no line end, unless the table is followed: then whoever writes it is still at it.
/// </summary>
internal sealed class FileSource : IRowSource
{
    private const int BatchRows = 8192;

    private readonly FileRows _rows;
    private readonly Func<RowDecoder> _createDecoder;
    private readonly string[] _all;
    private readonly Queue<string> _files;
    private readonly bool _isFollowed;
    private RowDecoder? _decoder;
    private Stream? _stream;
    private string _file = "";
    private bool _fileEnded;

    public FileSource(TableDefinition table, ImmutableArray<ScanColumn> columns, string folder)
    {
        Name = table.Name;
        var path = FileFormats.PathOf(table, folder);
        _all = [.. FileFormats.FilesOf(path)];
        _files = new Queue<string>(_all);
        _isFollowed = table.Options.ContainsKey(FollowedFileSource.IntervalOption);
        // A folder that is followed may be made later.
        if (_files.Count == 0 && !Directory.Exists(path) && !_isFollowed)
            throw new EngineException("file_not_found", $"The path of table {table.Name} is not there: {path}. It is taken relative to the folder of the script or project.") { Place = table.Source.Describe(table.Place) };
        _rows = new FileRows([.. columns.Select(c => table.Schema.Fields[c.Column].Name)]);
        _createDecoder = FileFormats.DecoderOf(table, columns);
    }

    public string Name { get; }

    public int Partitions => 1;

    public bool IsBounded => true;

    public long Start(int partition) => 0;

    public long Limit(int partition, long from, int rows, long bytes)
    {
        while (_rows.End < from + rows && TryReadBatch())
        {
        }

        return Math.Min(_rows.End, from + rows);
    }

    public bool IsEnd(int partition, long position) => position >= _rows.End && !TryReadBatch();

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        // A replay may ask for what the plan of a step has not read yet.
        Limit(partition, from, (int)(to - from), long.MaxValue);
        from = _rows.Take(from, to, slices);
        if (from < to) throw new EngineException("file_changed", $"The file {_file} of table {Name} has fewer rows than when it was read first; files that a project reads must not shrink.");
    }

    /// <summary>Reads the files again up to the row: nobody keeps the lines of rows.</summary>
    public string? PlaceOf(long position)
    {
        foreach (var file in _all)
        {
            using var stream = FileFormats.Open(file);
            using var decoder = _createDecoder();
            for (var isRead = false; ;)
            {
                while (position > 0 && decoder.TryRead((int)Math.Min(position, BatchRows)) is { } batch)
                {
                    position -= batch.Rows;
                    batch.Release();
                }

                if (position == 0 && decoder.TryRead(1) is { } row)
                {
                    row.Release();
                    return $"{Path.GetFileName(file)} line {decoder.Line - 1}";
                }

                if (isRead) break;
                var read = stream.Read(decoder.GetBuffer());
                isRead = read == 0;
                if (isRead) decoder.Complete();
                else decoder.Commit(read);
            }
        }

        return null;
    }

    public void Dispose()
    {
        _rows.Dispose();
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
                _rows.Add(batch, _decoder.Errors, _file);
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

            if (!_isFollowed || FileFormats.IsGzip(_file)) _decoder.Complete();
            _fileEnded = true;
        }
    }

    private bool TryOpenNext()
    {
        if (!_files.TryDequeue(out var file)) return false;
        _file = file;
        _stream = FileFormats.Open(file);
        _decoder = _createDecoder();
        _fileEnded = false;
        return true;
    }
}
