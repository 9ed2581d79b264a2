using System.CommandLine;
using Freshet.Configuration;
using Freshet.Sql.Parsing;

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
            var files = ProjectSql.Load(settings, Environment.GetEnvironmentVariable);
            var statements = files.Sum(f => SqlParser.ParseScript(f).Length);
            if (files.Count == 0) Console.Error.WriteLine($"freshet: {settings.SqlFolder} holds no .sql files: events are taken and kept, but there are no views.");
            Console.WriteLine($"{settings.Folder}: {files.Count} SQL files with {statements} statements, {settings.Keys.Count} write keys: valid");
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet check myproject"]);
        return command;
    }
}
