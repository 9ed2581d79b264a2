using Freshet.Customers.Identity;

namespace Freshet.Customers.Tests.Identity;

/// <summary>
/// The fold of the identity written with maps and lists: profiles are found by walking the kept links anew whenever they are asked
/// for. Slow and obvious; the operator must equal it after every event.
/// </summary>
internal sealed class IdentityModel(IdentityRules rules)
{
    private readonly Dictionary<(string Type, string Value), Name> _names = [];
    private readonly HashSet<(long, long)> _links = [];
    private readonly HashSet<(long Split, long Name, bool Leaves)> _partings = [];
    private readonly Dictionary<long, int> _merged = [];
    private readonly Dictionary<long, long> _active = [];
    private long _sequence;
    private long _log;

    public sealed class Name
    {
        public required string Type { get; init; }

        public required string Value { get; init; }

        public long Number { get; init; }

        public long AddedAt { get; init; }

        public long First { get; set; }

        public long Last { get; set; }

        public required string MessageId { get; init; }

        public bool IsExempt { get; set; }
    }

    private sealed record Carried(string Type, string Value)
    {
        public bool IsPrevious { get; init; }
    }

    /// <summary>For each event the number of its identifier, 0 for none.</summary>
    public List<(string MessageId, long Identifier)> Attributions { get; } = [];

    public List<(long Into, long Merged, string MessageId)> Merges { get; } = [];

    public List<(string Type, string Value, string Rule)> Drops { get; } = [];

    /// <summary>The clock of readers, in seconds.</summary>
    public long Clock { get; set; }

    public IEnumerable<Name> Names => _names.Values.Where(n => !IsOver(n.Number, Clock));

    /// <summary>The profile of an identifier's number; null when nobody has it (any more).</summary>
    public long? ProfileOf(long number) => Names.Any(n => n.Number == number) ? Members(number).Min() : null;

    public void Take(Happening happening)
    {
        var sequence = _sequence++;
        _log = Math.Max(_log, happening.ReceivedAt);
        foreach (var name in _names.Values.ToList())
            if (IsOver(name.Number, _log)) Forget(Members(name.Number));
        if (happening.Type is "split" or "link" or "erase")
        {
            Attributions.Add((happening.MessageId, 0));
            Order(happening, sequence);
            return;
        }

        var kept = Carry(happening);
        while (kept.Count > 0 && Refusal(kept, happening.ReceivedAt) is { } rule)
        {
            Drops.Add((kept[^1].Type, kept[^1].Value, rule));
            kept.RemoveAt(kept.Count - 1);
        }

        if (kept.Count == 0)
        {
            Attributions.Add((happening.MessageId, 0));
            return;
        }

        var first = (sequence + 1) * IdentityRules.EventMaxIdentifiers;
        var next = first;
        foreach (var carried in kept)
        {
            if (!_names.TryGetValue((carried.Type, carried.Value), out var name))
            {
                _names.Add((carried.Type, carried.Value), name = new Name { Type = carried.Type, Value = carried.Value, Number = next++, AddedAt = happening.ReceivedAt, First = happening.Time, Last = happening.Time, MessageId = happening.MessageId });
                _merged[name.Number] = 0;
            }

            name.First = Math.Min(name.First, happening.Time);
            name.Last = Math.Max(name.Last, happening.Time);
            if (carried.IsPrevious) name.IsExempt = true;
        }

        Join([.. kept.Select(k => _names[(k.Type, k.Value)].Number)], first, happening.MessageId);
        Attributions.Add((happening.MessageId, _names[(kept[0].Type, kept[0].Value)].Number));
    }

    private void Join(List<long> numbers, long first, string messageId)
    {
        var joined = Members(numbers[0]).Min();
        for (var i = 1; i < numbers.Count; i++)
        {
            var other = Members(numbers[i]).Min();
            if (other == joined) continue;
            var (into, merged) = (Math.Min(joined, other), Math.Max(joined, other));
            _merged[into] += _merged[merged];
            _merged.Remove(merged);
            if (merged < first)
            {
                _merged[into]++;
                Merges.Add((into, merged, messageId));
            }

            joined = into;
            Link(numbers[0], numbers[i]);
        }

        foreach (var a in numbers)
            foreach (var b in numbers) Link(a, b);
        Renew(numbers[0]);
    }

    private void Link(long a, long b)
    {
        if (a == b) return;
        _links.Add((a, b));
        _links.Add((b, a));
    }

    private void Order(Happening happening, long sequence)
    {
        if (Find(happening.Of!) is not { } subject) return;
        var members = Members(subject.Number);
        var named = (happening.Named ?? []).Select(Find).OfType<Name>().Select(n => n.Number).Distinct().ToList();
        switch (happening.Type)
        {
            case "erase":
                Forget(members);
                break;
            case "split":
                var leavers = named.Where(members.Contains).ToHashSet();
                if (leavers.Count == 0 || leavers.Count == members.Count) return;
                foreach (var member in members) _partings.Add((sequence, member, leavers.Contains(member)));
                _links.RemoveWhere(l => members.Contains(l.Item1) && leavers.Contains(l.Item1) != leavers.Contains(l.Item2));
                foreach (var member in members) _merged[Members(member).Min()] = 0;
                foreach (var member in members) Renew(member);
                break;
            default:
                List<long> all = [subject.Number, .. named.Where(n => n != subject.Number)];
                if (all.Count < 2) return;
                var joined = all.SelectMany(Members).ToHashSet();
                var both = _partings.Where(p => joined.Contains(p.Name)).GroupBy(p => p.Split).Where(g => g.Select(p => p.Leaves).Distinct().Count() == 2).Select(g => g.Key).ToHashSet();
                _partings.RemoveWhere(p => joined.Contains(p.Name) && both.Contains(p.Split));
                Join(all, long.MaxValue, happening.MessageId);
                break;
        }
    }

