using System.CommandLine;
using Freshet.Server;

namespace Freshet.Commands.New;

/// <summary>freshet new: a folder with a small project that runs, commented, with its tests.</summary>
internal static class NewCommand
{
    private const string Resources = "template/";

    public static Command Build()
    {
        var folder = new Argument<string>("folder") { Description = "The folder to make; its name is the project's." };
        var command = new Command("new", "Make a project to start from.") { folder };
        command.SetAction(async (parsed, cancellation) =>
        {
            await WriteAsync(Path.GetFullPath(parsed.GetValue(folder)!), cancellation);
            var shown = parsed.GetValue(folder)!;
            Console.WriteLine($"{shown} is a project. Go on with:");
            Console.WriteLine($"  freshet test {shown}");
            Console.WriteLine($"  freshet run {shown}");
            Console.WriteLine($"  freshet send {Path.Combine(shown, "events.jsonl")} --key dev");
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet new shop", "freshet new ./projects/shop"]);
        return command;
    }

    private static async Task WriteAsync(string folder, CancellationToken cancellation)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new UserException("folder_in_use", $"{folder} is there already and not empty; choose another name.");
        var assembly = typeof(NewCommand).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Resources, StringComparison.Ordinal)))
        {
            // A .gitignore of its own would keep files of the template out of the repository that it lies in.
            var path = Path.Combine(folder, resource[Resources.Length..].Replace("gitignore", ".gitignore", StringComparison.Ordinal));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var text = await reader.ReadToEndAsync(cancellation);
            await File.WriteAllTextAsync(path, text.Replace("{{name}}", Path.GetFileName(folder.TrimEnd(Path.DirectorySeparatorChar)), StringComparison.Ordinal), cancellation);
        }
    }
}
