using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Server.Configuration;

/// <summary>The SQL of a project: sql/*.sql in the order of their names, with variables replaced.</summary>
internal static class ProjectSql
{
    /// <summary>The files' texts, named as a message should name them; empty where there are none.</summary>
    public static IReadOnlyList<SourceText> Load(ProjectSettings settings, Func<string, string?> environment)
    {
        if (!Directory.Exists(settings.SqlFolder)) return [];
        return [.. Directory.GetFiles(settings.SqlFolder, "*.sql").OrderBy(Path.GetFileName, StringComparer.Ordinal)
            .Select(file => Read(file, Path.Combine("sql", Path.GetFileName(file)), environment))];
    }

    /// <summary>What to say of a project without SQL.</summary>
    public static string NoFiles(ProjectSettings settings) =>
        $"{settings.SqlFolder} holds no .sql files: events are taken and kept, but there are no views. Put a file with CREATE MATERIALIZED VIEW name AS SELECT ... there.";

    /// <summary>A script by itself.</summary>
    /// <param name="name">How messages name it.</param>
    public static SourceText Read(string file, string name, Func<string, string?> environment) => Of(new SourceText(name, File.ReadAllText(file)), environment);

    /// <summary>A text with its variables replaced.</summary>
    public static SourceText Of(SourceText raw, Func<string, string?> environment) =>
        new(raw.Name, EnvironmentText.Replace(raw.Text, environment, (sentence, at) => new SqlException(raw, new TextSpan(at, 2), $"The text {sentence}.")));
}
