using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Freshet.Columns;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// The bids of a generator. All draws that a run of bids can take are made at once by vectors; a walk over them that has no branch on
/// a draw finds those of each bid: an auction or a bidder that is hot takes one draw less. Where a draw has to be repeated (one run
/// in 50), or a bound is a power of two, the run is made draw by draw.
/// The shared texts are fetched while the walk goes on, since they are more than a core's second cache holds beside the columns.
/// <para>Texts are views of what all bids share; prices are made last, from the states that their draws follow.</para>
/// </summary>
internal sealed unsafe class NexmarkBids
{
    private const int ExtraBytes = 68;
    private const int ExtraDelta = 14; // a fifth of them, rounded
    private const int ExtraMinBytes = ExtraBytes - ExtraDelta;
    private const int MostDraws = 9;

    /// <summary>For each size of an extra what takes the remainder by its bound without a division.</summary>
    private static readonly ulong[] PlaceFactors = [.. Enumerable.Range(ExtraMinBytes, 2 * ExtraDelta).Select(size => FactorOf((uint)(NexmarkTexts.PoolBytes - size)))];

    private readonly uint* _peeked = (uint*)NativeMemory.AlignedAlloc((MostDraws * NexmarkGenerator.Block + NexmarkDraws.Lanes) * sizeof(uint), 64);
    private readonly int* _places = (int*)NativeMemory.Alloc(NexmarkGenerator.Block * sizeof(int));
    private readonly int* _extras = (int*)NativeMemory.Alloc(2 * NexmarkGenerator.Block * sizeof(int));
    private ulong[] _priceStates = [];
    private int[] _priceRows = [];
    private int _prices;

    ~NexmarkBids()
    {
        NativeMemory.AlignedFree(_peeked);
        NativeMemory.Free(_places);
        NativeMemory.Free(_extras);
    }

    /// <summary>Begins a batch of at most so many bids.</summary>
    public void Begin(int rows)
    {
        _prices = 0;
        if (_priceRows.Length >= rows + NexmarkDraws.Lanes) return;
        _priceRows = new int[rows + NexmarkDraws.Lanes];
        _priceStates = new ulong[rows + NexmarkDraws.Lanes];
    }

