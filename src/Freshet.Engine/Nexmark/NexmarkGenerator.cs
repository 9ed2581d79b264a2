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
    internal const int Block = 50;
    internal const int Auctions = 3;
    internal const int Persons = 1000;
    internal const int OpenAuctions = 100;
    internal const int Lead = 10;
    internal const int HotBlock = 100;
    internal const int First = 1000;
    private const int PersonExtraBytes = 200;
    private const int AuctionExtraBytes = 500;
    private const int AuctionTextBytes = 128;
    private const int PersonTextBytes = 96;

    private readonly long _baseTime;
    private readonly long _firstId;
    private readonly double _delayMicros;
    private readonly byte* _scratch = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc(AuctionTextBytes);
    private NexmarkDraws _draws;
    private readonly NexmarkBids _bids = new();

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
        _bids.Begin(rows);
        Times(columns.Times, rows);
        for (var row = 0; row < rows;)
        {
            var id = _firstId + 1 + Count;
            var place = (int)(id % Block);
            if (place > Auctions)
            {
                var run = Math.Min(Block - place, rows - row);
                if (types is not null) new Span<int>(types + row, run).Fill(2);
                SetBits(columns.Present(2), row, run);
                _bids.Fill(columns, row, run, BidChoices.Of(id / Block), ref _draws);
                Count += run;
                row += run;
                continue;
            }

            var time = TimeOf(1 + Count);
            columns.Present(place == 0 ? 0 : 1)[row >> 6] |= 1UL << row;
            if (types is not null) types[row] = place == 0 ? 0 : 1;
            if (place == 0) Person(columns, row, id, memory);
            else Auction(columns, row, id, time, memory);
            Count++;
            row++;
        }

        if (columns.Numbers(NexmarkField.BidPrice) is var prices && prices is not null) _bids.Prices(prices);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long TimeOf(long number) => _baseTime + (long)(number * _delayMicros) / 1000;

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
        var extra = Extra(8 + nameLength + emailLength + cardLength + city.Length + state.Length, PersonExtraBytes, columns.Texts(NexmarkField.PersonExtra) is not null);
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
        var initialBid = readsPrices ? NexmarkBids.Price(exponent) : 0;
        var horizon = TimeOf(1 + Count + OpenAuctions * Block / Auctions) - time;
        var expires = time + 1 + _draws.Next((int)Math.Max(horizon * 2, 1));
        var readsTexts = columns.Texts(NexmarkField.AuctionName) is not null || columns.Texts(NexmarkField.AuctionDescription) is not null;
        var name = readsTexts ? memory.Allocate(AuctionTextBytes) : _scratch;
        var nameLength = NexmarkTexts.Draw(ref _draws, 20, (byte)' ', name);
        var description = name + nameLength;
        var descriptionLength = NexmarkTexts.Draw(ref _draws, 100, (byte)' ', description);
        exponent = _draws.NextDouble();
        var reserve = readsPrices ? initialBid + NexmarkBids.Price(exponent) : 0;
        var extra = Extra(48 + nameLength + descriptionLength, AuctionExtraBytes, columns.Texts(NexmarkField.AuctionExtra) is not null);
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

    private StringView Extra(int used, int average, bool isRead)
    {
        if (used > average) return default;
        var wanted = average - used;
        var delta = (int)Math.Floor(wanted * 0.2 + 0.5);
        var size = wanted - delta + (delta == 0 ? 0 : _draws.Next(2 * delta));
        var from = _draws.Next(NexmarkTexts.PoolBytes - size);
        return isRead ? new StringView(NexmarkTexts.Pool + from, size) : default;
    }

    /// <summary>Times of the next rows, µs in whole ms.</summary>
    private void Times(long* times, int rows)
    {
        const int Lanes = NexmarkDraws.Lanes;
        // Below 2^52 a quotient by 1000 is never rounded up to a whole number.
        var isExact = (Count + rows + Lanes) * _delayMicros < 1L << 52;
        var number = Vector512.Create((double)(1 + Count)) + Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7);
        var row = 0;
        for (; isExact && row <= rows - Lanes; row += Lanes, number += Vector512.Create((double)Lanes))
        {
            var micros = Vector512.Truncate(number * Vector512.Create(_delayMicros));
            var millis = Vector512.ConvertToInt64Native(micros / Vector512.Create(1000.0)) + Vector512.Create(_baseTime);
            (millis * Vector512.Create(1000L)).Store(times + row);
        }

        for (; row < rows; row++) times[row] = TimeOf(1 + Count + row) * 1000;
    }

    private static void SetBits(ulong* bits, int first, int count)
    {
        for (var end = first + count; first < end;)
        {
            var inWord = Math.Min(64 - (first & 63), end - first);
            bits[first >> 6] |= ulong.MaxValue >> 64 - inWord << first;
            first += inWord;
        }
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
