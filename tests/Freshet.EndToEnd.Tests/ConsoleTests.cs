using System.Globalization;
using Microsoft.Playwright;

namespace Freshet.EndToEnd.Tests;

/// <summary>
/// The console in Debian's Chromium, over the running demo, which all pages share. Nothing may be written to the browser's console: neither
/// errors nor reports of the content security policy. FRESHET_SCREENSHOTS names a folder for pictures of every page.
/// </summary>
public sealed class ConsoleTests(ConsoleFixture console) : IClassFixture<ConsoleFixture>, IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly List<string> _complaints = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Now_shows_numbers_that_move_and_goes_on_after_a_restart()
    {
        var own = await FreshetProcess.DemoAsync(_folder.Data);
        var page = await OpenAsync("now", own.Url);
        var accepted = page.Locator("[data-series=accepted] .value");
        await Assertions.Expect(accepted).Not.ToHaveTextAsync("0events/s", new() { Timeout = 30_000 });
        var points = page.Locator("[data-series=accepted] polyline");
        var before = await points.GetAttributeAsync("points", new() { Timeout = 30_000 });
        await Assertions.Expect(points).Not.ToHaveAttributeAsync("points", before!, new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("[data-latency] rect").First).ToBeAttachedAsync(new() { Timeout = 30_000 });
        await PicturesAsync(page, "now");

        var port = own.Url.Port;
        await own.DisposeAsync();
        await Assertions.Expect(page.Locator("header .state")).ToHaveTextAsync("The server does not answer.", new() { Timeout = 30_000 });
        // What the browser itself writes about a server that is away is no complaint of the page.
        Assert.All(_complaints, c => Assert.Contains("ERR_CONNECTION", c, StringComparison.Ordinal));
        _complaints.Clear();
        await using var again = await FreshetProcess.DemoAsync(_folder.Data, port);
        await Assertions.Expect(page.Locator("header .state")).ToHaveTextAsync("live", new() { Timeout = 30_000 });
        _complaints.RemoveAll(c => c.Contains("ERR_CONNECTION", StringComparison.Ordinal));
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task SQL_runs_a_query_marks_an_error_at_its_place_and_follows_a_view()
    {
        var page = await OpenAsync("sql");
        var editor = page.GetByLabel("Statement");
        await Assertions.Expect(editor).Not.ToHaveValueAsync("SHOW VIEWS");
        await editor.FillAsync("SELECT event, COUNT(*) AS events\nFROM events GROUP BY event");
        await editor.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".results tbody tr").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Chart", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("svg.chart rect").First).ToBeVisibleAsync();
        await PicturesAsync(page, "sql-chart");
        await page.GetByRole(AriaRole.Button, new() { Name = "Table", Exact = true }).ClickAsync();

        await editor.FillAsync("SELECT event,\n  nothing\nFROM events");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Line 2, column 3", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator(".editor mark")).ToHaveTextAsync("nothing");
        Assert.Equal("nothing", await editor.EvaluateAsync<string>("e => e.value.slice(e.selectionStart, e.selectionEnd)"));
        await PicturesAsync(page, "sql-error");
        _complaints.RemoveAll(c => c.Contains("400 (Bad Request)", StringComparison.Ordinal));

        await editor.FillAsync("SELECT '<img src=x onerror=alert(1)>' AS x");
        await editor.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".results td").First).ToHaveTextAsync("<img src=x onerror=alert(1)>", new() { Timeout = 30_000 });
        Assert.Equal(0, await page.Locator(".results img").CountAsync());
        await editor.FillAsync("SELECT CAST(12345678901234567890.10 AS DECIMAL(30, 2)) AS x");
        await editor.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".results td").First).ToHaveTextAsync("12345678901234567890.10", new() { Timeout = 30_000 });

        await editor.FillAsync("SELECT * FROM user_totals");
        await page.GetByRole(AriaRole.Button, new() { Name = "Live", Exact = true }).ClickAsync();
        var note = page.Locator(".results [role=status]");
        await Assertions.Expect(note).ToContainTextAsync("live", new() { Timeout = 30_000 });
        var first = await note.TextContentAsync();
        await Assertions.Expect(note).Not.ToHaveTextAsync(first!, new() { Timeout = 30_000 });
        await PicturesAsync(page, "sql-live");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Live", Exact = true })).ToBeVisibleAsync();
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task The_editor_completes_names_and_saves_CSV()
    {
        var page = await OpenAsync("sql");
        var editor = page.GetByLabel("Statement");
        await Assertions.Expect(editor).Not.ToHaveValueAsync("SHOW VIEWS");
        const string View = "user_totals";
        await Assertions.Expect(page.Locator(".names summary").GetByText(View)).ToBeVisibleAsync();
        await editor.FillAsync("SELECT * FROM ");
        await editor.PressSequentiallyAsync(View[..^1]);
        await Assertions.Expect(page.Locator(".suggestions [aria-selected=true]")).ToContainTextAsync(View);
        await editor.PressAsync("Tab");
        await Assertions.Expect(editor).ToHaveValueAsync("SELECT * FROM " + View);
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "CSV" }).ClickAsync());
        Assert.Equal("result.csv", download.SuggestedFilename);
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task System_shows_topics_configuration_and_lines()
    {
        var page = await OpenAsync("system");
        await Assertions.Expect(page.GetByLabel("Topics").GetByText("events", new() { Exact = true })).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByLabel("Rows of Configuration").GetByText("events.watermarkDelay")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Lines", new() { Exact = true })).ToContainTextAsync("ready http://");
        await PicturesAsync(page, "system");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Live_events_shows_what_comes_in_and_what_an_event_changed()
    {
        var page = await OpenAsync("events");
        await Assertions.Expect(page.Locator(".stream .line").Nth(3)).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("[data-rate]")).Not.ToHaveTextAsync("0/s", new() { Timeout = 30_000 });
        await PicturesAsync(page, "events");
        await page.GetByLabel("Type").SelectOptionAsync("identify");
        await Assertions.Expect(page.Locator(".stream .line .kind").First).ToHaveTextAsync("identify", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator(".stream .line .kind").Filter(new() { HasNotText = "identify" })).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        await page.Locator(".stream .line").First.ClickAsync();
        await Assertions.Expect(page.GetByLabel("Payload")).ToContainTextAsync("\"traits\"");
        await Assertions.Expect(page.Locator(".stream .timeline")).ToContainTextAsync("Told", new() { Timeout = 30_000 });
        await PicturesAsync(page, "events-open");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Profiles_finds_a_person_and_splits_only_after_asking()
    {
        var page = await OpenAsync("profiles");
        await Assertions.Expect(page.Locator("tbody tr").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await PicturesAsync(page, "profiles");
        // Somebody whose e-mail address is known has two identifiers at least.
        var who = (await console.Freshet.QueryAsync("SELECT `value` FROM identifiers WHERE type = 'email' LIMIT 1"))["rows"]!.AsArray();
        while (who.Count == 0) who = (await console.Freshet.QueryAsync("SELECT `value` FROM identifiers WHERE type = 'email' LIMIT 1"))["rows"]!.AsArray();
        var email = who[0]![0]!.GetValue<string>();
        await page.GetByLabel("Identifier").FillAsync(email);
        await page.GetByRole(AriaRole.Button, new() { Name = "Find" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-profile]")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("svg.identity")).ToContainTextAsync(email);
        await Assertions.Expect(page.GetByLabel("Events").Locator(".timeline li").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await PicturesAsync(page, "profile");

        await page.GetByRole(AriaRole.Button, new() { Name = "Split" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Split" })).ToBeDisabledAsync();
        await dialog.GetByLabel("email:").CheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(dialog).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Erase" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Assertions.Expect(page.Locator("svg.identity")).ToContainTextAsync(email);
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task A_profile_says_why_it_is_in_a_segment()
    {
        long who = 0;
        while (who == 0) who = await console.Freshet.CountAsync("SELECT COALESCE(MAX(profile_id), 0) FROM here_now");
        var page = await OpenAsync($"profiles/profile_id:{who}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Why" }).First.ClickAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("[data-why]")).ToContainTextAsync("holds", new() { Timeout = 30_000 });
        await PicturesAsync(page, "profile-why");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task What_if_counts_before_anything_is_published()
    {
        var page = await OpenAsync("segments/here_now");
        var editor = page.GetByRole(AriaRole.Textbox, new() { Name = "What if" });
        await editor.FillAsync("CREATE SEGMENT here_now AS SELECT nobody FROM events", new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Count" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("There is no column nobody", new() { Timeout = 30_000 });
        _complaints.RemoveAll(c => c.Contains("400 (Bad Request)", StringComparison.Ordinal));
        await editor.FillAsync("CREATE SEGMENT here_now AS SELECT profile_id FROM events WHERE event = 'Product Viewed'");
        await page.GetByRole(AriaRole.Button, new() { Name = "Count" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-preview]")).ToContainTextAsync("Would hold", new() { Timeout = 30_000 });
        await PicturesAsync(page, "what-if");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task The_projects_tests_run_when_somebody_asks()
    {
        var page = await OpenAsync("segments/here_now");
        var tests = page.GetByRole(AriaRole.Region, new() { Name = "Tests" });
        await tests.GetByRole(AriaRole.Button, new() { Name = "Run tests" }).ClickAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(tests.GetByRole(AriaRole.Status)).ToContainTextAsync("2 of 2 passed", new() { Timeout = 60_000 });
        await Assertions.Expect(tests.Locator("tbody tr").First).ToContainTextAsync("segments.test");
        await tests.ScrollIntoViewIfNeededAsync();
        await PicturesAsync(page, "tests");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Quality_shows_volumes_violations_with_samples_and_replays_after_asking()
    {
        using (var broken = new HttpRequestMessage(HttpMethod.Post, new Uri(console.Freshet.Url, "/v1/track")) { Content = new StringContent("""{"userId":"u-1","event":"Order Completed","properties":{"order_id":"a","revenue":-3}}""", System.Text.Encoding.UTF8, "application/json") })
        {
            broken.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Basic", Convert.ToBase64String("wk_shop:"u8));
            using var answer = await console.Freshet.Http.SendAsync(broken, TestContext.Current.CancellationToken);
            Assert.Equal(400, (int)answer.StatusCode);
        }

        var page = await OpenAsync("quality");
        await Assertions.Expect(page.Locator("[data-volume]").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        var violations = page.GetByLabel("Violations");
        await Assertions.Expect(violations).ToContainTextAsync("CHECK (revenue >= 0) does not hold", new() { Timeout = 30_000 });
        await violations.GetByRole(AriaRole.Button, new() { Name = "Samples" }).First.ClickAsync();
        await Assertions.Expect(page.GetByLabel("Sample 1")).ToContainTextAsync("\"revenue\": -3", new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay rejected" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("1 still break it", new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await PicturesAsync(page, "quality");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Segments_shows_sizes_that_move_and_a_traits_values()
    {
        var page = await OpenAsync("segments/here_now");
        await Assertions.Expect(page.Locator("[data-size]")).Not.ToHaveTextAsync("0", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("svg.chart rect").First).ToBeAttachedAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByLabel("Some members").Locator("tbody tr").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await PicturesAsync(page, "segments");
        await page.GetByLabel("Segments and traits").GetByText("devices").ClickAsync();
        await Assertions.Expect(page.GetByLabel("Most frequent values").Locator("tbody tr").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await PicturesAsync(page, "trait");
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Pipelines_draws_the_circuit_and_says_why_nothing_has_come()
    {
        var page = await OpenAsync("pipelines/high_value");
        var nodes = page.Locator(".circuit .node");
        await Assertions.Expect(nodes.First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        Assert.Equal(1, await page.Locator(".circuit .node.source").CountAsync());
        Assert.Equal(1, await page.Locator(".circuit .node.segment").CountAsync());
        Assert.InRange(await page.Locator(".circuit .edge").CountAsync(), await nodes.CountAsync() - 1, 100);
        await Assertions.Expect(page.Locator(".circuit .node.source .figure")).ToContainTextAsync("/s", new() { Timeout = 30_000 });
        await nodes.First.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "events" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Plan" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Plan")).ToContainTextAsync("measured:", new() { Timeout = 30_000 });
        await PicturesAsync(page, "pipelines");
        await page.GetByText("The whole circuit").ClickAsync();
        await Assertions.Expect(nodes.Nth(60)).ToBeAttachedAsync(new() { Timeout = 30_000 });
        await PicturesAsync(page, "pipelines-whole");
        // Nobody is in it for the first half hour.
        await page.GetByText("cart_abandoned").First.ClickAsync();
        await Assertions.Expect(page.Locator("[data-why]")).ToContainTextAsync("Nothing comes from", new() { Timeout = 30_000 });
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Axe_finds_nothing_serious_on_any_page_in_either_colours()
    {
        var file = Path.Combine(FreshetProcess.Root, "tests", "clients", "node_modules", "axe-core", "axe.min.js");
        if (!File.Exists(file)) ClientTests.SkipOrFail("axe-core is not installed: run `npm ci` in tests/clients (needs Node.js).");
        var axe = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        var page = await OpenAsync("now");
        await page.EvaluateAsync(axe + ";0");
        var found = new List<string>();
        foreach (var (name, ready) in new[] { ("now", ".tile"), ("events", ".stream .line"), ("profiles", "tbody tr"), ("segments", "svg.chart"), ("pipelines", ".circuit .node"), ("sql", ".names summary"), ("quality", "[data-volume]"), ("system", "[aria-label='Rows of Configuration'] td") })
        {
            await page.EvaluateAsync("name => { location.hash = '#/' + name; }", name);
            await Assertions.Expect(page.Locator(ready).First).ToBeVisibleAsync(new() { Timeout = 30_000 });
            foreach (var colours in new[] { ColorScheme.Dark, ColorScheme.Light })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = colours });
                await Assertions.Expect(page.Locator($"html[data-theme={colours.ToString().ToLowerInvariant()}]")).ToHaveCountAsync(1);
                var serious = await page.EvaluateAsync<string[]>("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => `${v.id}: ${v.nodes[0].html}`)");
                found.AddRange(serious.Select(s => $"{name}, {colours}: {s}"));
            }
        }

        Assert.Empty(found);
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task A_server_with_a_token_asks_for_a_login_and_keeps_it_until_the_logout()
    {
        const string Token = "0123456789abcdef0123456789abcdef";
        var project = _folder.Project("CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM events;");
        await File.WriteAllTextAsync(Path.Combine(project, "freshet.json"), """{ "keys": ["k"], "api": { "token": "0123456789abcdef0123456789abcdef" } }""", TestContext.Current.CancellationToken);
        await using var own = await FreshetProcess.RunAsync(project, _folder.Data + "2");
        var page = await OpenAsync("system", own.Url);
        var secret = page.GetByLabel("Password or token");
        await Assertions.Expect(secret).ToBeFocusedAsync(new() { Timeout = 30_000 });
        Assert.Empty(_complaints);
        await secret.FillAsync("wrong");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("neither the password nor the token", new() { Timeout = 30_000 });
        await PicturesAsync(page, "login");
        _complaints.RemoveAll(c => c.Contains("401 (Unauthorized)", StringComparison.Ordinal));
        await secret.FillAsync(Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        var topics = page.GetByLabel("Topics").GetByText("events", new() { Exact = true });
        await Assertions.Expect(topics).ToBeVisibleAsync(new() { Timeout = 30_000 });
        // No script sees the session, and a new page of the browser has it.
        Assert.Equal("", await page.EvaluateAsync<string>("document.cookie"));
        Assert.Equal(0, await page.EvaluateAsync<int>("localStorage.length"));
        await page.ReloadAsync();
        await Assertions.Expect(topics).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await page.EvaluateAsync("location.hash = '#/sql'");
        await page.GetByLabel("Statement").FillAsync("SELECT n FROM v");
        await page.GetByLabel("Statement").PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".results td").First).ToHaveTextAsync("0", new() { Timeout = 30_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await Assertions.Expect(secret).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Assertions.Expect(secret).ToBeVisibleAsync(new() { Timeout = 30_000 });
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task The_browsers_own_EventSource_and_WebSocket_follow_a_view()
    {
        var page = await OpenAsync("system");
        var kinds = await page.EvaluateAsync<string[]>("""
            () => Promise.all([
              new Promise((resolve, reject) => {
                const source = new EventSource('/api/views/user_totals/changes');
                const seen = [];
                for (const kind of ['start', 'snapshot', 'changes']) source.addEventListener(kind, e => {
                  if (!seen.includes(kind)) seen.push(kind);
                  if (kind === 'changes' && Number(e.lastEventId) === JSON.parse(e.data).step) { source.close(); resolve(seen.join(' ')); }
                });
                source.onerror = reject;
              }),
              new Promise((resolve, reject) => {
                const socket = new WebSocket(`ws://${location.host}/api/views/user_totals/changes?snapshot=false`);
                const seen = [];
                socket.onmessage = e => {
                  const { type } = JSON.parse(e.data);
                  if (!seen.includes(type)) seen.push(type);
                  if (type === 'changes') { socket.close(); resolve(seen.join(' ')); }
                };
                socket.onerror = reject;
              }),
            ])
            """);
        Assert.Equal(["start snapshot changes", "start changes"], kinds);
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task Everything_that_a_page_loads_is_small()
    {
        console.Check();
        var page = await console.Browser.NewPageAsync();
        long bytes = 0;
        var loads = new List<Task>();
        page.Response += (_, answer) =>
        {
            if (!answer.Url.Contains("/api/", StringComparison.Ordinal)) loads.Add(Task.Run(async () => Interlocked.Add(ref bytes, (await answer.BodyAsync()).Length)));
        };
        await page.GotoAsync(console.Freshet.Url.ToString());
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Now" })).ToBeVisibleAsync();
        await Task.WhenAll(loads);
        // For whoever measures: dotnet test --filter Everything_that --logger "console;verbosity=detailed".
        var paint = await page.EvaluateAsync<string>("performance.getEntriesByType('paint').map(p => `${p.name} ${Math.round(p.startTime)} ms`).join(', ')");
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes} bytes, {paint}");
        Assert.InRange(bytes, 20_000, 300_000);
    }

    private async Task<IPage> OpenAsync(string name, Uri? of = null)
    {
        console.Check();
        var page = await console.Browser.NewPageAsync(new() { ViewportSize = new() { Width = 1280, Height = 800 }, ColorScheme = ColorScheme.Dark });
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
        await page.GotoAsync((of ?? console.Freshet.Url) + "#/" + name);
        return page;
    }

    /// <summary>The page in both colours, on a desktop and a phone, where a folder for pictures is named.</summary>
    private static async Task PicturesAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FRESHET_SCREENSHOTS") is not { Length: > 0 } folder) return;
        Directory.CreateDirectory(folder);
        foreach (var (device, width, height) in new[] { ("desktop", 1280, 800), ("phone", 390, 844) })
        {
            await page.SetViewportSizeAsync(width, height);
            foreach (var colours in new[] { ColorScheme.Dark, ColorScheme.Light })
            {
                await page.EmulateMediaAsync(new() { ColorScheme = colours });
                await Assertions.Expect(page.Locator($"html[data-theme={colours.ToString().ToLowerInvariant()}]")).ToHaveCountAsync(1);
                var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{device}-{colours}.png").ToLowerInvariant());
                await page.ScreenshotAsync(new() { Path = path });
            }
        }

        await page.SetViewportSizeAsync(1280, 800);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
    }
}
