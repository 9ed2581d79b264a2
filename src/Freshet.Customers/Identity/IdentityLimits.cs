namespace Freshet.Customers.Identity;

/// <summary>
/// Whether identifiers may share a profile: the rules that forbid it, on the graph that the events before have left. It decides and
/// changes nothing.
/// Cost: the types of each profile that would be joined; with a period or partings its members.
/// </summary>
internal sealed unsafe class IdentityLimits(IdentityRules rules, IdentityGraph graph)
{
    private readonly Buffer<uint> _profiles = new();
    private readonly Buffer<Total> _totals = new();
    private readonly List<(long Split, int Leaves)> _sides = [];

    /// <summary>Members of a type that a profile would have, and the most that one of its parts has.</summary>
    private struct Total
    {
        public int Type;
        public int Members;
        public int Most;
    }

    /// <summary>Why these identifiers may not share a profile; null where they may.</summary>
    public DropRule? Refusal(in EventFacts facts, ReadOnlySpan<Candidate> candidates)
    {
        _profiles.Clear();
        var added = 0;
        foreach (ref readonly var candidate in candidates)
        {
            var name = graph.Name(candidate.Name);
            if (name->Number == 0) added++;
            else if (_profiles.Items.IndexOf(name->Profile) < 0) _profiles.Add() = name->Profile;
        }

        if (_profiles.Count + added <= 1) return null;
        int members = added, merges = Math.Max(0, _profiles.Count - 1);
        foreach (var profile in _profiles.Items)
        {
            members += graph.Profile(profile)->Members;
            merges += graph.Profile(profile)->Merges;
        }

        if (members > rules.ProfileMaxIdentifiers || (_profiles.Count > 1 && merges > rules.ProfileMaxMerges)) return DropRule.Cap;
        if (_profiles.Count > 1 && AreParted()) return DropRule.Split;
        return IsOverLimit(facts, candidates) ? DropRule.Limit : null;
    }

    /// <summary>Whether two of the profiles have members of different sides of a split.</summary>
    private bool AreParted()
    {
        _sides.Clear();
        var parted = 0;
        foreach (var profile in _profiles.Items)
        {
            if (graph.Profile(profile)->Parted == 0) continue;
            if (parted++ > 0 && MeetsSides(profile)) return true;
            ForPartings(profile, p => _sides.Add((p.Split, p.Leaves)));
        }

        return false;
    }

    private bool MeetsSides(uint profile)
    {
        var meets = false;
        ForPartings(profile, p => meets |= _sides.Contains((p.Split, 1 - p.Leaves)));
        return meets;
    }

    public void ForPartings(uint profile, Action<PartingRow> action)
    {
        var slot = graph.Profile(profile)->First;
        for (var i = 0; i < graph.Profile(profile)->Members; i++, slot = graph.Name(slot)->Next)
            for (var parting = graph.Name(slot)->Partings; parting != NameRow.None; parting = graph.Parting(parting)->Next) action(*graph.Parting(parting));
    }

    /// <summary>Whether joining gives a type more members than its limit, and more than any part has already.</summary>
    private bool IsOverLimit(in EventFacts facts, ReadOnlySpan<Candidate> candidates)
    {
        _totals.Clear();
        foreach (ref readonly var candidate in candidates)
        {
            var name = graph.Name(candidate.Name);
            if (name->Number == 0 && !candidate.IsPrevious) AddTotal(candidate.TypeId, 1);
        }

        foreach (var profile in _profiles.Items)
        {
            for (var count = graph.Profile(profile)->Counts; count != NameRow.None; count = graph.Count(count)->Next)
            {
                var exempt = 0;
                foreach (ref readonly var candidate in candidates)
                    if (candidate.IsPrevious && candidate.TypeId == graph.Count(count)->Type && graph.Name(candidate.Name)->Number != 0 && graph.Name(candidate.Name)->Profile == profile && graph.Name(candidate.Name)->IsExempt == 0) exempt++;
                if (graph.Count(count)->Members > exempt) AddTotal(graph.Count(count)->Type, graph.Count(count)->Members - exempt);
            }
        }

        for (var i = 0; i < _totals.Count; i++)
        {
            ref var total = ref _totals[i];
            var type = TypeOf(total.Type);
            var limit = type.IsUnique ? 1 : type.Limit;
            if (total.Members <= limit || total.Members <= total.Most) continue;
            if (type.IsUnique || type.PeriodMicros == 0 || IsOverPeriod(facts, candidates, total.Type, limit, facts.ReceivedAt - type.PeriodMicros)) return true;
        }

        return false;
    }

    private bool IsOverPeriod(in EventFacts facts, ReadOnlySpan<Candidate> candidates, int type, int limit, long after)
    {
        int sum = 0, most = 0;
        foreach (ref readonly var candidate in candidates)
            if (candidate.TypeId == type && !candidate.IsPrevious && graph.Name(candidate.Name)->Number == 0) (sum, most) = (sum + 1, 1);
        foreach (var profile in _profiles.Items)
        {
            var recent = 0;
            var slot = graph.Profile(profile)->First;
            for (var i = 0; i < graph.Profile(profile)->Members; i++, slot = graph.Name(slot)->Next)
            {
                var name = graph.Name(slot);
                if (name->Type == type && name->IsExempt == 0 && name->AddedAt > after && !IsPrevious(candidates, slot)) recent++;
            }

            sum += recent;
            most = Math.Max(most, recent);
        }

        return sum > limit && sum > most;
    }

    private static bool IsPrevious(ReadOnlySpan<Candidate> candidates, uint name)
    {
        foreach (ref readonly var candidate in candidates)
            if (candidate.Name == name && candidate.IsPrevious) return true;
        return false;
    }

    private void AddTotal(int type, int members)
    {
        for (var i = 0; i < _totals.Count; i++)
        {
            ref var total = ref _totals[i];
            if (total.Type != type) continue;
            total.Members += members;
            total.Most = Math.Max(total.Most, members);
            return;
        }

        _totals.Add() = new Total { Type = type, Members = members, Most = members };
    }

    private IdentifierType TypeOf(int type) => type < rules.Types.Length ? rules.Types[type] : rules.External;
}
