using System.Text.Json.Nodes;

namespace Freshet.Commands.Top;

/// <summary>By what the nodes of a frame are ordered.</summary>
internal enum TopOrder
{
    Busy,
    Rows,
    State,
}

/// <summary>What went on between two samples: rates of the whole and of each node, the busiest first.</summary>
internal sealed record TopFrame(TopSample Sample, double Seconds, double EventsPerSecond, double StepsPerSecond, IReadOnlyList<TopLine> Lines)
{
    public static TopFrame Between(TopSample before, TopSample now, TopOrder order)
    {
        // A server that has started anew counts from zero: its start is the sample before.
        var isSame = now.AtMs > before.AtMs && now.Step >= before.Step;
        var seconds = (isSame ? now.AtMs - before.AtMs : now.AtMs) / 1000;
        double Rate(double count, double earlier) => seconds <= 0 ? 0 : (count - (isSame ? earlier : 0)) / seconds;
        var lines = now.Nodes.Values.Select(node =>
        {
            var earlier = before.Nodes.GetValueOrDefault(node.Id);
            return new TopLine(node, Rate(node.RowsIn, earlier?.RowsIn ?? 0), Rate(node.RowsOut, earlier?.RowsOut ?? 0), Rate(node.BusyMs, earlier?.BusyMs ?? 0) / 1000);
        });
        var ordered = order switch
        {
            TopOrder.Rows => lines.OrderByDescending(l => l.RowsInPerSecond),
            TopOrder.State => lines.OrderByDescending(l => l.Node.StateBytes),
            _ => lines.OrderByDescending(l => l.Busy),
        };
        return new TopFrame(now, seconds, Rate(now.Events, before.Events), Rate(now.Step, before.Step), [.. ordered.ThenBy(l => l.Node.Id)]);
    }

    /// <summary>One object: the whole, and each node by its id.</summary>
    public JsonObject ToJson() => new()
    {
        ["step"] = Sample.Step,
        ["seconds"] = Round(Seconds),
        ["eventsPerSecond"] = Round(EventsPerSecond),
        ["stepsPerSecond"] = Round(StepsPerSecond),
        ["ackMsP50"] = Sample.AckMsP50,
        ["ackMsP99"] = Sample.AckMsP99,
        ["residentBytes"] = Sample.ResidentBytes,
        ["nodes"] = new JsonArray([.. Lines.Select(line => (JsonNode)new JsonObject
        {
            ["id"] = line.Node.Id,
            ["kind"] = line.Node.Kind,
            ["title"] = line.Node.Title,
            ["rowsInPerSecond"] = Round(line.RowsInPerSecond),
            ["rowsOutPerSecond"] = Round(line.RowsOutPerSecond),
            ["busy"] = Math.Round(line.Busy, 6),
            ["stateRows"] = line.Node.StateRows,
            ["stateBytes"] = line.Node.StateBytes,
        })]),
    };

    private static double Round(double value) => Math.Round(value, 3);
}

/// <summary>A node in a frame.</summary>
/// <param name="Busy">The share of the time in which it computed: 1 is one core.</param>
internal sealed record TopLine(TopNode Node, double RowsInPerSecond, double RowsOutPerSecond, double Busy);
