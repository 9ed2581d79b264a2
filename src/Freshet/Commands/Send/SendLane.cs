using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Freshet.Server;

namespace Freshet.Commands.Send;

/// <summary>
/// One of the parallel senders: takes events in order, posts what has gathered as a batch, and tries a request again until it
/// is answered (network errors, 429 and 5xx, with growing pauses or the server's Retry-After). Never sends the next before.
/// </summary>
internal sealed class SendLane(SendPlan plan, HttpClient client, SendTally tally)
{
    private const int TriesMax = 10;

    /// <summary>Tries where nobody has answered yet: a server that restarts is waited for, one that was never there is not.</summary>
    private const int FirstTriesMax = 4;

    private readonly Channel<EventLine> _queue = Channel.CreateBounded<EventLine>(new BoundedChannelOptions(4 * plan.BatchEvents) { SingleReader = true, SingleWriter = true });
    private readonly List<EventLine> _batch = [];
    private long _enqueued;
    private long _answered;

    public async ValueTask AddAsync(EventLine line, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _enqueued);
        await _queue.Writer.WriteAsync(line, cancellation);
    }

    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Waits until everything added has been answered.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        while (Volatile.Read(ref _answered) < Volatile.Read(ref _enqueued)) await Task.Delay(1, cancellation);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        var reader = _queue.Reader;
        while (await reader.WaitToReadAsync(cancellation))
        {
            _batch.Clear();
            var bytes = 0;
            while (_batch.Count < plan.BatchEvents && reader.TryPeek(out var line))
            {
                var size = Encoding.UTF8.GetByteCount(line.Json) + 1;
                // A line that is no JSON would spoil its neighbours' request: it goes alone.
                if (_batch.Count > 0 && (bytes + size > plan.BatchBytes || !line.IsObject || !_batch[^1].IsObject)) break;
                reader.TryRead(out _);
                _batch.Add(line);
                bytes += size;
            }

            await PostAsync(bytes, cancellation);
            Interlocked.Add(ref _answered, _batch.Count);
        }
    }

    private async Task PostAsync(int bytes, CancellationToken cancellation)
    {
        var body = new ArrayBufferWriter<byte>(bytes + 32);
        body.Write("{\"batch\":["u8);
        for (var i = 0; i < _batch.Count; i++)
        {
            if (i > 0) body.Write(","u8);
            Encoding.UTF8.GetBytes(_batch[i].Json, body);
        }

        body.Write("]}"u8);
        var answers = false;
        for (var attempt = 1; ; attempt++)
        {
            var pause = TimeSpan.FromMilliseconds(Math.Min(10_000, 100 << Math.Min(attempt, 10)));
            string problem;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "v1/batch") { Content = new ReadOnlyMemoryContent(body.WrittenMemory) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                if (attempt > 1) request.Headers.Add("X-Retry-Count", (attempt - 1).ToString(CultureInfo.InvariantCulture));
                using var response = await client.SendAsync(request, cancellation);
                var status = (int)response.StatusCode;
                var answer = await response.Content.ReadAsByteArrayAsync(cancellation);
                // 501, 505 and 511 say that it will never be otherwise.
                if (status is not 429 and (< 500 or 501 or 505 or 511))
                {
                    Count(status, answer);
                    return;
                }

                problem = Message(answer)?.TrimEnd('.') ?? $"the server answers {status}";
                answers = true;
                pause = response.Headers.RetryAfter?.Delta ?? pause;
            }
            catch (HttpRequestException e)
            {
                problem = HttpFailure.Reason(e);
            }
            catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
            {
                problem = "no answer in time";
            }

            if (attempt >= (answers || Volatile.Read(ref tally.Sent) > 0 ? TriesMax : FirstTriesMax))
            {
                Interlocked.Add(ref tally.Failed, _batch.Count);
                throw new UserException("server_unavailable", $"{plan.Server} does not take events: {problem}.{(answers ? "" : " Is it running? Start it with `freshet run`, or give --url.")}", UserException.Failed);
            }

            Interlocked.Increment(ref tally.Retries);
            await Task.Delay(pause, cancellation);
        }
    }

    private void Count(int status, byte[] answer)
    {
        if (status is 401 or 403 or 404 or >= 500)
            throw new UserException("refused", Message(answer) ?? $"{plan.Server} answers {status}; check --url and --key.", UserException.Failed);
        var rejected = 0;
        string? reason = null;
        try
        {
            using var json = JsonDocument.Parse(answer);
            if (json.RootElement.TryGetProperty("rejected", out var list))
            {
                rejected = list.GetArrayLength();
                if (rejected > 0) reason = $"line {_batch[list[0].GetProperty("index").GetInt32()].Number}: {list[0].GetProperty("reason").GetString()}";
            }
            else if (status != 200)
            {
                rejected = _batch.Count;
                reason = $"line {_batch[0].Number}: {Message(answer)}";
            }
        }
        catch (JsonException)
        {
            throw new UserException("refused", $"{plan.Server} answers {status} with something that is not JSON; is it a Freshet server?", UserException.Failed);
        }

        Interlocked.Add(ref tally.Rejected, rejected);
        Interlocked.Add(ref tally.Sent, _batch.Count - rejected);
        if (reason is not null) Interlocked.CompareExchange(ref tally.FirstProblem, reason, null);
    }

    private static string? Message(byte[] answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.TryGetProperty("message", out var message) ? message.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
