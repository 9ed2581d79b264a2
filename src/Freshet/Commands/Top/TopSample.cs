using System.Text.Json;

namespace Freshet.Commands.Top;

/// <summary>What the server counts at one moment.</summary>
/// <param name="AtMs">The moment, in ms since the server's start.</param>
internal sealed record TopSample(double AtMs, long Step, long Events, double AckMsP50, double AckMsP99, long ResidentBytes, IReadOnlyDictionary<int, TopNode> Nodes)
{
    /// <summary>From the answers of /api/pipelines and /api/status.</summary>
    public static TopSample Read(JsonElement pipelines, JsonElement status) => new(
        pipelines.GetProperty("readAtMs").GetDouble(),
        pipelines.GetProperty("step").GetInt64(),
        status.GetProperty("ingest").GetProperty("accepted").GetInt64(),
        status.GetProperty("ingest").GetProperty("ackMsP50").GetDouble(),
        status.GetProperty("ingest").GetProperty("ackMsP99").GetDouble(),
        status.GetProperty("residentBytes").GetInt64(),
        pipelines.GetProperty("nodes").EnumerateArray().Select(TopNode.Read).ToDictionary(n => n.Id));
}

/// <summary>A node of the circuit and its counts since the start.</summary>
internal sealed record TopNode(int Id, string Kind, string Title, double RowsIn, double RowsOut, double BusyMs, long StateRows, long StateBytes)
{
    public static TopNode Read(JsonElement node) => new(
        node.GetProperty("id").GetInt32(),
        node.GetProperty("kind").GetString()!,
        node.GetProperty("title").GetString()!,
        node.GetProperty("rowsIn").GetDouble(),
        node.GetProperty("rowsOut").GetDouble(),
        node.GetProperty("busyMs").GetDouble(),
        node.GetProperty("stateRows").GetInt64(),
        node.GetProperty("stateBytes").GetInt64());
}
