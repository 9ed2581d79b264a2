using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Customers;
using Freshet.Customers.Segments;
using Freshet.Engine;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Profiles;
using Freshet.Sql.Binding;
using Freshet.State.Pages;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Server.Segments;

/// <summary>
/// POST /api/segments/preview: a file of CREATE TRAIT and CREATE SEGMENT, or a SELECT, as {"sql":".."} or as text; answers the size, a sample of
/// members and the overlap with the segments that exist. One at a time: it reads the whole history.
/// </summary>
/// <param name="profiles">Null where the project has no profiles.</param>
internal sealed class PreviewRoute(IViewReader views, ProfileReader? profiles, CustomerLayer? customers, ScriptBinder? project, AccessRules access, TimeSpan timeMax, long bytesMax, long processBytesMax)
{
    private const int SampleDefault = 5;
    private int _isRunning;

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/segments/preview", ["POST"], HandleAsync) { Cors = access.AllowListedOrigins };
    }

    private async ValueTask HandleAsync(Exchange exchange)
    {
        if ((access.Check(exchange) ?? ViewRoutes.NotReady(views) ?? (profiles is null ? ProfileRoutes.NoProfiles() : null)) is { } forbidden)
        {
            forbidden.Write(exchange);
            return;
        }

        if (await SqlRoute.ReadAsync(exchange) is not { } sql) return;
        var sample = SampleDefault;
        if (exchange.Query("sample") is { Length: > 0 } said && (!int.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out sample) || sample > SampleOf<long>.SizeMax))
        {
            new Refusal(400, "invalid_sample", $"sample is a number of members from 0 to {SampleOf<long>.SizeMax}.").Write(exchange);
            return;
        }

        if (Interlocked.Exchange(ref _isRunning, 1) == 1)
        {
            new Refusal(409, "preview_running", "Another preview is running; come again when it has been answered.") { RetryAfterSeconds = 1 }.Write(exchange);
            return;
        }

        try
        {
            await RunAsync(exchange, sql, sample);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    private async ValueTask RunAsync(Exchange exchange, string sql, int sample)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(exchange.Aborted);
        timeout.CancelAfter(timeMax);
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var snapshot = await views.ReadAsync(timeout.Token);
            var preview = new SegmentPreview(customers!, project!, MembershipAnswers.Text, BytesMax());
            var clock = Math.Max(snapshot.Session.ClockMicros, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000);
            await Task.Run(() => preview.Run(snapshot.Session, new SourceText("preview", sql), clock, timeout.Token), timeout.Token);
            var buffer = new ArrayBufferWriter<byte>(4096);
            await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
                await new PreviewJson(json, snapshot, profiles!, preview).WriteAsync(sample, MembershipJson.Time(clock), started, timeout.Token);
            exchange.Response.Headers["X-Freshet-Step"] = snapshot.Step.ToString(CultureInfo.InvariantCulture);
            exchange.AnswerJson(200, buffer.WrittenSpan);
        }
        catch (SqlException e)
        {
            new Refusal(400, "sql_invalid", e.Sentence) { Line = e.Line, Column = e.Column }.Write(exchange);
        }
        catch (EngineException e)
        {
            new Refusal(400, e.Code, e.Message).Write(exchange);
        }
        catch (OperationCanceledException) when (!exchange.Aborted.IsCancellationRequested)
        {
            new Refusal(503, "query_time", $"The preview took longer than {timeMax.TotalSeconds:0.#} s (limits.queryTime); raise the limit, or preview less at once.") { RetryAfterSeconds = 1 }.Write(exchange);
        }
    }

    /// <summary>Never so much that the bound of the process would stop the engine.</summary>
    private long BytesMax() => processBytesMax == 0 ? bytesMax : Math.Max(1, Math.Min(bytesMax, (processBytesMax - StateMemory.UsedBytes) / 2));
}
