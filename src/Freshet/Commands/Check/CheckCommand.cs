using System.CommandLine;
using System.Text.Json;
using Freshet.Engine;
using Freshet.Server;
using Freshet.Server.Configuration;
using Freshet.Sql.Binding;
using Freshet.Syntax.Text;

namespace Freshet.Commands.Check;

/// <summary>freshet check: reads the configuration, parses and plans the SQL, runs nothing; of changed identity rules it counts what they would bring.</summary>
internal static class CheckCommand
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Build()
    {
        var folder = new Argument<string>("project") { Description = "The project's folder." };
        var options = new ProjectOptions();
        var json = new Option<bool>("--json") { Description = "Print what was found as one JSON object." };
        var command = new Command("check", "Check a project's configuration and SQL without running it.") { folder, json };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var settings = options.Load(parsed, parsed.GetValue(folder)!);
            var files = ProjectSql.Load(settings, Environment.GetEnvironmentVariable);
            var pipeline = new PipelineOptions { EventsWatermarkDelayMs = (long)settings.WatermarkDelay.TotalMilliseconds, EventsAreCut = settings.EventsAreCut, Folder = settings.Folder, Layer = () => new Customers.CustomerLayer((long)settings.WatermarkDelay.TotalMilliseconds) { AnonymousTtl = settings.AnonymousTtl } };
            var binder = Bind(files, pipeline);
            if (files.Count == 0) Console.Error.WriteLine($"freshet: {ProjectSql.NoFiles(settings)}");
            var layer = (Customers.CustomerLayer)binder.Layer!;
            string Declared(string kind, string what) => layer.Declared.Count(o => o.Kind == kind) is > 0 and var count ? $", {Counted(count, what)}" : "";
            // What the customer layer keeps of its own is not the project's.
            var views = binder.MaterializedViews.Count(v => binder.View(v.Name) is { } view && files.Contains(view.Source) && layer.Declared.All(o => o.Table != v.Name));
            var inserts = binder.Inserts.Count(i => files.Contains(i.Target.Source));
            if (parsed.GetValue(json))
            {
                var brought = IdentityCheck.Run(settings, binder, pipeline);
                Console.WriteLine(JsonSerializer.Serialize(new { project = settings.Folder, valid = true, files = files.Count, inserts = binder.Inserts.Count, keys = settings.Keys.Count, views = binder.MaterializedViews.Select(v => new { name = v.Name, columns = v.Plan.Schema.ToString() }), notes = binder.Notes, identityChange = brought }, Relaxed));
                return 0;
            }

            Console.WriteLine($"{settings.Folder}: valid: {Counted(files.Count, "SQL file")}, {Counted(views, "materialized view")}{Declared("EVENT", "planned event")}{Declared("IDENTIFIER", "identifier")}{Declared("TRAIT", "trait")}{Declared("SEGMENT", "segment")}, {Counted(inserts, "insert")}, {Counted(settings.Keys.Count, "write key")}");
            foreach (var note in binder.Notes) Console.Error.WriteLine($"freshet: {note}");
            foreach (var view in binder.MaterializedViews.Where(v => !v.Name.Contains('$', StringComparison.Ordinal))) Console.WriteLine($"  {view.Name} {view.Plan.Schema}");
            if (IdentityCheck.Run(settings, binder, pipeline) is { } change) Console.WriteLine(change);
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet check myproject", "freshet check myproject --json"]);
        return command;
    }

    private static ScriptBinder Bind(IReadOnlyList<SourceText> files, PipelineOptions options)
    {
        try
        {
            return Pipeline.Bind(files, options);
        }
        catch (EngineException e)
        {
            throw new UserException(e.Code, e.Message);
        }
    }

    private static string Counted(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
