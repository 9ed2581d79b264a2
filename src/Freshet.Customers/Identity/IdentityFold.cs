namespace Freshet.Customers.Identity;

/// <summary>
/// What each event does to the identity, in the order of the log. All decisions are taken here, once, on the graph that the
/// events before have left:
/// <para>an event's identifiers are to share a profile; where a rule forbids that, the one of the lowest priority is dropped from
/// the event and the rest is looked at again, until nothing forbids it. What is left is linked, each with each, and the first of
/// it is the identifier that the event belongs to.</para>
/// Cost of an event whose identifiers share a profile: a look at the links of each pair.
/// </summary>
internal sealed unsafe class IdentityFold(IdentityRules rules, IdentityGraph graph)
{
    private const int NumbersPerEvent = IdentityRules.EventMaxIdentifiers;

    private readonly Buffer<uint> _profiles = new();
    private readonly IdentityLimits _limits = new(rules, graph);
    private readonly List<(long Split, int Leaves)> _sides = [];

    /// <summary>A profile that has gone into another.</summary>
    public struct Merge
    {
        public long Into;
        public long Merged;
        public int Event;
    }

    /// <summary>Something that an order has done to a profile.</summary>
    public struct Turn
    {
        public long Profile;
        public EventKind Kind;
    }

    /// <summary>The profiles that the step has split or erased, and those that came of it.</summary>
    public Buffer<Turn> Turns { get; } = new();

    /// <summary>A name that an erasure has made the identity forget.</summary>
    public struct Erasure
    {
        public uint Name;
        public long Number;
        public int Event;
    }

    /// <summary>The names that the step's erasures have forgotten.</summary>
    public Buffer<Erasure> Erasures { get; } = new();

    /// <summary>The step's merges, in order.</summary>
    public Buffer<Merge> Merges { get; } = new();

    /// <summary>Takes one event; gives the row of the name that it belongs to.</summary>
    /// <param name="index">The event's place in the step, for what is said of it.</param>
    /// <param name="candidates">Its identifiers, the highest priority first, with their names' rows.</param>
    public uint Take(in EventFacts facts, int index, Span<Candidate> candidates, Buffer<Drop> drops)
    {
        candidates = Distinct(candidates);
        ForgetOver(facts.ReceivedAt, candidates);
        switch (facts.Kind)
        {
            case EventKind.Splits:
                Split(facts, candidates);
                return NameRow.None;
            case EventKind.Links:
                Link(index, candidates);
                return NameRow.None;
            case EventKind.Erases:
                if (candidates.IsEmpty || graph.Name(candidates[0].Name)->Number == 0) return NameRow.None;
                var erased = graph.Name(candidates[0].Name)->Profile;
                Turns.Add() = new Turn { Profile = graph.Profile(erased)->Id, Kind = EventKind.Erases };
                var member = graph.Profile(erased)->First;
                for (var i = 0; i < graph.Profile(erased)->Members; i++, member = graph.Name(member)->Next) Erasures.Add() = new Erasure { Name = member, Number = graph.Name(member)->Number, Event = index };
                graph.Erase(erased);
                return NameRow.None;
        }

        if (candidates.IsEmpty) return NameRow.None;
        while (_limits.Refusal(facts, candidates) is { } rule)
        {
            var last = candidates[^1];
            drops.Add() = new Drop { Type = last.Type, Value = last.Value, Rule = rule, Event = index };
            candidates = candidates[..^1];
        }

        Accept(facts, index, candidates);
        return candidates[0].Name;
    }

    /// <summary>Profiles whose time was over when the event came are not there for it.</summary>
    private void ForgetOver(long receivedAt, ReadOnlySpan<Candidate> candidates)
    {
        graph.Expiry.Advance(receivedAt);
        foreach (ref readonly var candidate in candidates)
        {
            var name = graph.Name(candidate.Name);
            if (name->Number != 0 && graph.Expiry.IsOver(name->Profile)) graph.Erase(name->Profile);
        }
    }

    /// <summary>Each name once, at its first place.</summary>
    private static Span<Candidate> Distinct(Span<Candidate> candidates)
    {
        var kept = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            var isNew = true;
            for (var j = 0; j < kept && isNew; j++)
            {
                isNew = candidates[j].Name != candidates[i].Name;
                if (!isNew) candidates[j].IsNamed |= candidates[i].IsNamed;
            }

            if (isNew) candidates[kept++] = candidates[i];
        }

