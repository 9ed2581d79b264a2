using System.Text.Json;

namespace Freshet.Server.Api;

/// <summary>A part of the program that shows itself in /api/status and /metrics.</summary>
internal interface IStatusSection
{
    /// <summary>The name of its member in the status document.</summary>
    string Name { get; }

    /// <summary>Writes the members of its object.</summary>
    void WriteStatus(Utf8JsonWriter json);

    void WriteMetrics(MetricsText metrics);
}
