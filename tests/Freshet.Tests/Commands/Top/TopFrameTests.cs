using Freshet.Commands.Top;

namespace Freshet.Tests.Commands.Top;

public sealed class TopFrameTests
{
    [Fact]
    public void Rates_are_differences_over_the_server_s_own_time()
    {
        var frame = TopFrame.Between(Sample(1000, 10, 100, Node(1, 50, 20, 5), Node(2, 0, 0, 0)), Sample(3000, 14, 700, Node(1, 250, 120, 1005), Node(2, 0, 0, 1)), TopOrder.Busy);
        Assert.Equal((2, 300, 2), (frame.Seconds, frame.EventsPerSecond, frame.StepsPerSecond));
        Assert.Equal((1, 100, 50, 0.5), (frame.Lines[0].Node.Id, frame.Lines[0].RowsInPerSecond, frame.Lines[0].RowsOutPerSecond, frame.Lines[0].Busy));
        Assert.Equal(2, frame.Lines[1].Node.Id);
        Assert.Equal(100, (double)frame.ToJson()["nodes"]![0]!["rowsInPerSecond"]!);
    }

    [Fact]
    public void A_server_that_has_started_anew_counts_from_its_start()
    {
        var frame = TopFrame.Between(Sample(90_000, 5000, 9000, Node(1, 9000, 9000, 9000)), Sample(2000, 4, 20, Node(1, 20, 10, 100)), TopOrder.Busy);
        Assert.Equal((2, 10), (frame.Seconds, frame.EventsPerSecond));
        Assert.Equal((10, 0.05), (frame.Lines[0].RowsInPerSecond, frame.Lines[0].Busy));
    }

    [Theory]
    [InlineData(TopOrder.Rows, 2)]
    [InlineData(TopOrder.State, 3)]
    public void Nodes_stand_in_the_order_asked_for(object order, int first)
    {
        var frame = TopFrame.Between(Sample(0, 0, 0), Sample(1000, 1, 0, Node(1, 1, 0, 100), Node(2, 5, 0, 1), Node(3, 2, 0, 1, 4096)), (TopOrder)order);
        Assert.Equal(first, frame.Lines[0].Node.Id);
    }

    private static TopSample Sample(double atMs, long step, long events, params TopNode[] nodes) => new(atMs, step, events, 1, 2, 3, nodes.ToDictionary(n => n.Id));

    private static TopNode Node(int id, double rowsIn, double rowsOut, double busyMs, long stateBytes = 0) => new(id, "operator", "Filter", rowsIn, rowsOut, busyMs, 0, stateBytes);
}
