using Microsoft.Playwright;

namespace Freshet.EndToEnd.Tests;

/// <summary>One browser and one running demo for all tests of the console.</summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly ScratchFolder _folder = new();
    private IPlaywright? _playwright;
    private FreshetProcess? _freshet;
    private IBrowser? _browser;

    internal FreshetProcess Freshet => _freshet!;

    internal IBrowser Browser => _browser!;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium)) return;
        _playwright = await Playwright.CreateAsync();
        var starting = FreshetProcess.DemoAsync(_folder.Data);
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
        _freshet = await starting;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        if (_freshet is not null) await _freshet.DisposeAsync();
        _playwright?.Dispose();
        _folder.Dispose();
    }

    /// <summary>Skips the test where there is no browser.</summary>
    internal void Check()
    {
        if (_browser is null) ClientTests.SkipOrFail("Chromium is not installed (Debian package chromium).");
    }
}
