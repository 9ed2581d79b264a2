using System.Text;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;

namespace Freshet.Customers.Identity;

/// <summary>
/// From the rows of a batch to the identifiers that each carries, in the order of their priority: normalised, without blocked
/// ones, each once a name. Texts lie in the batch or in the step's memory.
/// </summary>
internal sealed unsafe class EventReader
{
    private readonly IdentityRules _rules;
    private readonly EventReads _reads;
    private readonly int[] _places;
    private readonly int _sequence;
    private readonly byte[][] _names;
    private readonly byte[][][] _blocked;
    private readonly byte[][][] _expected;

    /// <summary>Numbers of types that nobody declares, by the hash of their names.</summary>
    private readonly Dictionary<ulong, int> _undeclared = [];
    private readonly int _userId;
    private Column[] _columns = [];

    public EventReader(IdentitySpec spec)
    {
        _rules = spec.Rules;
        _reads = EventReads.Of(spec.Rules);
        _places = [.. spec.Reads];
        _sequence = spec.Sequence;
        _names = [.. _rules.Types.Select(t => Encoding.UTF8.GetBytes(t.Name))];
        _blocked = [.. _rules.Types.Append(_rules.External).Select(t => t.Blocked.Select(Encoding.UTF8.GetBytes).ToArray())];
        _expected = [.. _rules.Types.Select(t => t.When.Select(w => Encoding.UTF8.GetBytes(w.Value)).ToArray())];
        _userId = RuleOf("user_id"u8);
    }

    /// <summary>The step's events.</summary>
    public Buffer<EventFacts> Events { get; } = new();

    /// <summary>The identifiers of all of them.</summary>
    public Buffer<Candidate> Candidates { get; } = new();

    public Buffer<Drop> Drops { get; } = new();

    public void Clear()
    {
        Events.Clear();
        Candidates.Clear();
        Drops.Clear();
    }

