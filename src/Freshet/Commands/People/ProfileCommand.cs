using System.CommandLine;
using System.Text.Json;
using Freshet.Commands.Remote;
using Freshet.Server;

namespace Freshet.Commands.People;

/// <summary>freshet profile: what a running server knows of one person.</summary>
internal static class ProfileCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Build()
    {
        var identifier = new Argument<string>("identifier") { Description = "One of the profile's identifiers, as type:value." };
        var server = new ServerOptions();
        var asJson = new Option<bool>("--json") { Description = "The answer of GET /api/profiles/<type>:<value>, as JSON." };
        var command = new Command("profile", "Show a person: traits, segments, identifiers, the last events.") { identifier, asJson };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = parsed.GetValue(identifier)!;
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || colon == name.Length - 1) throw new UserException("usage", $"\"{name}\" names nobody; write the type and the value of an identifier, such as user_id:42 or email:a@example.com.");
            using var connection = server.Connect(parsed);
            using var profile = await connection.GetAsync($"/api/profiles/{Uri.EscapeDataString(name[..colon])}:{Uri.EscapeDataString(name[(colon + 1)..])}", cancellation);
            if (parsed.GetValue(asJson)) Console.WriteLine(JsonSerializer.Serialize(profile.RootElement, Indented));
            else ProfilePrinter.Write(name, profile.RootElement);
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet profile user_id:42", "freshet profile email:jane@example.com --json"]);
        return command;
    }
}
