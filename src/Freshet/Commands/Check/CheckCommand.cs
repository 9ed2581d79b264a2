using System.CommandLine;
using Freshet.Engine;
using Freshet.Server.Configuration;

namespace Freshet.Commands.Check;

/// <summary>freshet check: reads the configuration, parses and plans the SQL, runs nothing; of changed identity rules it counts what they would bring.</summary>
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
            var pipeline = new PipelineOptions { EventsWatermarkDelayMs = (long)settings.WatermarkDelay.TotalMilliseconds, Folder = settings.Folder, Layer = () => new Customers.CustomerLayer((long)settings.WatermarkDelay.TotalMilliseconds) };
            var binder = Pipeline.Bind(files, pipeline);
            if (files.Count == 0) Console.Error.WriteLine($"freshet: {settings.SqlFolder} holds no .sql files: events are taken and kept, but there are no views.");
            Console.WriteLine($"{settings.Folder}: valid: {files.Count} SQL files, {binder.MaterializedViews.Count} materialized views, {binder.Inserts.Count} inserts, {settings.Keys.Count} write keys");
            foreach (var note in binder.Notes) Console.Error.WriteLine($"freshet: {note}");
            foreach (var view in binder.MaterializedViews) Console.WriteLine($"  {view.Name} {view.Plan.Schema}");
            if (IdentityCheck.Run(settings, binder, pipeline) is { } change) Console.WriteLine(change);
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet check myproject"]);
        return command;
    }
}
