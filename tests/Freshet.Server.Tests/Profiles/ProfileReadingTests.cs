using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;
using Freshet.Server.Profiles;

namespace Freshet.Server.Tests.Profiles;

public sealed class ProfileReadingTests
{
    private const string Sql = """
        CREATE TRAIT orders AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'Order Completed' GROUP BY profile_id;
        CREATE TRAIT pages AS SELECT profile_id, COUNT(*) FROM events WHERE type = 'page' GROUP BY profile_id;
        CREATE SEGMENT buyers AS SELECT profile_id FROM orders;
        """;

    [Fact]
    public async Task A_profile_is_read_by_one_look_up_for_each_of_its_parts()
    {
        var folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, ProjectFile.Name), "{}");
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "sql")).FullName, "1.sql"), Sql);
            var settings = Project.Load(folder, _ => null, new Dictionary<string, string> { ["port"] = "0" }, ["k"]);
            await using var server = await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None));
            using var client = new HttpClient();
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("k:"u8));
            using var sent = await client.PostAsync(
                new Uri(server.Url + "/v1/batch"),
                new StringContent("""{"batch":[{"type":"identify","userId":"u1","anonymousId":"a1","traits":{"b":"x","a":{"n":1},"c":null}},{"type":"track","userId":"u1","event":"Order Completed"}]}""", Encoding.UTF8, "application/json"));
            Assert.True(sent.IsSuccessStatusCode);

            using var snapshot = await server.Backend.Views!.OpenAsync(CancellationToken.None);
            var reader = ProfileReader.Of(server.Backend.Views, server.Backend.Customers, server.Backend.Log)!;
            using var reading = new ProfileReading(reader, snapshot);
            var profile = reading.Find("user_id", "u1");
            Assert.Equal(32, profile);
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer)) ProfileJson.Write(json, reader, reading, profile!.Value, events: -1);
            var text = Encoding.UTF8.GetString(buffer.WrittenSpan);
            Assert.StartsWith("""{"profile_id":32,"traits":{"a":{"n":1},"b":"x","c":null},"computed":{"orders":1},"segments":["buyers"],"identifiers":[{"type":"anonymous_id","value":"a1",""", text, StringComparison.Ordinal);
            // The identifier, the told traits, two traits and a segment, and the identifiers with the end of their list.
            Assert.Equal(1 + 1 + 2 + 1 + 3, reading.Lookups);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
