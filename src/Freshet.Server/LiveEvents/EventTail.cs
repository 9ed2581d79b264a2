using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Ingest;

namespace Freshet.Server.LiveEvents;

/// <summary>
/// What one watcher has seen of the events that come in. Every turn looks at the latest events alone, however many have come since the last:
/// at most <see cref="LookMax"/> where there is a filter, and shows at most <see cref="ShowMax"/>. So a watcher costs the same at ten events a
/// second and at a hundred thousand, and every message says how many events came, how many were looked at and how many fitted.
/// Used by one task.
/// </summary>
internal sealed class EventTail
{
    public const int ShowMax = 10;
    public const int LookMax = 400;
    private const int FirstLook = 2000;
    private const int FirstShow = 25;

    private readonly IEventLog _log;
    private readonly RecentRejections _rejections;
    private readonly EventFilter _filter;
    private readonly bool _onlyRejected;
    private readonly Queue<(long Sequence, long At, byte[] Value)> _fitting = new();
    private long _next;
    private long _rejected;
    private bool _isFirst = true;

    public EventTail(IEventLog log, RecentRejections rejections, EventFilter filter, bool onlyRejected)
    {
        _log = log;
        _rejections = rejections;
        _filter = filter;
        _onlyRejected = onlyRejected;
        _next = Math.Max(0, log.LastDurable + 1 - FirstLook);
    }

    /// <summary>What has come since the last turn, as one line of JSON without its end; null where nothing has.</summary>
    public ReadOnlyMemory<byte>? Turn()
    {
        var end = _log.LastDurable + 1;
        var (rejections, last) = _rejections.After(_rejected);
        if (end <= _next && last == _rejected && !_isFirst) return null;
        var came = Math.Max(0, end - _next);
        var rejected = last - _rejected;
        var (look, show) = _isFirst ? (FirstLook, FirstShow) : (_filter.IsAll ? ShowMax : LookMax, ShowMax);
        _isFirst = false;
        _rejected = last;
        var from = Math.Max(_next, end - look);
        _next = Math.Max(_next, end);
        var (looked, fitted) = _onlyRejected ? (0, 0) : Look(from, end, show);
        // The one with the latest number was the last to come; those that fit no filter are not shown.
        var shown = rejections.Where(r => _filter.IsAll || _filter.Fits(r.Event)).TakeLast(show).ToList();
        return Write(came, looked, fitted, rejected, shown);
    }

    private (int Looked, int Fitted) Look(long from, long end, int show)
    {
        int looked = 0, fitted = 0;
        if (from >= end) return (0, 0);
        _log.Read(from, end, (sequence, value, at) =>
        {
            looked++;
            if (!_filter.Fits(value)) return;
            fitted++;
            _fitting.Enqueue((sequence, at, value.ToArray()));
            if (_fitting.Count > show) _fitting.Dequeue();
        });
        return (looked, fitted);
    }

    private ReadOnlyMemory<byte> Write(long came, int looked, int fitted, long rejected, List<Rejection> rejections)
    {
        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        json.WriteNumber("came", came);
        json.WriteNumber("looked", looked);
        json.WriteNumber("fitted", fitted);
        json.WriteNumber("rejected", rejected);
        json.WriteStartArray("events");
        while (_fitting.TryDequeue(out var one))
        {
            json.WriteStartObject();
            json.WriteNumber("sequence", one.Sequence);
            WriteTime(json, one.At);
            json.WritePropertyName("event");
            json.WriteRawValue(one.Value, skipInputValidation: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("rejections");
        foreach (var rejection in rejections)
        {
            json.WriteStartObject();
            json.WriteNumber("number", rejection.Number);
            WriteTime(json, rejection.AtMs);
            json.WriteString("action", rejection.Action);
            json.WriteString("reason", rejection.Reason);
            if (rejection.Event.Length > 0)
            {
                json.WritePropertyName("event");
                json.WriteRawValue(rejection.Event, skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteTime(Utf8JsonWriter json, long ms) => json.WriteString("at", DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime);
}
