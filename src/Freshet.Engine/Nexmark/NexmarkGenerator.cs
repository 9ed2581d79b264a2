using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// The events of the Nexmark suite, from a seed, to the last draw: of 50 events one is a person, three are auctions, 46 bids. The
/// order of the draws is the suite's format, so values that nobody reads are drawn (or passed over where that is the same) and
/// not made. Batches are filled column by column; one generator is one timeline and belongs to one thread.
/// <para>Cost: about 20 ns an event for numbers, 35 ns with prices and the texts of bids, without a copy of any of those texts.</para>
/// </summary>
internal sealed unsafe class NexmarkGenerator
{
    private const int Block = 50;
    private const int Auctions = 3;
    private const int Persons = 1000;
    private const int OpenAuctions = 100;
    private const int Lead = 10;
    private const int HotBlock = 100;
    private const int First = 1000;
    private const int PersonExtraBytes = 200;
    private const int AuctionExtraBytes = 500;
    private const int BidExtraBytes = 68;
    private const int AuctionTextBytes = 128;
    private const int PersonTextBytes = 96;

    private readonly long _baseTime;
    private readonly long _firstId;
    private readonly double _delayMicros;
    private readonly byte* _scratch = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc(AuctionTextBytes);
    private NexmarkDraws _draws;
    private double[] _exponents = [];
    private int[] _bidRows = [];

    /// <param name="eventsPerSecond">Events of all timelines in a second of event time.</param>
    /// <param name="timelines">Timelines that share the rate; the ids of each begin at its own <paramref name="firstId"/>.</param>
    public NexmarkGenerator(long seed, long baseTimeMs, long firstId, double eventsPerSecond, int timelines)
    {
        _draws = new NexmarkDraws(seed);
        _baseTime = baseTimeMs;
        _firstId = firstId;
        _delayMicros = 1_000_000.0 / eventsPerSecond * timelines;
    }

    ~NexmarkGenerator() => System.Runtime.InteropServices.NativeMemory.Free(_scratch);

    /// <summary>Events made so far.</summary>
    public long Count { get; private set; }