    /// <summary>Makes bids of one block.</summary>
    public void Fill(in NexmarkColumns columns, int row, int run, in BidChoices choices, ref NexmarkDraws draws)
    {
        if (!TryWalk(columns, row, run, choices, ref draws)) DrawByDraw(columns, row, run, choices, ref draws);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryWalk(in NexmarkColumns columns, int row, int run, in BidChoices choices, ref NexmarkDraws draws)
    {
        var (auctions, bidders) = ((uint)choices.Auctions, (uint)choices.Bidders);
        if (BitOperations.IsPow2(auctions) || BitOperations.IsPow2(bidders)) return false;
        var (auctionFactor, bidderFactor) = (FactorOf(auctions), FactorOf(bidders));
        var (hotAuction, firstAuction, hotBidder, firstBidder) = (choices.HotAuction, choices.FirstAuction, choices.HotBidder, choices.FirstBidder);
        draws.Peek(_peeked, run * MostDraws);
        var auction = columns.Numbers(NexmarkField.BidAuction);
        var bidder = columns.Numbers(NexmarkField.BidBidder);
        var hasPrice = columns.Numbers(NexmarkField.BidPrice) is not null;
        var extra = columns.Texts(NexmarkField.BidExtra);
        var readsPair = columns.Texts(NexmarkField.BidChannel) is not null || columns.Texts(NexmarkField.BidUrl) is not null;
        var peeked = _peeked;
        var next = peeked;
        var state = draws.State;
        var repeats = 0u;
        var prices = _prices;
        var placeFactors = PlaceFactors;
        var states = _priceStates;
        var priceRows = _priceRows;
        for (var i = 0; i < run; i++, row++)
        {
            var isCold = (*next & 1) - 1; // all bits for a cold one, else 0
            var of = next[1] >> 1;
            var rest = Below(of, auctions, auctionFactor);
            repeats |= Repeats(of, rest, auctions) & isCold;
            if (auction is not null) auction[row] = hotAuction + (firstAuction + rest - hotAuction & (int)isCold);
            next += 1 - (int)isCold;

            isCold = (uint)((int)(*next & 3) - 1 >> 31);
            of = next[1] >> 1;
            rest = Below(of, bidders, bidderFactor);
            repeats |= Repeats(of, rest, bidders) & isCold;
            if (bidder is not null) bidder[row] = hotBidder + (firstBidder + rest - hotBidder & (int)isCold);
            next += 1 - (int)isCold;

            if (hasPrice)
            {
                states[prices] = state + (ulong)(next - peeked) * NexmarkDraws.Gamma;
                priceRows[prices++] = row;
            }

            isCold = (next[1] & 1) - 1;
            of = next[2] >> 1;
            var place = of % NexmarkTexts.Channels;
            repeats |= Repeats(of, place, NexmarkTexts.Channels) & isCold;
            place = place & isCold | NexmarkTexts.Channels + (next[2] & 3) & ~isCold;
            _places[i] = (int)place;
            if (readsPair && Sse.IsSupported) Sse.Prefetch0(NexmarkTexts.ChannelAndUrl + 2 * place);

            of = next[3] >> 1;
            var size = of % (2 * ExtraDelta);
            repeats |= Repeats(of, size, 2 * ExtraDelta);
            of = next[4] >> 1;
            var bound = NexmarkTexts.PoolBytes - ExtraMinBytes - size;
            rest = Below(of, bound, placeFactors[(int)size]);
            repeats |= Repeats(of, rest, bound);
            _extras[2 * i] = (int)rest;
            _extras[2 * i + 1] = ExtraMinBytes + (int)size;
            if (extra is not null && Sse.IsSupported) Sse.Prefetch0(NexmarkTexts.Pool + rest);
            next += 5;
        }

        if (repeats > int.MaxValue) return false;
        _prices = prices;
        draws.Skip((int)(next - peeked));
        Texts(columns, row - run, run);
        return true;
    }

    /// <summary>The texts that the walk found, which are in the cache by now.</summary>
    private void Texts(in NexmarkColumns columns, int row, int run)
    {
        if (columns.Texts(NexmarkField.BidChannel) is var channel && channel is not null)
            for (var i = 0; i < run; i++) channel[row + i] = NexmarkTexts.ChannelAndUrl[2 * _places[i]];
        if (columns.Texts(NexmarkField.BidUrl) is var url && url is not null)
            for (var i = 0; i < run; i++) url[row + i] = NexmarkTexts.ChannelAndUrl[2 * _places[i] + 1];
        if (columns.Texts(NexmarkField.BidExtra) is var extra && extra is not null)
            for (var i = 0; i < run; i++) StringView.Write(extra + row + i, NexmarkTexts.Pool + _extras[2 * i], _extras[2 * i + 1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DrawByDraw(in NexmarkColumns columns, int row, int run, in BidChoices choices, ref NexmarkDraws draws)
    {
        var d = draws;
        var auction = columns.Numbers(NexmarkField.BidAuction);
        var bidder = columns.Numbers(NexmarkField.BidBidder);
        var channel = columns.Texts(NexmarkField.BidChannel);
        var url = columns.Texts(NexmarkField.BidUrl);
        var extra = columns.Texts(NexmarkField.BidExtra);
        for (var end = row + run; row < end; row++)
        {
            var a = d.NextBits(2) > 0 ? choices.HotAuction : choices.FirstAuction + d.Next(choices.Auctions);
            if (auction is not null) auction[row] = a;
            var b = d.NextBits(4) > 0 ? choices.HotBidder : choices.FirstBidder + d.Next(choices.Bidders);
            if (bidder is not null) bidder[row] = b;
            _priceStates[_prices] = d.State;
            _priceRows[_prices++] = row;
            d.Skip();
            var pair = NexmarkTexts.ChannelAndUrl + 2 * (d.NextBits(2) > 0 ? NexmarkTexts.Channels + d.NextBits(NexmarkTexts.HotChannels) : d.NextBelow(NexmarkTexts.Channels));
            if (channel is not null) channel[row] = pair[0];
            if (url is not null) url[row] = pair[1];
            var size = ExtraMinBytes + d.NextBelow(2 * ExtraDelta);
            var from = d.NextBelow(NexmarkTexts.PoolBytes - size);
            if (extra is not null) extra[row] = new StringView(NexmarkTexts.Pool + from, size);
        }

        draws = d;
    }

    /// <summary>
    /// Prices of all bids of a batch by vectors. Their exponential is a little off the power, by less than 1e-14 of its value; where
    /// that could matter for the rounding, the power itself decides.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prices(long* target)
    {
        const double Doubt = 1e-5;
        var half = Vector512.Create(0.5);
        var rounded = stackalloc long[NexmarkDraws.Lanes];
        for (var i = 0; i < _prices; i += NexmarkDraws.Lanes)
        {
            var exponents = NexmarkDraws.Doubles(Vector512.LoadUnsafe(ref _priceStates[i]));
            var values = Vector512.Exp(exponents * Vector512.Create(6.0 * 2.302585092994045684)) * Vector512.Create(100.0);
            var whole = Vector512.Floor(values + half);
            var isDoubtful = Vector512.LessThanOrEqual(Vector512.Abs(Vector512.Abs(values - whole) - half), Vector512.Create(Doubt));
            Vector512.ConvertToInt64Native(whole).Store(rounded);
            for (var doubts = isDoubtful.ExtractMostSignificantBits(); doubts != 0; doubts &= doubts - 1)
            {
                var n = BitOperations.TrailingZeroCount(doubts);
                rounded[n] = Price(exponents[n]);
            }

            for (var n = 0; n < Math.Min(NexmarkDraws.Lanes, _prices - i); n++) target[_priceRows[i + n]] = rounded[n];
        }
    }

    /// <summary>Log-uniform from 100 to 100,000,000.</summary>
    public static long Price(double exponent) => (long)Math.Floor(Math.Pow(10.0, exponent * 6.0) * 100.0 + 0.5);

    /// <summary>What <see cref="Below"/> needs for a bound: the next above 2^64 / bound.</summary>
    private static ulong FactorOf(uint bound) => ulong.MaxValue / bound + 1;

    /// <summary>The remainder of a draw of 31 bits (Lemire, Kaser, Kurz 2019).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Below(uint draw, uint bound, ulong factor) => (uint)Math.BigMul(factor * draw, bound, out _);

    /// <summary>Its highest bit says that a draw with this remainder has to be repeated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Repeats(uint draw, uint rest, uint bound) => draw - rest + bound - 1;
}
