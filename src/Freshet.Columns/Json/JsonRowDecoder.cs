using Freshet.Columns.Formats;
using Freshet.Columns.Memory;

namespace Freshet.Columns.Json;

/// <summary>
/// JSON lines to batches: one document a line, blank lines skipped. Of each document exactly the given paths are read.
/// </summary>
/// <remarks><c>json.ignore-parse-errors</c>: a line that is not JSON is left out, a wrong value is NULL.</remarks>
public sealed unsafe class JsonRowDecoder : RowDecoder
{
    private readonly JsonPathDecoder _decoder;
    private readonly JsonPathColumn[] _columns;
    private readonly bool _ignoresErrors;
    private readonly ChangeReader? _changes;
    private readonly List<ChangedRow> _changed = [];
    private readonly List<int> _weights = [];
    private readonly List<long> _lines = [];
    private readonly List<DecodeError> _errors = [];

    public JsonRowDecoder(ReadOnlySpan<JsonPathColumn> columns, JsonDecodeOptions? options = null, bool ignoreParseErrors = false, ChangeFormat? changes = null)
    {
        _changes = changes is null ? null : new ChangeReader(changes);
        _ignoresErrors = ignoreParseErrors;
        _columns = columns.ToArray();
        if (ignoreParseErrors)
            for (var c = 0; c < _columns.Length; c++) _columns[c] = _columns[c] with { OnFailure = OnDecodeFailure.Null };
        _decoder = new JsonPathDecoder(_columns, options);
    }

    public override IReadOnlyList<DecodeError> Errors => _errors;

    protected override void Dispose(bool disposing)
    {
        _decoder.Dispose();
        _changes?.Dispose();
    }

    private protected override long* WeightsOf(BatchMemory memory, int rows)
    {
        if (_changes is null) return null;
        var weights = memory.Allocate<long>(rows);
        for (var i = 0; i < rows; i++) weights[i] = _weights[i];
        return weights;
    }

    private protected override Column[] Decode(byte* text, int length, bool isLast, int maxRows, BatchMemory memory, out int rows, out int consumed)
    {
        // A line takes two bytes at least, so that a short text needs no full batch.
        maxRows = Math.Min(maxRows, length / 2 + 1);
        if (_changes is not null) return DecodeChanges(text, length, isLast, maxRows, memory, out rows, out consumed);
        _decoder.Begin(maxRows, memory);
        _lines.Clear();
        _errors.Clear();
        consumed = 0;
        while (_decoder.Rows < maxRows && consumed < length)
        {
            if (_decoder.TryAddLine(text + consumed, length - consumed, out var read))
            {
                consumed += read;
                _lines.Add(Line++);
                continue;
            }

            var rest = new ReadOnlySpan<byte>(text + consumed, length - consumed);
            var end = rest.IndexOf((byte)'\n');
            if (end < 0 && !isLast && rest.Length <= MaxRowBytes) break;
            var line = end < 0 ? rest : rest[..end];
            if (!line.IsEmpty && !line.Trim(" \t\r"u8).IsEmpty) Add(text + consumed, line.Length);
            consumed += line.Length + (end < 0 ? 0 : 1);
            Line++;
        }

        rows = _decoder.Rows;
        var columns = new Column[_columns.Length];
        _decoder.End(columns);
        foreach (var error in _decoder.Errors) _errors.Add(error with { Line = _lines[error.Row], Reason = $"Line {_lines[error.Row]}: {error.Reason}" });
        return columns;
    }

    /// <summary>Lines of changes: first what rows are in them, then the rows.</summary>
    private Column[] DecodeChanges(byte* text, int length, bool isLast, int maxLines, BatchMemory memory, out int rows, out int consumed)
    {
        _changed.Clear();
        _weights.Clear();
        _lines.Clear();
        _errors.Clear();
        var wrong = new List<DecodeError>();
        consumed = 0;
        for (var lines = 0; lines < maxLines && _changed.Count < Batch.MaxRows / 2 && consumed < length; lines++)
        {
            var rest = new ReadOnlySpan<byte>(text + consumed, length - consumed);
            var end = rest.IndexOf((byte)'\n');
            if (end < 0 && !isLast && rest.Length <= MaxRowBytes) break;
            var line = end < 0 ? rest : rest[..end];
            if (!line.Trim(" \t\r"u8).IsEmpty)
            {
                var before = _changed.Count;
                if (!_changes!.TryRead(text + consumed, line.Length, memory, _changed, out var reason) && !_ignoresErrors)
                {
                    // The row stands for the error, as that of a line that is not JSON.
                    wrong.Add(new DecodeError(_changed.Count, -1, 0, $"Line {Line}: {reason}", DecodeError.Cut(line), Line));
                    _changed.Add(new ChangedRow(null, 0, 1));
                }

                for (var i = before; i < _changed.Count; i++) _lines.Add(Line);
            }

            consumed += line.Length + (end < 0 ? 0 : 1);
            Line++;
        }

        _decoder.Begin(Math.Max(1, _changed.Count), memory);
        foreach (var row in _changed)
        {
            _weights.Add(row.Weight);
            if (row.Start is null) _decoder.AddNull();
            else _decoder.Add(row.Start, row.Length);
        }

        rows = _decoder.Rows;
        var columns = new Column[_columns.Length];
        _decoder.End(columns);
        foreach (var error in _decoder.Errors) _errors.Add(error with { Line = _lines[error.Row], Reason = $"Line {_lines[error.Row]}: {error.Reason}" });
        _errors.AddRange(wrong);
        return columns;
    }

    private void Add(byte* line, int length)
    {
        var before = _decoder.Errors.Count;
        _decoder.AddAny(line, length);
        if (_ignoresErrors && _decoder.Errors.Count > before) _decoder.RemoveLast();
        else _lines.Add(Line);
    }
}
