using System.Globalization;
using System.Text;
using Freshet.Server;
using Freshet.Syntax.Text;

namespace Freshet.Commands.Bench.Nexmark;

/// <summary>Where the events of a run come from.</summary>
internal enum NexmarkInput
{
    /// <summary>Made while the query runs.</summary>
    Generator,

    /// <summary>Made before, as columns: the engine alone is measured.</summary>
    Memory,

    /// <summary>JSON lines of a file, decoded while the query runs.</summary>
    Json,
}

/// <summary>What a query runs over.</summary>
/// <param name="Events">Their number; of a file at most.</param>
/// <param name="EventsPerSecond">Events in a second of event time: it decides how many windows there are.</param>
internal sealed record NexmarkEvents(NexmarkInput Input, long Events, long EventsPerSecond, string? File)
{
    /// <summary>Every column of the events is made, read or not.</summary>
    public bool IsFull { get; init; }

    public string Options()
    {
        var text = new StringBuilder("'connector' = 'nexmark'");
        text.Append(CultureInfo.InvariantCulture, $", 'events.num' = '{Events}', 'first-event.rate' = '{EventsPerSecond}', 'seed' = '42'");
        if (Input == NexmarkInput.Memory) text.Append(", 'preload' = 'true'");
        if (IsFull) text.Append(", 'all-fields' = 'true'");
        if (Input == NexmarkInput.Json) text.Append(CultureInfo.InvariantCulture, $", 'file' = '{File!.Replace("'", "''", StringComparison.Ordinal)}'");
        return text.ToString();
    }
}

/// <summary>The queries of the suite, as they lie in benchmarks/nexmark: the events with their three views, then one INSERT each.</summary>
internal static class NexmarkQuery
{
    private const string Prefix = "nexmark/";

    public static IReadOnlyList<string> Names { get; } =
        [.. typeof(NexmarkQuery).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix + "q", StringComparison.Ordinal) || n.StartsWith(Prefix + "cep", StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..]).OrderBy(n => n.StartsWith('c')).ThenBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal)];

    /// <summary>A query's statements over these events.</summary>
    /// <param name="sideInput">A CSV file of keys and values for q13.</param>
    public static IReadOnlyList<SourceText> Text(string name, NexmarkEvents events, string sideInput) =>
    [
        new SourceText("events.sql", Filled(Resource("events"), events, sideInput)),
        new SourceText(name + ".sql", Filled(Resource(name), events, sideInput)),
    ];

    /// <summary>Writes the suite's side input: 10,000 keys, each its own value.</summary>
    public static void WriteSideInput(string path)
    {
        using var file = new StreamWriter(path);
        for (var key = 0; key < 10_000; key++) file.Write(string.Create(CultureInfo.InvariantCulture, $"{key},{key}\n"));
    }

    private static string Filled(string text, NexmarkEvents events, string sideInput) => text
        .Replace("${SOURCE}", events.Options(), StringComparison.Ordinal)
        .Replace("${SINK}", "'connector' = 'blackhole'", StringComparison.Ordinal)
        .Replace("${SIDE_INPUT}", $"'connector' = 'filesystem', 'path' = '{sideInput}', 'format' = 'csv'", StringComparison.Ordinal);

    private static string Resource(string name)
    {
        using var stream = typeof(NexmarkQuery).Assembly.GetManifestResourceStream(Prefix + name) ?? throw new UserException("usage", $"There is no query {name}; the queries are {string.Join(", ", Names)}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
