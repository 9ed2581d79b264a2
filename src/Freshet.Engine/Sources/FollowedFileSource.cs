using System.Collections.Immutable;
using Freshet.Columns.Formats;
using Freshet.Log;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Sources;

/// <summary>
/// A file, or the files of a folder, watched for what is added: new files in order of name, and new lines of known ones. A line
/// is a row when its end is there; a gzipped file is read once, whole. Positions are row numbers in the order of reading, which
/// <see cref="FileExtents"/> keeps, so files may grow and never shrink or change: one that has fewer bytes than were read is
/// left aside and named in <see cref="Problem"/>, and a replay that needs its rows refuses to start.
/// Cost: one listing of the folder for each interval; a file that has nothing new is not opened.
/// </summary>
internal sealed class FollowedFileSource : IRowSource
{
    public const string IntervalOption = "source.monitor-interval";

    private const int BatchRows = 8192;

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Func<RowDecoder> _createDecoder;
    private readonly FileRows _rows;
    private readonly FileExtents _extents;
    private readonly Queue<FileExtent> _known;
    private readonly List<FileExtent> _unwritten = [];
    private readonly Dictionary<string, FileState> _files = [];
    private readonly Queue<string> _grown = new();
    private FileState? _open;
    private RowDecoder? _decoder;
    private Stream? _stream;
    private long _lookedAt;
    private bool _hasLooked;
    private long _durable;

    public FollowedFileSource(TableDefinition table, ImmutableArray<ScanColumn> columns, string folder, LogStore log, TimeProvider? time = null)
    {
        Name = table.Name;
        LooksAgainAfter = Durations.TryParse(table.Option(IntervalOption, ""), out var micros) ? TimeSpan.FromMicroseconds(micros) : TimeSpan.FromSeconds(1);
        _path = FileFormats.PathOf(table, folder);
        _time = time ?? TimeProvider.System;
        _createDecoder = FileFormats.DecoderOf(table, columns);
        _rows = new FileRows([.. columns.Select(c => table.Schema.Fields[c.Column].Name)]);
        _extents = new FileExtents(log, table.Name);
        _known = _extents.Read();
    }

    public string Name { get; }

    public int Partitions => 1;

    public bool IsBounded => false;

    public TimeSpan LooksAgainAfter { get; }

    public string? Problem { get; private set; }

    public long Start(int partition) => 0;

    public bool IsEnd(int partition, long position) => false;

    public long Limit(int partition, long from, int rows, long bytes)
    {
        while (_rows.End < from + rows && (TryReadKnown() || TryReadNew()))
        {
        }

        if (_unwritten.Count > 0 && _extents.TryAppend(_unwritten)) _unwritten.Clear();
        if (_unwritten.Count == 0) _durable = _rows.End;
        return Math.Min(Math.Max(from, _durable), from + rows);
    }

    public void Slice(int partition, long from, long to, List<ISourceSlice> slices)
    {
        // A replay asks for what was read in an earlier process.
        while (_rows.End < to && TryReadKnown())
        {
        }

        if (_rows.Take(from, to, slices) < to) throw new EngineException("file_changed", $"The order in which the files of table {Name} were read is not in the data directory; begin with a new one.");
    }

    public void Dispose()
    {
        Close();
        _rows.Dispose();
    }

