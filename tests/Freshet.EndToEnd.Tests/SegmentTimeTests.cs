using System.Net.Http.Headers;
using System.Text;

namespace Freshet.EndToEnd.Tests;

/// <summary>Who leaves a segment by time alone while nobody is there to see it.</summary>
public sealed class SegmentTimeTests
{
    private const string Sql = "CREATE SEGMENT lately AS SELECT profile_id FROM events WHERE event = 'Seen' AND event_time > NOW() - INTERVAL '1' SECOND;\n";

    [Fact]
    public async Task An_exit_during_a_stop_has_the_moment_at_which_it_happened()
    {
        using var folder = new ScratchFolder();
        await using (var first = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data))
        {
            await SendAsync(first, "a1");
            await SendAsync(first, "a2");
            await first.KillAsync();
        }

        await using var second = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data);
        const string Exits = """
            SELECT COUNT(*) FROM segment_changes AS c JOIN (SELECT profile_id, event_time FROM events WHERE event = 'Seen' AND profile_id IS NOT NULL) AS e ON c.profile_id = e.profile_id
            WHERE c.change = 'exited' AND c.cause = 'time' AND c.due = e.event_time + INTERVAL '1' SECOND
            """;
        for (var i = 0; i < 500 && await second.CountAsync(Exits) < 2; i++) await Task.Delay(20);
        Assert.Equal(2, await second.CountAsync(Exits));
        Assert.Equal(4, await second.CountAsync("SELECT COUNT(*) FROM segment_changes"));
    }

    private static async Task SendAsync(FreshetProcess freshet, string anonymous)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/track?return=segments") { Content = new StringContent($$"""{"anonymousId":"{{anonymous}}","event":"Seen"}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("test-key:"u8));
        using var answer = await freshet.Http.SendAsync(request);
        Assert.Contains("lately", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
