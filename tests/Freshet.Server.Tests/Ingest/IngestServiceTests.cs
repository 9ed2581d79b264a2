using System.Text;
using System.Text.Json;
using Freshet.Server.Configuration;
using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

public sealed class IngestServiceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reading_and_composing_a_batch_allocates_nothing_by_the_event()
    {
        var service = NewService();
        var body = Encoding.UTF8.GetBytes("{\"batch\":[" + string.Join(',', Enumerable.Range(0, 100).Select(i => $$$"""{"type":"track","event":"E","messageId":"m{{{i}}}","userId":"u","properties":{"a":1,"b":"x","c":[1,2,{"d":null}]},"context":{"ip":"1"},"timestamp":"2026-11-22T10:05:51.496Z"}""")) + "],\"sentAt\":\"2026-11-22T10:05:52Z\"}");
        var scratch = service.Scratches.Rent();
        Read(service, body, scratch);
        // The scratch lets go of what a large batch made it grow to; so it is not cleared between these rounds but by Read itself.
        // The least of three counts: what runs for the first time may still allocate once.
        Assert.InRange(Enumerable.Range(0, 3).Min(_ => PerEvent()), 0, 8);

        double PerEvent()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            const int rounds = 20;
            for (var i = 0; i < rounds; i++) Read(service, body, scratch);
            return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(rounds * 100);
        }
    }

    [Fact]
    public async Task Ids_of_the_logs_tail_are_remembered()
    {
        var service = NewService();
        service.Remember("""{"messageId":"m\u0031","type":"track","source":"default","receivedAt":"2026-11-22T10:06:00.000Z"}"""u8, 1_795_341_000_000);
        var scratch = service.Scratches.Rent();
        Assert.Null(service.Read("""{"event":"E","userId":"u","messageId":"m1"}"""u8, EventType.Track, service.Keys.Find("wk1"), scratch, out _, out var receivedAt));
        await service.TakeAsync(scratch, receivedAt);
        Assert.Equal((0, 1), (service.Counters.Accepted, service.Counters.Duplicates));
    }

    [Fact]
    public void What_a_strict_parser_takes_is_taken_and_stored_unchanged_and_nothing_else()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var service = NewService();
        var key = service.Keys.Find("wk1");
        int taken = 0, refused = 0;
        for (var turn = 0; turn < 20_000; turn++)
        {
            var body = Mutate(Encoding.UTF8.GetBytes(RandomEvent(random)), random);
            var scratch = service.Scratches.Rent();
            var refusal = service.Read(body, EventType.Track, key, scratch, out _, out _);
            var parsed = Parse(body);
            if (scratch.Staged.Count == 1)
            {
                taken++;
                Assert.True(parsed is not null, $"seed {seed}, turn {turn}: took what is not JSON: {Encoding.UTF8.GetString(body)}");
                var stored = JsonDocument.Parse(scratch.Staged.ValueMemory(scratch.Staged[0]), new JsonDocumentOptions { AllowDuplicateProperties = false }).RootElement;
                foreach (var member in parsed.Value.EnumerateObject())
                    if (member.Name is not ("messageId" or "type" or "source" or "receivedAt" or "timestamp" or "originalTimestamp" or "sentAt" or "writeKey"))
                        Assert.True(stored.GetProperty(member.Name).GetRawText() == member.Value.GetRawText(), $"seed {seed}, turn {turn}: {member.Name} changed");
            }
            else if (refusal is not null)
            {
                refused++;
                Assert.True(parsed is null || parsed.Value.ValueKind != JsonValueKind.Object, $"seed {seed}, turn {turn}: refused valid JSON ({refusal.Message}): {Encoding.UTF8.GetString(body)}");
            }

            service.Scratches.Return(scratch);
        }

        Assert.True(taken > 2000 && refused > 1000, $"seed {seed}: {taken} taken, {refused} refused");
    }

    private static void Read(IngestService service, byte[] body, IngestScratch scratch)
    {
        scratch.Staged.Clear();
        Assert.Null(service.Read(body, EventType.None, service.Keys.Find("wk1"), scratch, out _, out _));
        Assert.Equal(100, scratch.Staged.Count);
    }

    private static JsonElement? Parse(byte[] body)
    {
        if (!System.Text.Unicode.Utf8.IsValid(body)) return null;
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = true }).RootElement;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string RandomEvent(Random random)
    {
        var members = new List<string> { "\"userId\":\"u\"", "\"event\":\"E\\u00e9\"", $"\"properties\":{RandomObject(random, 4)}" };
        if (random.Next(2) == 0) members.Add("\"timestamp\":\"2026-11-22T10:05:51.496+01:00\"");
        if (random.Next(2) == 0) members.Add("\"sentAt\":\"2026-11-22T10:05:51Z\"");
        if (random.Next(2) == 0) members.Add("\"messageId\":\"m\\n1\"");
        if (random.Next(3) == 0) members.Add("\"writeKey\":\"wk1\"");
        if (random.Next(3) == 0) members.Add($"\"extra{random.Next(9)}\" : {RandomValue(random, 3)}");
        if (random.Next(3) == 0) members.Add("\"receivedAt\":\"x\"");
        if (random.Next(3) == 0) members.Add("\"\\u0074ype\":\"track\"");
        var order = members.ToArray();
        random.Shuffle(order);
        return (random.Next(4) == 0 ? "\n { " : "{") + string.Join(random.Next(2) == 0 ? "," : " ,\t", order) + "}";
    }

    private static string RandomObject(Random random, int depth) =>
        "{" + string.Join(',', Enumerable.Range(0, random.Next(30)).Select(i => $"\"n{i}\":{RandomValue(random, depth - 1)}")) + "}";

    private static string RandomValue(Random random, int depth) => random.Next(depth <= 0 ? 6 : 8) switch
    {
        0 => "null",
        1 => "true",
        2 => "-12.5e3",
        3 => "\"ü😀\\ud83d\\ude00\\\"\\\\\"",
        4 => "[]",
        5 => "0",
        6 => $"[{RandomValue(random, depth - 1)}, {RandomValue(random, depth - 1)}]",
        _ => RandomObject(random, depth - 1),
    };

    private static byte[] Mutate(byte[] body, Random random)
    {
        if (random.Next(2) == 0) return body;
        switch (random.Next(4))
        {
            case 0:
                body[random.Next(body.Length)] = (byte)"{}[],:\"\\ 0ue\u0001ÿ"[random.Next(13)];
                return body;
            case 1:
                return body[..random.Next(body.Length)];
            case 2:
                var at = random.Next(body.Length);
                return [.. body[..at], .. body[Math.Min(body.Length, at + 1 + random.Next(3))..]];
            default:
                body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
                return body;
        }
    }

    private IngestService NewService()
    {
        File.WriteAllText(Path.Combine(_folder, "freshet.json"), """{"keys":["wk1"],"limits":{"eventsPerSecond":1000000000}}""");
        return new IngestService(Project.Load(_folder, _ => null), new MemoryEventLog(), new TestClock());
    }
}
