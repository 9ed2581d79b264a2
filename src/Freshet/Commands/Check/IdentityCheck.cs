using System.Globalization;
using Freshet.Customers.Identity;
using Freshet.Engine;
using Freshet.Engine.Embedding;
using Freshet.Engine.Journals;
using Freshet.Engine.Planning;
using Freshet.Engine.Queries;
using Freshet.Log;
using Freshet.Server.Configuration;
using Freshet.Sql.Binding;
using Freshet.Storage;
using Freshet.Storage.Posix;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Commands.Check;

/// <summary>
/// What changed identity rules would do to the profiles that are there: the log of the data directory is folded by the rules of the last start and
/// by those of the project, and the profiles are compared. Each fold costs a pass over the log, and memory for all identifiers.
/// </summary>
internal static class IdentityCheck
{
    /// <summary>A sentence; null where the rules are those of the last start, or nothing has been started yet.</summary>
    public static string? Run(ProjectSettings settings, ScriptBinder project, PipelineOptions options)
    {
        if (!Directory.Exists(Path.Combine(settings.DataDirectory, PlanRecord.Topic + "-0"))) return null;
        if (project.Layer!.Remembered.FirstOrDefault(r => r.Name == IdentityRules.RememberedAs) is not { Name: not null } rules) return null;
        try
        {
            using var log = LogStore.Open(new PosixDisk(), settings.DataDirectory, new LogOptions());
            if (!PlanRecord.Read(log.OpenPartition(PlanRecord.Topic)).TryGetValue(rules.Name, out var before) || before == rules.Text) return null;
            var old = Pipeline.Bind([new SourceText("rules of the last start", before + ";\nCREATE SEGMENT everyone AS SELECT profile_id FROM events;")], options);
            return Sentence(IdentityComparison.Of(Fold(log, old, options), Fold(log, project, options)));
        }
        catch (StorageException e)
        {
            return $"The identity rules cannot be compared with those of the last start: {e.Message}";
        }
    }

    private static string Sentence(IdentityComparison c) => string.Create(
        CultureInfo.InvariantCulture,
        $"The identity rules have changed since the last start. Of {c.Before:N0} profiles they make {c.After:N0}: {Count(c.Merges, "merge")}, {Count(c.Splits, "split")}; {Count(c.Gone, "identifier")} would no longer count, {c.New:N0} only now.");

    private static string Count(int count, string word) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {word}{(count == 1 ? "" : "s")}");

    /// <summary>Whose each identifier is at the end of the log.</summary>
    private static Dictionary<(string Type, string Value), long> Fold(LogStore log, ScriptBinder project, PipelineOptions options)
    {
        var source = new SourceText("identifiers", "SELECT type, `value`, profile_id FROM `identity$identifiers`");
        var plan = new ReadBinder(project).BindQuery(((Select)SqlParser.ParseOne(source)).Query, source);
        var connectors = new Connectors(log, options);
        using var run = new BoundedRun([plan], [], options with { Workers = 1 }, TimeZoneInfo.Utc, connectors, (node, columns) => connectors.CreateSource(node.Table, columns, p => p.AnsweredOffset));
        var reader = new RowReader<(string Type, string Value, long Profile)>("identifiers", run.SchemaOf(0));
        var owners = new Dictionary<(string, string), long>();
        while (run.Next(0) is { } batch)
        {
            foreach (var (row, _) in reader.Read(batch)) owners[(row.Type, row.Value)] = row.Profile;
            batch.Release();
        }

        return owners;
    }
}
