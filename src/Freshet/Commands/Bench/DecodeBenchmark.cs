using System.Diagnostics;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Commands.Bench;

/// <summary>
/// Columns from stored events on one core: four paths, as a view of revenue per minute reads them. Checks the sum of a column.
/// </summary>
internal sealed class DecodeBenchmark : IBenchmark
{
    private const int Rows = 4096;

    public string Name => "decode";

    public string About => "columns from JSON events on one core";

    public unsafe Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        using var decoder = new JsonPathDecoder(
        [
            new(JsonPath.Of("type"), SqlType.String), new(JsonPath.Of("event"), SqlType.String), new(JsonPath.Of("timestamp"), SqlType.TimestampLtz(3)), new(JsonPath.Of("properties", "quantity"), SqlType.BigInt),
        ], new JsonDecodeOptions(IsTrusted: true));
        var documents = new byte[Rows][];
        var bytes = 0L;
        for (var i = 0; i < Rows; i++)
        {
            documents[i] = Encoding.UTF8.GetBytes(Event(i));
            bytes += documents[i].Length;
        }

        var all = documents.SelectMany(d => d).ToArray();
        var columns = new Column[4];
        var started = Stopwatch.GetTimestamp();
        var rounds = 0L;
        fixed (byte* first = all)
        {
            do
            {
                cancellation.ThrowIfCancellationRequested();
                var memory = BatchMemory.Create();
                decoder.Begin(Rows, memory);
                var at = first;
                foreach (var document in documents)
                {
                    decoder.Add(at, document.Length);
                    at += document.Length;
                }

                decoder.End(columns);
                var sum = 0L;
                for (var i = 0; i < Rows; i++) sum += columns[3].As<long>()[i];
                if (sum != Rows / 4 * (0 + 1 + 2 + 3) || decoder.Errors.Count > 0) throw new InvalidOperationException($"The decoded column sums to {sum} with {decoder.Errors.Count} errors.");
                memory.Release();
                rounds++;
            }
            while (Stopwatch.GetElapsedTime(started) < options.Duration);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            new("events", rounds * Rows, "events"),
            new("eventsPerSecond", rounds * Rows / seconds, "events/s on one core"),
            new("megabytesPerSecond", rounds * bytes / seconds / 1e6, "MB/s on one core"),
        ]);
    }

    private static string Event(int n) =>
        $$$"""{"messageId":"node-next-1795341951496-{{{n:000000}}}","type":"track","source":"shop","receivedAt":"2026-11-22T10:05:51.496Z","timestamp":"2026-11-22T10:05:51.400Z","originalTimestamp":"2026-11-22T10:05:51.400Z","sentAt":"2026-11-22T10:05:51.490Z","anonymousId":"4496db6d-b558-10dd-4527-5e5e7751b1d0","event":"Product Added","properties":{"category":"tea","name":"Harbour Reserve tea","price":18.49,"product_id":"p-{{{n % 400:000}}}","quantity":{{{n % 4}}}},"context":{"library":{"name":"analytics.js","version":"npm:next-1.84.3"},"locale":"de-DE","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"}}""";
}