    /// <summary>Reads again what an earlier process read next; false when all of that has been read.</summary>
    private bool TryReadKnown()
    {
        if (!_known.TryDequeue(out var extent)) return false;
        var end = _rows.End + extent.Rows;
        try
        {
            Open(extent.File);
            while (_rows.End < end && Read((int)(end - _rows.End)) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw Changed(extent.File, e.Message);
        }

        if (_rows.End != end) throw Changed(extent.File, "It has fewer rows now.");
        // What lies behind in the decoder is new, and is read as such.
        _open!.SeenBytes = _decoder!.PositionBytes;
        if (_known.Count == 0) Close();
        return true;
    }

    private EngineException Changed(string file, string what) =>
        new("file_changed", $"The file {file} of table {Name} is not as it was when it was read: {what} A start reads followed files again, so they must stay and may only grow. Put the file back, or begin with a new data directory.");

    /// <summary>Reads what has been added; false when there is nothing now.</summary>
    private bool TryReadNew()
    {
        while (true)
        {
            if (_open is null)
            {
                if (_grown.Count == 0) Look();
                if (!_grown.TryDequeue(out var next)) return false;
                try
                {
                    Open(next);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    Problem = $"{next} cannot be read: {e.Message}";
                    continue;
                }
            }

            try
            {
                var file = _open!.Name;
                var rows = Read(BatchRows);
                if (rows > 0)
                {
                    _unwritten.Add(new FileExtent(file, rows));
                    return true;
                }
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                Problem = $"{_open!.Name} cannot be read further: {e.Message}";
                _open.IsDone = true;
            }

            Close();
        }
    }

    /// <summary>Lists the files that have more than was read, at most once in an interval.</summary>
    private void Look()
    {
        if (_hasLooked && _time.GetElapsedTime(_lookedAt) < LooksAgainAfter) return;
        _hasLooked = true;
        _lookedAt = _time.GetTimestamp();
        try
        {
            foreach (var path in FileFormats.FilesOf(_path)) Look(path, Path.GetFileName(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file may go between being listed and being looked at; the next look shows what remains.
            Problem = $"{_path} cannot be looked through: {e.Message}";
        }
    }

    private void Look(string path, string name)
    {
        var length = new FileInfo(path).Length;
        if (!_files.TryGetValue(name, out var state))
        {
            _grown.Enqueue(name);
            return;
        }

        if (state.IsDone) return;
        // What was seen of a gzipped file is counted as text.
        if (FileFormats.IsGzip(name) || length > state.SeenBytes)
        {
            _grown.Enqueue(name);
        }
        else if (length < state.SeenBytes)
        {
            Problem = $"{name} has {length} bytes after {state.SeenBytes} had been read: files that are followed may only grow. It is left aside; write a new file.";
            state.IsDone = true;
        }
    }

    /// <summary>Opens a file where reading it stopped.</summary>
    private void Open(string name)
    {
        if (_open?.Name == name) return;
        Close();
        if (!_files.TryGetValue(name, out var state)) _files.Add(name, state = new FileState(name));
        _stream = FileFormats.Open(Directory.Exists(_path) ? Path.Combine(_path, name) : _path);
        _decoder = _createDecoder();
        if (state.PositionBytes > 0)
        {
            if (FileFormats.IsGzip(name)) Skip(_stream, state.PositionBytes);
            else _stream.Position = state.PositionBytes;
            _decoder.StartAt(state.PositionBytes, state.Line);
        }

        state.SeenBytes = state.PositionBytes;
        _open = state;
    }

    /// <summary>Reads a batch of at most so many rows; 0 at the end of what is there.</summary>
    private int Read(int rows)
    {
        while (true)
        {
            if (_decoder!.TryRead(rows) is { } batch)
            {
                var count = batch.Rows;
                _rows.Add(batch, _decoder.Errors, _open!.Name);
                return count;
            }

            if (_open!.IsDone) return 0;
            var read = _stream!.Read(_decoder.GetBuffer());
            if (read > 0)
            {
                _decoder.Commit(read);
                _open.SeenBytes += read;
                continue;
            }

            if (!FileFormats.IsGzip(_open.Name)) return 0;
            _decoder.Complete();
            _open.IsDone = true;
        }
    }

    private void Close()
    {
        if (_open is not null)
        {
            _open.PositionBytes = _decoder!.PositionBytes;
            _open.Line = _decoder.Line;
        }

        _decoder?.Dispose();
        _stream?.Dispose();
        _open = null;
        _decoder = null;
        _stream = null;
    }

    private static void Skip(Stream stream, long bytes)
    {
        var buffer = new byte[1 << 16];
        while (bytes > 0)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes));
            if (read == 0) throw new InvalidDataException("It ends before what was read.");
            bytes -= read;
        }
    }

    private sealed class FileState(string name)
    {
        public string Name { get; } = name;

        /// <summary>Where the first row that has not been read begins.</summary>
        public long PositionBytes { get; set; }

        public long Line { get; set; } = 1;

        /// <summary>Length up to which the file has been looked at.</summary>
        public long SeenBytes { get; set; }

        /// <summary>Nothing more is read of it.</summary>
        public bool IsDone { get; set; }
    }
}
