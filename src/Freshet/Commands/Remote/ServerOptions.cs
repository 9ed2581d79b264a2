using System.CommandLine;
using Freshet.Server;

namespace Freshet.Commands.Remote;

/// <summary>The options of every command that asks a running server.</summary>
internal sealed class ServerOptions
{
    private const string TokenVariable = "FRESHET_API_TOKEN";

    public Option<string> Url { get; } = NewUrl();

    public Option<string?> Token { get; } = new("--token") { Description = $"The API token; better in {TokenVariable}, where other users do not see it.", HelpName = "TOKEN" };

    public static Option<string> NewUrl() => new("--url") { Description = "The server; or FRESHET_URL.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("FRESHET_URL") is { Length: > 0 } url ? url : "http://127.0.0.1:7070", HelpName = "URL" };

    public void AddTo(Command command)
    {
        command.Options.Add(Url);
        command.Options.Add(Token);
    }

    public ServerConnection Connect(ParseResult parsed) => new(Address(parsed.GetValue(Url)!), parsed.GetValue(Token) ?? Environment.GetEnvironmentVariable(TokenVariable));

    public static Uri Address(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        ? address
        : throw new UserException("usage", $"--url (or FRESHET_URL) is \"{url}\" but must be like http://127.0.0.1:7070.");
}