        return candidates[..kept];
    }

    /// <summary>The identifiers share a profile: new ones get numbers, profiles go into the oldest, each pair is linked.</summary>
    private void Accept(in EventFacts facts, int index, ReadOnlySpan<Candidate> candidates)
    {
        var added = 0;
        foreach (ref readonly var candidate in candidates)
        {
            if (graph.Name(candidate.Name)->Number == 0) graph.AddName(in candidate, (facts.Sequence + 1) * NumbersPerEvent + added++, facts);
            else See(candidate.Name, facts.EventTime);
            if (candidate.IsPrevious) graph.Exempt(candidate.Name);
        }

        JoinAll(facts.Sequence, index, candidates);
    }

    private void See(uint name, long eventTime)
    {
        graph.See(name, eventTime);
        graph.Expiry.Renew(graph.Name(name)->Profile);
    }

    private void JoinAll(long sequence, int index, ReadOnlySpan<Candidate> candidates)
    {
        var first = (sequence + 1) * NumbersPerEvent;
        var joined = graph.Name(candidates[0].Name)->Profile;
        for (var i = 1; i < candidates.Length; i++)
        {
            var other = graph.Name(candidates[i].Name)->Profile;
            if (other == joined) continue;
            var (one, two) = (graph.Profile(joined)->Id, graph.Profile(other)->Id);
            joined = graph.Join(joined, other);
            // What this event has made has been nobody's profile before.
            if (Math.Max(one, two) >= first) continue;
            graph.Profile(joined)->Merges++;
            Merges.Add() = new Merge { Into = Math.Min(one, two), Merged = Math.Max(one, two), Event = index };
        }

        graph.Expiry.Renew(joined);
        for (var i = 0; i < candidates.Length; i++)
            for (var j = i + 1; j < candidates.Length; j++) graph.Links.Keep(candidates[i].Name, candidates[j].Name);
    }

    private void Split(in EventFacts facts, ReadOnlySpan<Candidate> candidates)
    {
        if (candidates.IsEmpty || graph.Name(candidates[0].Name)->Number == 0) return;
        var profile = graph.Name(candidates[0].Name)->Profile;
        var leavers = 0;
        // The subject stays, unless the list names it too: it then is one of those that leave.
        foreach (ref readonly var candidate in candidates)
        {
            var name = graph.Name(candidate.Name);
            if (name->Number == 0 || name->Profile != profile || !candidate.IsNamed) continue;
            name->IsSeen = 1;
            leavers++;
        }

        if (leavers > 0 && leavers < graph.Profile(profile)->Members)
        {
            graph.Expiry.Renew(profile);
            graph.Split(profile, facts.Sequence);
            foreach (var member in graph.LastSplit) graph.Expiry.Renew(graph.Name(member)->Profile);
            foreach (var member in graph.LastSplit) Turns.Add() = new Turn { Profile = graph.Profile(graph.Name(member)->Profile)->Id, Kind = EventKind.Splits };
        }
        else
        {
            foreach (ref readonly var candidate in candidates) graph.Name(candidate.Name)->IsSeen = 0;
        }
    }

    /// <summary>Partings between the profiles end, and they are joined whatever the limits say.</summary>
    private void Link(int index, Span<Candidate> candidates)
    {
        var known = 0;
        foreach (ref readonly var candidate in candidates)
            if (graph.Name(candidate.Name)->Number != 0) candidates[known++] = candidate;
        candidates = candidates[..known];
        if (known < 2) return;
        _profiles.Clear();
        foreach (ref readonly var candidate in candidates)
            if (_profiles.Items.IndexOf(graph.Name(candidate.Name)->Profile) < 0) _profiles.Add() = graph.Name(candidate.Name)->Profile;
        foreach (var profile in _profiles.Items) graph.Expiry.Renew(profile);
        EndPartings();
        JoinAll(long.MaxValue / NumbersPerEvent - 1, index, candidates);
    }

    /// <summary>Splits of which the profiles have both sides end for their members.</summary>
    private void EndPartings()
    {
        _sides.Clear();
        foreach (var profile in _profiles.Items) _limits.ForPartings(profile, p => _sides.Add((p.Split, p.Leaves)));
        foreach (var profile in _profiles.Items)
        {
            var slot = graph.Profile(profile)->First;
            for (var i = 0; i < graph.Profile(profile)->Members; i++, slot = graph.Name(slot)->Next)
            {
                for (var parting = graph.Name(slot)->Partings; parting != NameRow.None;)
                {
                    var row = *graph.Parting(parting);
                    if (_sides.Contains((row.Split, 1 - row.Leaves))) graph.RemoveParting(slot, parting);
                    parting = row.Next;
                }
            }
        }
    }
}
