using System.CommandLine;

namespace Freshet.Commands.Check;

/// <summary>freshet check: reads the configuration, parses and plans the SQL, runs nothing.</summary>
internal static class CheckCommand
{
    public static Command Build()
    {
        var folder = new Argument<string>("project") { Description = "The project's folder." };
        var options = new ProjectOptions();
        var command = new Command("check", "Check a project's configuration and SQL without running it.") { folder };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var settings = options.Load(parsed, parsed.GetValue(folder)!);
            Console.WriteLine($"{settings.Folder}: the configuration is valid");
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet check myproject"]);
        return command;
    }
}