    private void Renew(long number)
    {
        foreach (var member in Members(number)) _active[member] = _log;
    }

    private void Forget(HashSet<long> members)
    {
        foreach (var name in _names.Where(n => members.Contains(n.Value.Number)).ToList()) _names.Remove(name.Key);
        _links.RemoveWhere(l => members.Contains(l.Item1));
        _partings.RemoveWhere(p => members.Contains(p.Name));
        _merged.Remove(members.Min());
    }

    /// <summary>Whether the profile of a number is one of devices alone, and has had no event for too long at a time.</summary>
    private bool IsOver(long number, long time)
    {
        if (rules.AnonymousTtlMicros == 0) return false;
        var members = Members(number);
        return _names.Values.Where(n => members.Contains(n.Number)).All(n => rules.Types.Any(t => t.Name == n.Type && t.IsDevice))
            && members.Max(m => _active[m]) + rules.AnonymousTtlMicros / 1_000_000 <= time;
    }

    private Name? Find(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return _names.GetValueOrDefault((text[..colon], text[(colon + 1)..]));
    }

    /// <summary>The identifiers of an event that say something, in the order of their priority.</summary>
    private List<Carried> Carry(Happening happening)
    {
        var all = new List<(int Rank, Carried Carried)>();
        void Add(string type, string? value, bool isPrevious = false)
        {
            if (string.IsNullOrEmpty(value)) return;
            var rank = rules.Types.Select(t => t.Name).ToList().IndexOf(type);
            if (value is "null" or "0000" or "anonymous" || (rank >= 0 && rules.Types[rank].Blocked.Contains(value))) Drops.Add((type, value, "blocked"));
            else all.Add((rank < 0 ? int.MaxValue : rank, new Carried(type, value) { IsPrevious = isPrevious && !rules.Types[rank].IsUnique }));
        }

        Add("user_id", happening.UserId);
        if (happening.Type == "alias" && !rules.IgnoresAlias && happening.PreviousId != happening.AnonymousId) Add("user_id", happening.PreviousId, true);
        Add("email", happening.Email);
        Add("phone", happening.Phone);
        Add("anonymous_id", happening.AnonymousId);
        foreach (var (type, id) in happening.ExternalIds) Add(type, id);
        return [.. all.OrderBy(c => c.Rank).ThenBy(c => c.Carried.Type, StringComparer.Ordinal).Select(c => c.Carried).DistinctBy(c => (c.Type, c.Value))];
    }

    private string? Refusal(List<Carried> kept, long now)
    {
        var parts = new List<List<Name>>();
        foreach (var carried in kept)
        {
            if (!_names.TryGetValue((carried.Type, carried.Value), out var name))
            {
                parts.Add([new Name { Type = carried.Type, Value = carried.Value, MessageId = "", AddedAt = long.MaxValue, IsExempt = carried.IsPrevious }]);
                continue;
            }

            var members = Members(name.Number);
            if (!parts.Any(p => p.Any(n => members.Contains(n.Number)))) parts.Add([.. _names.Values.Where(n => members.Contains(n.Number))]);
        }

        if (parts.Count <= 1) return null;
        var known = parts.Where(p => p[0].Number != 0).ToList();
        if (parts.Sum(p => p.Count) > rules.ProfileMaxIdentifiers) return "cap";
        if (known.Count > 1 && known.Count - 1 + known.Sum(p => _merged[p.Min(n => n.Number)]) > rules.ProfileMaxMerges) return "cap";
        var all = known.SelectMany(p => p).Select(n => n.Number).ToHashSet();
        if (known.Count > 1 && _partings.Where(p => all.Contains(p.Name)).GroupBy(p => p.Split).Any(g => g.Select(p => p.Leaves).Distinct().Count() == 2)) return "split";
        bool Counts(Name n) => !n.IsExempt && !kept.Any(k => k.IsPrevious && k.Type == n.Type && k.Value == n.Value);
        foreach (var type in parts.SelectMany(p => p).Select(n => n.Type).Distinct())
        {
            var rule = rules.Types.FirstOrDefault(t => t.Name == type) ?? rules.External;
            var limit = rule.IsUnique ? 1 : rule.Limit;
            bool IsOver(Func<Name, bool> counted)
            {
                var counts = parts.Select(p => p.Count(n => n.Type == type && Counts(n) && counted(n))).ToList();
                return counts.Sum() > limit && counts.Sum() > counts.Max();
            }

            if (!IsOver(_ => true)) continue;
            if (rule.IsUnique || rule.PeriodMicros == 0 || IsOver(n => n.AddedAt > now - rule.PeriodMicros / 1_000_000)) return "limit";
        }

        return null;
    }

    private HashSet<long> Members(long number)
    {
        HashSet<long> members = [number];
        var queue = new Queue<long>([number]);
        while (queue.TryDequeue(out var next))
            foreach (var (_, other) in _links.Where(l => l.Item1 == next))
                if (members.Add(other)) queue.Enqueue(other);
        return members;
    }
}