    /// <summary>Makes the next events.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(in NexmarkColumns columns, int rows, BatchMemory memory)
    {
        var types = columns.EventTypes;
        var bids = 0;
        for (var row = 0; row < rows;)
        {
            var id = _firstId + 1 + Count;
            var place = (int)(id % Block);
            if (place > Auctions)
            {
                var run = Math.Min(Block - place, rows - row);
                Bids(columns, row, run, id / Block, ref bids);
                row += run;
                continue;
            }

            var time = TimeOf(1 + Count);
            columns.Times[row] = time * 1000;
            columns.Present(place == 0 ? 0 : 1)[row >> 6] |= 1UL << row;
            if (types is not null) types[row] = place == 0 ? 0 : 1;
            if (place == 0) Person(columns, row, id, memory);
            else Auction(columns, row, id, time, memory);
            Count++;
            row++;
        }

        if (columns.Numbers(NexmarkField.BidPrice) is var prices && prices is not null) Prices(prices, bids);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long TimeOf(long number) => _baseTime + (long)(number * _delayMicros) / 1000;

    /// <summary>Bids of one block: what they can refer to is the same for all of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Bids(in NexmarkColumns columns, int row, int run, long block, ref int bids)
    {
        var d = _draws;
        var lastAuction = block * Auctions + 2;
        var hotAuction = lastAuction / HotBlock * HotBlock + First;
        var leastAuction = Math.Max(lastAuction - OpenAuctions, 0);
        var auctions = (int)(lastAuction - leastAuction + 1 + Lead);
        leastAuction += First;
        var hotBidder = block / HotBlock * HotBlock + 1 + 2 * First;
        var persons = (int)Math.Min(block + 1, Persons);
        var leastPerson = block + 1 - persons + 2 * First;
        persons += Lead;

        var auction = columns.Numbers(NexmarkField.BidAuction);
        var bidder = columns.Numbers(NexmarkField.BidBidder);
        var price = columns.Numbers(NexmarkField.BidPrice);
        var channel = columns.Texts(NexmarkField.BidChannel);
        var url = columns.Texts(NexmarkField.BidUrl);
        var extra = columns.Texts(NexmarkField.BidExtra);
        var types = columns.EventTypes;
        var present = columns.Present(2);
        if (price is not null) Reserve(bids + run);
        var pairs = NexmarkTexts.ChannelAndUrl;
        var pool = NexmarkTexts.Pool;
        var hotChannels = NexmarkTexts.HotChannels;
        var hotUrls = NexmarkTexts.HotUrls;
        var exponents = _exponents;
        var bidRows = _bidRows;
        var times = columns.Times;
        var number = 1 + Count;
        const int Delta = 14; // a fifth of the extra's bytes, rounded
        const int Least = BidExtraBytes - Delta;
        for (var end = row + run; row < end; row++)
        {
            times[row] = TimeOf(number++) * 1000;
            present[row >> 6] |= 1UL << row;
            if (types is not null) types[row] = 2;
            var a = d.NextBits(2) > 0 ? hotAuction : leastAuction + d.Next(auctions);
            if (auction is not null) auction[row] = a;
            var b = d.NextBits(4) > 0 ? hotBidder : leastPerson + d.Next(persons);
            if (bidder is not null) bidder[row] = b;
            if (price is not null)
            {
                exponents[bids] = d.NextDouble();
                bidRows[bids++] = row;
            }
            else
            {
                d.Skip();
            }

            if (d.NextBits(2) > 0)
            {
                var hot = d.NextBits(4);
                if (channel is not null) channel[row] = hotChannels[hot];
                if (url is not null) url[row] = hotUrls[hot];
            }
            else
            {
                var pair = pairs + 2 * d.NextBelow(NexmarkTexts.Channels);
                if (channel is not null) channel[row] = pair[0];
                if (url is not null) url[row] = pair[1];
            }

            var size = Least + d.NextBelow(2 * Delta);
            var from = d.NextBelow(NexmarkTexts.PoolBytes - size);
            if (extra is not null) extra[row] = new StringView(pool + from, size);
        }

        Count += run;
        _draws = d;
    }

    private void Person(in NexmarkColumns columns, int row, long id, BatchMemory memory)
    {
        var firstName = NexmarkTexts.FirstNames[_draws.NextBelow(NexmarkTexts.FirstNames.Length)];
        var lastName = NexmarkTexts.LastNames[_draws.NextBelow(NexmarkTexts.LastNames.Length)];
        var name = memory.Allocate(PersonTextBytes);
        var nameLength = Ascii(firstName, name);
        name[nameLength++] = (byte)' ';
        nameLength += Ascii(lastName, name + nameLength);
        var email = name + nameLength;
        var emailLength = NexmarkTexts.Draw(ref _draws, 7, (byte)' ', email);
        email[emailLength++] = (byte)'@';
        emailLength += NexmarkTexts.Draw(ref _draws, 5, (byte)' ', email + emailLength);
        emailLength += Ascii(".com", email + emailLength);
        var card = email + emailLength;
        var cardLength = Card(card);
        var city = NexmarkTexts.Cities[_draws.NextBelow(NexmarkTexts.Cities.Length)];
        var state = NexmarkTexts.States[_draws.NextBelow(NexmarkTexts.States.Length)];
        var extra = Extra(8 + nameLength + emailLength + cardLength + city.Length + state.Length, PersonExtraBytes);
        Set(columns, NexmarkField.PersonId, row, id / Block + First);
        Set(columns, NexmarkField.PersonName, row, new StringView(name, nameLength));
        Set(columns, NexmarkField.PersonEmail, row, new StringView(email, emailLength));
        Set(columns, NexmarkField.PersonCard, row, new StringView(card, cardLength));
        Set(columns, NexmarkField.PersonCity, row, city);
        Set(columns, NexmarkField.PersonState, row, state);
        Set(columns, NexmarkField.PersonExtra, row, extra);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Auction(in NexmarkColumns columns, int row, long id, long time, BatchMemory memory)
    {
        var block = id / Block;
        var seller = (_draws.NextBits(4) > 0 ? block / HotBlock * HotBlock : AnyPerson(block)) + First;
        var category = 10L + _draws.NextBelow(5);
        var readsPrices = columns.Numbers(NexmarkField.AuctionInitialBid) is not null || columns.Numbers(NexmarkField.AuctionReserve) is not null;
        var exponent = _draws.NextDouble();
        var initialBid = readsPrices ? Price(exponent) : 0;
        var horizon = TimeOf(1 + Count + OpenAuctions * Block / Auctions) - time;
        var expires = time + 1 + _draws.Next((int)Math.Max(horizon * 2, 1));
        var readsTexts = columns.Texts(NexmarkField.AuctionName) is not null || columns.Texts(NexmarkField.AuctionDescription) is not null;
        var name = readsTexts ? memory.Allocate(AuctionTextBytes) : _scratch;
        var nameLength = NexmarkTexts.Draw(ref _draws, 20, (byte)' ', name);
        var description = name + nameLength;
        var descriptionLength = NexmarkTexts.Draw(ref _draws, 100, (byte)' ', description);
        exponent = _draws.NextDouble();
        var reserve = readsPrices ? initialBid + Price(exponent) : 0;
        var extra = Extra(48 + nameLength + descriptionLength, AuctionExtraBytes);
        Set(columns, NexmarkField.AuctionId, row, block * Auctions + id % Block - 1 + First);
        Set(columns, NexmarkField.AuctionName, row, new StringView(name, nameLength));
        Set(columns, NexmarkField.AuctionDescription, row, new StringView(description, descriptionLength));
        Set(columns, NexmarkField.AuctionInitialBid, row, initialBid);
        Set(columns, NexmarkField.AuctionReserve, row, reserve);
        Set(columns, NexmarkField.AuctionExpires, row, expires * 1000);
        Set(columns, NexmarkField.AuctionSeller, row, seller);
        Set(columns, NexmarkField.AuctionCategory, row, category);
        Set(columns, NexmarkField.AuctionExtra, row, extra);
    }

    private long AnyPerson(long block)
    {
        var active = (int)Math.Min(block + 1, Persons);
        return block + 1 - active + _draws.Next(active + Lead);
    }

    private int Card(byte* target)
    {
        var at = 0;
        for (var group = 0; group < 4; group++)
        {
            if (group > 0) target[at++] = (byte)' ';
            var digits = _draws.NextBelow(10_000);
            for (var unit = 1000; unit > 0; unit /= 10) target[at++] = (byte)('0' + digits / unit % 10);
        }

        return at;
    }

    private StringView Extra(int used, int average)
    {
        if (used > average) return default;
        var wanted = average - used;
        var delta = (int)Math.Floor(wanted * 0.2 + 0.5);
        var size = wanted - delta + (delta == 0 ? 0 : _draws.Next(2 * delta));
        return new StringView(NexmarkTexts.Pool + _draws.Next(NexmarkTexts.PoolBytes - size), size);
    }

    /// <summary>Log-uniform from 100 to 100,000,000.</summary>
    private static long Price(double exponent) => (long)Math.Floor(Math.Pow(10.0, exponent * 6.0) * 100.0 + 0.5);

    /// <summary>
    /// Prices of all bids of a batch by vectors. Their exponential is a little off the power, by less than 1e-14 of its value; where
    /// that could matter for the rounding, the power itself decides.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Prices(long* target, int bids)
    {
        const double Doubt = 1e-5;
        var scale = Vector256.Create(6.0 * 2.302585092994045684);
        var hundred = Vector256.Create(100.0);
        var values = stackalloc double[Vector256<double>.Count];
        for (var i = 0; i < bids; i += Vector256<double>.Count)
        {
            var count = Math.Min(Vector256<double>.Count, bids - i);
            var exponents = Vector256.LoadUnsafe(ref _exponents[i]);
            (Vector256.Exp(exponents * scale) * hundred).Store(values);
            for (var n = 0; n < count; n++)
            {
                var rounded = Math.Floor(values[n] + 0.5);
                var isSure = Math.Abs(Math.Abs(values[n] - rounded) - 0.5) > Doubt;
                target[_bidRows[i + n]] = isSure ? (long)rounded : Price(_exponents[i + n]);
            }
        }
    }

    private void Reserve(int bids)
    {
        if (_exponents.Length >= bids + Vector256<double>.Count) return;
        Array.Resize(ref _exponents, Math.Max(2 * bids, 1024) + Vector256<double>.Count);
        Array.Resize(ref _bidRows, _exponents.Length);
    }

    private static int Ascii(string text, byte* target)
    {
        for (var i = 0; i < text.Length; i++) target[i] = (byte)text[i];
        return text.Length;
    }

    private static void Set(in NexmarkColumns columns, NexmarkField field, int row, long value)
    {
        if (columns.Numbers(field) is var numbers && numbers is not null) numbers[row] = value;
    }

    private static void Set(in NexmarkColumns columns, NexmarkField field, int row, StringView text)
    {
        if (columns.Texts(field) is var texts && texts is not null) texts[row] = text;
    }
}
