namespace Freshet.Engine.Nexmark;

/// <summary>What the bids of one block of events can refer to: it is the same for all of them.</summary>
internal readonly record struct BidChoices(long HotAuction, long FirstAuction, int Auctions, long HotBidder, long FirstBidder, int Bidders)
{
    public static BidChoices Of(long block)
    {
        var last = block * NexmarkGenerator.Auctions + NexmarkGenerator.Auctions - 1;
        var first = Math.Max(last - NexmarkGenerator.OpenAuctions, 0);
        var persons = (int)Math.Min(block + 1, NexmarkGenerator.Persons);
        return new BidChoices(
            last / NexmarkGenerator.HotBlock * NexmarkGenerator.HotBlock + NexmarkGenerator.First,
            first + NexmarkGenerator.First,
            (int)(last - first + 1 + NexmarkGenerator.Lead),
            block / NexmarkGenerator.HotBlock * NexmarkGenerator.HotBlock + 1 + 2 * NexmarkGenerator.First,
            block + 1 - persons + 2 * NexmarkGenerator.First,
            persons + NexmarkGenerator.Lead);
    }
}
