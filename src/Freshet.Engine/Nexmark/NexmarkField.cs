namespace Freshet.Engine.Nexmark;

/// <summary>Every value of an event, in the order of the suite's rows: the event's type, then the fields of each entity.</summary>
internal enum NexmarkField
{
    EventType,
    PersonId,
    PersonName,
    PersonEmail,
    PersonCard,
    PersonCity,
    PersonState,
    PersonTime,
    PersonExtra,
    AuctionId,
    AuctionName,
    AuctionDescription,
    AuctionInitialBid,
    AuctionReserve,
    AuctionTime,
    AuctionExpires,
    AuctionSeller,
    AuctionCategory,
    AuctionExtra,
    BidAuction,
    BidBidder,
    BidPrice,
    BidChannel,
    BidUrl,
    BidTime,
    BidExtra,
}
