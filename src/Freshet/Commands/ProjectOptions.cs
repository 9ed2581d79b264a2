using System.CommandLine;
using System.Globalization;
using Freshet.Server.Configuration;

namespace Freshet.Commands;

/// <summary>The options of every command that opens a project; given ones win over freshet.json and the environment.</summary>
internal sealed class ProjectOptions
{
    public Option<int?> Port { get; } = new("--port") { Description = "Port of the HTTP server; 0 takes a free one.", HelpName = "N" };

    public Option<string?> Data { get; } = new("--data") { Description = "Data directory.", HelpName = "DIR" };

    public Option<string[]> WriteKey { get; } = new("--write-key") { Description = "A write key (kind browser) beside the project's; may be repeated.", HelpName = "KEY" };

    public Option<int?> Workers { get; } = new("--workers") { Description = "Threads of the engine; default one for each core.", HelpName = "N" };

    public void AddTo(Command command)
    {
        command.Options.Add(Port);
        command.Options.Add(Data);
        command.Options.Add(WriteKey);
        command.Options.Add(Workers);
    }

    public ProjectSettings Load(ParseResult parsed, string folder, string? dataDefault = null)
    {
        var flags = new Dictionary<string, string>();
        if (parsed.GetValue(Port) is { } port) flags["port"] = port.ToString(CultureInfo.InvariantCulture);
        if (parsed.GetValue(Workers) is { } workers) flags["workers"] = workers.ToString(CultureInfo.InvariantCulture);
        // A path on the command line is relative to where the user stands, not to the project.
        if ((parsed.GetValue(Data) ?? dataDefault) is { } data) flags["data"] = Path.GetFullPath(data);
        return Project.Load(folder, Environment.GetEnvironmentVariable, flags, parsed.GetValue(WriteKey) ?? []);
    }
}
