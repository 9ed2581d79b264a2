using System.Text.Json;

namespace Freshet.Commands.Bench;

/// <summary>One measurement: figures by name in the order to show them. A benchmark checks its own result and throws where it is wrong.</summary>
internal interface IBenchmark
{
    string Name { get; }

    string About { get; }

    Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation);
}

/// <param name="Duration">Of each part that is measured; a smoke run takes a fraction of a second and proves only that it works.</param>
/// <param name="Directory">An empty directory on the disk to be measured; removed afterwards.</param>
/// <param name="Profiles">How many people there are where a benchmark has people.</param>
/// <param name="ShowsOperators">Where a benchmark runs a circuit of SQL it prints what each operator has done and holds.</param>
internal sealed record BenchOptions(TimeSpan Duration, string Directory, int Profiles, bool ShowsOperators = false);

/// <summary>A figure under the name that --json gives it, and how people read it.</summary>
internal readonly record struct Figure(string Name, double Value, string Unit)
{
    public static void WriteJson(IEnumerable<Figure> figures, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var figure in figures) json.WriteNumber(figure.Name, Math.Round(figure.Value, 3));
        json.WriteEndObject();
    }
}
