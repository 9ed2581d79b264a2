using Freshet.Server.Configuration;

namespace Freshet.Server.Tests.Configuration;

public sealed class ProjectTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_empty_object_is_a_valid_project()
    {
        var settings = Load("{}");
        Assert.Equal("127.0.0.1", settings.Listen);
        Assert.Equal(7070, settings.Port);
        Assert.Equal(32 << 10, settings.EventBytesMax);
        Assert.Equal(TimeSpan.FromSeconds(10), settings.WatermarkDelay);
        Assert.Equal(Path.Combine(_folder, "data"), settings.DataDirectory);
        Assert.Empty(settings.Keys);
    }

    [Fact]
    public void Keys_are_structured_or_bare_and_comments_are_allowed()
    {
        var settings = Load("""
            { // who may send
              "keys": ["wk1", {"key": "sk1", "source": "backend", "kind": "server", "eventsPerSecond": 500},],
              "api": {"token": "0123456789abcdef", "origins": ["https://a.example/", "https://b.example"]},
            }
            """);
        Assert.Equal([new WriteKeySettings("wk1", "default", WriteKeyKind.Browser, null), new WriteKeySettings("sk1", "backend", WriteKeyKind.Server, 500)], settings.Keys);
        Assert.Equal(["https://a.example", "https://b.example"], settings.ApiOrigins);
    }

    [Fact]
    public void Flags_win_over_the_environment_and_that_over_the_file()
    {
        File.WriteAllText(Path.Combine(_folder, "freshet.json"), """{"port": 1, "workers": 1, "events": {"watermarkDelay": "1s"}}""");
        var environment = new Dictionary<string, string> { ["FRESHET_PORT"] = "2", ["FRESHET_WORKERS"] = "2", ["FRESHET_EVENTS_WATERMARK_DELAY"] = "2s", ["FRESHET_API_HOSTS"] = "a, b", ["FRESHET_KEYS"] = "k1" };
        var settings = Project.Load(_folder, environment.GetValueOrDefault, new Dictionary<string, string> { ["port"] = "3" }, ["k2"]);
        Assert.Equal((3, 2, TimeSpan.FromSeconds(2)), (settings.Port, settings.Workers, settings.WatermarkDelay));
        Assert.Equal(["a", "b"], settings.ApiHosts);
        Assert.Equal(["k1", "k2"], settings.Keys.Select(k => k.Key));
    }

    [Fact]
    public void Variables_are_replaced_and_a_missing_one_is_named()
    {
        File.WriteAllText(Path.Combine(_folder, "freshet.json"), """{"port": "${P}1", "api": {"token": "${TOKEN}"}}""");
        var settings = Project.Load(_folder, n => n switch { "P" => "80", "TOKEN" => "a-long-secret-token", _ => null });
        Assert.Equal((801, "a-long-secret-token"), (settings.Port, settings.ApiToken));
        var e = Assert.Throws<UserException>(() => Project.Load(_folder, _ => null));
        Assert.Contains("freshet.json:1", e.Message, StringComparison.Ordinal);
        Assert.Contains("variable P,", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\n \"prot\": 1}", "freshet.json:2: unknown setting \"prot\"; did you mean \"port\"?")]
    [InlineData("{\n \"kyes\": []}", "freshet.json:2: unknown setting \"kyes\"; did you mean \"keys\"?")]
    [InlineData("""{"events": {"watermarkdelay": "1s"}}""", "did you mean \"watermarkDelay\"?")]
    [InlineData("""{"keys": [{"key": "a", "knd": "server"}]}""", "did you mean \"kind\"?")]
    [InlineData("""{"keys": [{"key": "a", "kind": "sever"}]}""", "did you mean \"server\"?")]
    [InlineData("""{"keys": [{"source": "a"}]}""", "has no \"key\"")]
    [InlineData("""{"keys": ["a", "a"]}""", "repeats")]
    [InlineData("""{"keys": "a"}""", "\"keys\" must be an array")]
    [InlineData("""{"port": 99999}""", "must be a whole number from 0 to 65535")]
    [InlineData("""{"port": {"a": 1}}""", "\"port\" must be a single value")]
    [InlineData("""{"api": 1}""", "\"api\" must be an object")]
    [InlineData("""{"api": {"origins": "x"}}""", "\"api.origins\" must be an array")]
    [InlineData("""{"events": {"watermarkDelay": "soon"}}""", "must be a duration")]
    [InlineData("""{"port": 1, "port": 2}""", "given twice")]
    [InlineData("{\"port\": 1\n\"data\": 2}", "freshet.json:2: not valid JSON")]
    [InlineData("[]", "one JSON object")]
    [InlineData("""{"listen": "0.0.0.0"}""", "refused without \"api.token\"")]
    [InlineData("""{"listen": "0.0.0.0", "api": {"token": "0123456789abcdef"}}""", "refused without TLS")]
    [InlineData("""{"listen": "example.com"}""", "must be an IP address")]
    [InlineData("""{"api": {"token": "short"}}""", "shorter than 16")]
    [InlineData("""{"events": {"durability": "sometimes"}}""", "durable or relaxed")]
    [InlineData("""{"behindProxy": "yes"}""", "true or false")]
    public void What_is_wrong_is_named_with_its_remedy(string json, string sentence)
    {
        var e = Assert.Throws<UserException>(() => Load(json));
        Assert.Contains(sentence, e.Message, StringComparison.Ordinal);
        Assert.Equal(UserException.Usage, e.ExitCode);
    }

    [Fact]
    public void A_proxy_and_a_token_open_other_addresses() =>
        Assert.Equal("0.0.0.0", Load("""{"listen": "0.0.0.0", "behindProxy": true, "api": {"token": "0123456789abcdef"}}""").Listen);

    [Fact]
    public void A_missing_folder_and_a_missing_file_are_told_apart()
    {
        Assert.Contains("does not exist", Assert.Throws<UserException>(() => Project.Load(Path.Combine(_folder, "no"), _ => null)).Message, StringComparison.Ordinal);
        Assert.Contains("has no freshet.json", Assert.Throws<UserException>(() => Project.Load(_folder, _ => null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_default_is_accepted_in_a_file()
    {
        foreach (var setting in SettingCatalog.All)
            Assert.Null(setting.Apply(new ProjectSettings { Folder = _folder }, setting.Default));
    }

    [Fact]
    public void The_guide_names_every_setting_with_its_default_and_meaning()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Directory.Packages.props"))) root = root.Parent!;
        var guide = File.ReadAllText(Path.Combine(root.FullName, "docs", "guide", "configuration.md"));
        foreach (var setting in SettingCatalog.All)
        {
            var shown = setting.IsList ? "`[]`" : setting.Default.Length > 0 ? $"`{setting.Default}`" : "";
            Assert.Contains($"| `{setting.Path.Replace("[]", "", StringComparison.Ordinal)}` | {shown} | {setting.Help} |", guide, StringComparison.Ordinal);
        }
    }

    private ProjectSettings Load(string json)
    {
        File.WriteAllText(Path.Combine(_folder, "freshet.json"), json);
        return Project.Load(_folder, _ => null);
    }
}