    /// <summary>Adds the events of a batch.</summary>
    /// <param name="memory">For texts that are not the batch's; lives to the end of the step.</param>
    public void Read(Batch batch, BatchMemory memory)
    {
        _columns = [.. _places.Select(p => batch.Columns[p])];
        ref var sequences = ref batch.Columns[_sequence];
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            ref var facts = ref Events.Add();
            facts = new EventFacts
            {
                Sequence = sequences.As<long>()[sequences.IndexOf(row)],
                EventTime = Time(EventReads.EventTime, row),
                ReceivedAt = Time(EventReads.ReceivedAt, row),
                MessageId = Text(EventReads.MessageId, row),
                Source = Text(EventReads.Source, row),
                First = Candidates.Count,
            };
            var type = Text(EventReads.Type, row);
            facts.Kind = KindOf(StringView.Span(&type));
            if (facts.Kind == EventKind.Joins) ReadIdentifiers(row, StringView.Span(&type).SequenceEqual("alias"u8), memory);
            else ReadNamed(row, memory);
            facts.Count = Candidates.Count - facts.First;
        }
    }

    private static EventKind KindOf(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("split"u8) ? EventKind.Splits : type.SequenceEqual("link"u8) ? EventKind.Links : type.SequenceEqual("erase"u8) ? EventKind.Erases : EventKind.Joins;

    private void ReadIdentifiers(int row, bool isAlias, BatchMemory memory)
    {
        var first = Candidates.Count;
        var mayJoin = MayJoin(row);
        for (var rule = 0; rule < _names.Length; rule++)
        {
            if ((!mayJoin && rule != _userId && !_rules.Types[rule].IsDevice) || !Holds(rule, row)) continue;
            foreach (var column in _reads.From[rule]) Take(rule, _names[rule], Text(column, row), memory);
            if (isAlias && rule == _userId && !_rules.IgnoresAlias) TakePrevious(row, memory);
        }

        if (mayJoin && _columns[EventReads.ExternalIds].IsValid(row)) ReadExternal(Text(EventReads.ExternalIds, row), memory);
        Order(first);
        while (Candidates.Count - first > IdentityRules.EventMaxIdentifiers)
        {
            Dropped(Candidates[Candidates.Count - 1], DropRule.TooMany);
            Candidates.RemoveLast();
        }
    }

    /// <summary>Whoever holds a browser's key may say anything of anybody: what it tells is a trait, and joins nobody.</summary>
    private bool MayJoin(int row)
    {
        ref var column = ref _columns[EventReads.MayJoin];
        return column.IsNull(row) || column.As<byte>()[column.IndexOf(row)] != 0;
    }

    private bool Holds(int rule, int row)
    {
        var columns = _reads.When[rule];
        for (var i = 0; i < columns.Length; i++)
        {
            var value = Text(columns[i], row);
            if (!Ascii.EqualsIgnoreCase(StringView.Span(&value), _expected[rule][i])) return false;
        }

        return true;
    }

    /// <summary>previousId is the event's anonymous_id where it equals that, else a user_id.</summary>
    private void TakePrevious(int row, BatchMemory memory)
    {
        var previous = Text(EventReads.PreviousId, row);
        if (previous.Length == 0 || previous.Equals(Text(EventReads.AnonymousId, row))) return;
        var before = Candidates.Count;
        Take(_userId, _names[_userId], previous, memory);
        if (Candidates.Count > before) Candidates[before].IsPrevious = !_rules.Types[_userId].IsUnique;
    }

    private void ReadExternal(StringView json, BatchMemory memory)
    {
        var reader = new Utf8JsonReader(StringView.Span(&json));
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return;
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                StringView id = default, type = default;
                var isPerson = true;
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isId = reader.ValueTextEquals("id"u8);
                    var isType = reader.ValueTextEquals("type"u8);
                    var isCollection = reader.ValueTextEquals("collection"u8);
                    reader.Read();
                    if (isId) id = Copied(ref reader, memory);
                    else if (isType) type = Copied(ref reader, memory);
                    else if (isCollection) isPerson = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("users"u8);
                    else reader.Skip();
                }

                // An account's identifier never joins people.
                if (isPerson && id.Length > 0 && type.Length > 0) TakeTyped(type, id, memory);
            }
        }
        catch (JsonException)
        {
            // What cannot be read is no identifier.
        }
    }

    private static StringView Copied(ref Utf8JsonReader reader, BatchMemory memory)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            reader.Skip();
            return default;
        }

        if (reader.TokenType == JsonTokenType.Null) return default;
        var raw = reader.ValueSpan;
        var text = memory.Allocate(raw.Length);
        if (reader.TokenType == JsonTokenType.String) return new StringView(text, reader.CopyString(new Span<byte>(text, raw.Length)));
        raw.CopyTo(new Span<byte>(text, raw.Length));
        return new StringView(text, raw.Length);
    }

    private void TakeTyped(StringView type, StringView value, BatchMemory memory)
    {
        var rule = RuleOf(StringView.Span(&type));
        if (rule >= 0) Take(rule, _names[rule], value, memory);
        else Take(_names.Length, StringView.Span(&type), value, memory);
    }

    /// <summary>The subject and the named identifiers of a split, a link or an erasure.</summary>
    private void ReadNamed(int row, BatchMemory memory)
    {
        TakeNamed(Text(EventReads.Subject, row), memory);
        var subject = Candidates.Count;
        if (!_columns[EventReads.Named].IsValid(row)) return;
        var json = Text(EventReads.Named, row);
        var reader = new Utf8JsonReader(StringView.Span(&json));
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return;
            while (reader.Read() && reader.TokenType == JsonTokenType.String) TakeNamed(Copied(ref reader, memory), memory);
        }
        catch (JsonException)
        {
            // What cannot be read names nobody.
        }

        for (var i = subject; i < Candidates.Count; i++) Candidates[i].IsNamed = true;
    }

    /// <summary>type:value; a type has no colon.</summary>
    private void TakeNamed(StringView text, BatchMemory memory)
    {
        var bytes = StringView.Span(&text);
        var colon = bytes.IndexOf((byte)':');
        if (colon <= 0 || colon == bytes.Length - 1) return;
        fixed (byte* start = bytes)
        {
            // A short text lies in the view itself, whose place ends with this call: the parts are short too, and copied.
            TakeTyped(new StringView(start, colon), new StringView(start + colon + 1, bytes.Length - colon - 1), memory);
        }
    }

    private void Take(int rule, ReadOnlySpan<byte> type, StringView value, BatchMemory memory)
    {
        if (value.Length == 0) return;
        var holds = rule < _names.Length ? _rules.Types[rule] : _rules.External;
        value = Normalizer.Normalize(value, holds.Normalization, memory);
        if (value.Length == 0) return;
        var candidate = new Candidate { Type = StringView.Copy(type, memory), Value = value, TypeId = rule < _names.Length ? rule : NumberOf(type), IsKnown = !holds.IsDevice };
        if (Normalizer.IsBlocked(value, holds, _blocked[rule])) Dropped(candidate, DropRule.Blocked);
        else Candidates.Add() = candidate;
    }

    private int NumberOf(ReadOnlySpan<byte> type)
    {
        var hash = HashKernel.HashBytes(type, 0);
        if (_undeclared.TryGetValue(hash, out var number)) return number;
        _undeclared.Add(hash, number = _names.Length + _undeclared.Count);
        return number;
    }

    private void Dropped(in Candidate candidate, DropRule rule) =>
        Drops.Add() = new Drop { Type = candidate.Type, Value = candidate.Value, Rule = rule, Event = Events.Count - 1 };

    /// <summary>Declared types come in the rules' order already; the others follow by name.</summary>
    private void Order(int first)
    {
        for (var i = first + 1; i < Candidates.Count; i++)
        {
            var moved = Candidates[i];
            var at = i;
            while (at > first && IsBefore(ref moved, ref Candidates[at - 1]))
            {
                Candidates[at] = Candidates[at - 1];
                at--;
            }

            Candidates[at] = moved;
        }
    }

    private bool IsBefore(ref Candidate left, ref Candidate right)
    {
        var (leftRule, rightRule) = (Math.Min(left.TypeId, _names.Length), Math.Min(right.TypeId, _names.Length));
        if (leftRule != rightRule) return leftRule < rightRule;
        fixed (Candidate* a = &left, b = &right) return StringView.Compare(&a->Type, &b->Type) < 0;
    }

    private int RuleOf(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < _names.Length; i++)
            if (name.SequenceEqual(_names[i])) return i;
        return -1;
    }

    private StringView Text(int read, int row)
    {
        ref var column = ref _columns[read];
        return column.IsNull(row) ? default : column.As<StringView>()[column.IndexOf(row)];
    }

    private long Time(int read, int row)
    {
        ref var column = ref _columns[read];
        return column.IsNull(row) ? EventFacts.NoTime : column.As<long>()[column.IndexOf(row)];
    }
}
