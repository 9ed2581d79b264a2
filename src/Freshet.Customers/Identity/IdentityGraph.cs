using System.Runtime.Intrinsics.X86;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.State.Hashing;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.Customers.Identity;

/// <summary>
/// The state of the identity: names, the profiles that they make, their partings, and with <see cref="IdentityLinks"/> and
/// <see cref="RecentEvents"/> their links and latest events. It knows no rule: whoever calls it has decided.
/// Invariants: names share a profile exactly when kept links connect them; a profile's id is the least number of its members; its
/// counts are those of its members that are not exempt; no profile has members of both sides of a split.
/// Cost: joining costs the members of the younger profile; splitting and erasing the members and links of the profile.
/// </summary>
internal sealed unsafe class IdentityGraph : IDisposable
{
    private readonly KeyedTable _names;
    private readonly StateTable _profiles;
    private readonly StateTable _counts;
    private readonly StateTable _partings;
    private readonly RecentEvents _recent = new();
    private readonly RowLayout _nameLayout;
    private readonly int _nameOffset;
    private readonly int _messageOffset;
    private readonly int _sourceOffset;
    private readonly ulong _seed;
    private readonly Buffer<Before> _changed = new();
    private readonly Buffer<ProfileBefore> _changedProfiles = new();
    private readonly Buffer<uint> _walk = new();
    private readonly Buffer<uint> _members = new();
    private long _steps;

    /// <param name="ttlMicros">How long a profile of devices alone stays without an event; 0 for ever.</param>
    public IdentityGraph(ulong seed, long ttlMicros)
    {
        _seed = seed;
        _nameLayout = new RowLayout([PhysicalKind.View, PhysicalKind.View], new ExtraField(sizeof(NameRow)), ExtraField.Text, ExtraField.Text);
        _nameOffset = _nameLayout.ExtraOffset(0);
        _messageOffset = _nameLayout.ExtraOffset(1);
        _sourceOffset = _nameLayout.ExtraOffset(2);
        _names = new KeyedTable(_nameLayout, 2, new PageVersions());
        _profiles = Table(sizeof(ProfileRow));
        _counts = Table(sizeof(CountRow));
        Links = new IdentityLinks(this);
        _partings = Table(sizeof(PartingRow));
        Expiry = new IdentityExpiry(this, ttlMicros);
    }

    /// <summary>A name as the step before left it.</summary>
    public struct Before
    {
        public uint Name;
        public long Number;
        public long Profile;
        public long FirstSeen;
        public long LastSeen;
        public StringView MessageId;
        public StringView Source;
    }

    /// <summary>A profile as the step before left it; without members one that was not there.</summary>
    public struct ProfileBefore
    {
        public uint Profile;
        public long Id;
        public int Members;
        public long FirstSeen;
        public long LastSeen;
    }

    /// <summary>The profiles that this step has touched, each once, in the order in which it did. One that a split has made anew has another row, and perhaps the same id.</summary>
    public Buffer<ProfileBefore> ChangedProfiles => _changedProfiles;

    /// <summary>Whether the step has made a profile of names that were of one before: an id may then stand in <see cref="ChangedProfiles"/> twice.</summary>
    public bool HasRegrouped { get; private set; }

    /// <summary>Whether a profile is there.</summary>
    public bool IsProfile(uint slot) => _profiles.IsLive(slot);

    /// <summary>The names that this step has touched, each once, in the order in which it did.</summary>
    public Buffer<Before> Changed => _changed;

    public RecentEvents Recent => _recent;

    /// <summary>Which profiles are over.</summary>
    public IdentityExpiry Expiry { get; }

    public long Rows => _recent.Rows + _names.Rows + _profiles.Rows + _counts.Rows + Links.Rows + _partings.Rows;

    public long Bytes => _recent.Bytes + _names.Bytes + _profiles.Bytes + _counts.Bytes + Links.Bytes + _partings.Bytes + Expiry.Bytes;

    /// <summary>Links and members that joining, splitting and erasing have looked at: what they cost.</summary>
    public long Steps => _steps + Links.Steps;

    /// <summary>The kept links of names.</summary>
    public IdentityLinks Links { get; }

    public NameRow* Name(uint slot) => (NameRow*)(_names.Table.Change(slot) + _nameOffset);

    /// <summary>Starts loading a name's own fields.</summary>
    public void Prefetch(uint slot)
    {
        if (!Sse.IsSupported) return;
        var own = _names.Table.Row(slot) + _nameOffset;
        Sse.Prefetch0(own);
        Sse.Prefetch0(own + 64);
    }

    public ProfileRow* Profile(uint slot) => (ProfileRow*)_profiles.Change(slot);

    public CountRow* Count(uint slot) => (CountRow*)_counts.Change(slot);

    public PartingRow* Parting(uint slot) => (PartingRow*)_partings.Change(slot);

    /// <summary>Its type and value.</summary>
    public (StringView Type, StringView Value) TextsOf(uint name)
    {
        var row = _names.Table.Row(name);
        return (_names.Table.TextAt(row, _nameLayout.OffsetOf(0)), _names.Table.TextAt(row, _nameLayout.OffsetOf(1)));
    }

    public StringView MessageOf(uint name) => _names.Table.TextAt(_names.Table.Row(name), _messageOffset);

    public StringView SourceOf(uint name) => _names.Table.TextAt(_names.Table.Row(name), _sourceOffset);

    /// <summary>Gives each candidate its name's row; a name that nobody knows gets one until the step ends.</summary>
    public void Resolve(Buffer<Candidate> candidates, BatchMemory scratch)
    {
        var count = candidates.Count;
        if (count == 0) return;
        var types = Column.Allocate(PhysicalKind.View, count, scratch);
        var values = Column.Allocate(PhysicalKind.View, count, scratch);
        for (var i = 0; i < count; i++)
        {
            types.As<StringView>()[i] = candidates[i].Type;
            values.As<StringView>()[i] = candidates[i].Value;
        }

        var batch = new Batch(scratch, [types, values], count);
        ReadOnlySpan<int> keys = [0, 1];
        var hashes = scratch.Allocate<ulong>(count);
        var slots = scratch.Allocate<uint>(count);
        var added = scratch.Allocate<int>(count);
        HashKernel.Hash(batch, keys, _seed, hashes);
        var addedCount = _names.FindOrInsert(batch, keys, hashes, null, count, slots, null, added);
        for (var i = 0; i < addedCount; i++)
        {
            var name = Name(slots[added[i]]);
            name->Links = NameRow.None;
            name->Partings = NameRow.None;
            name->Profile = NameRow.None;
            name->Recent = NameRow.None;
            Touch(slots[added[i]]);
        }

        for (var i = 0; i < count; i++) candidates[i].Name = slots[i];
    }

    /// <summary>Remembers how a name was before the step first changes it.</summary>
    public void Touch(uint slot)
    {
        var name = Name(slot);
        if (name->IsListed != 0) return;
        name->IsListed = 1;
        _changed.Add() = new Before
        {
            Name = slot,
            Number = name->Shown,
            Profile = name->Shown == 0 ? 0 : Profile(name->Profile)->Id,
            FirstSeen = name->FirstSeen,
            LastSeen = name->LastSeen,
            MessageId = MessageOf(slot),
            Source = SourceOf(slot),
        };
    }

    /// <summary>A profile of one new name.</summary>
    public void AddName(ref readonly Candidate candidate, long number, in EventFacts facts)
    {
        Touch(candidate.Name);
        var name = Name(candidate.Name);
        name->Number = number;
        name->Type = candidate.TypeId;
        name->IsKnown = candidate.IsKnown ? (byte)1 : (byte)0;
        name->IsHidden = 0;
        name->AddedAt = facts.ReceivedAt;
        name->FirstSeen = facts.EventTime;
        name->LastSeen = facts.EventTime;
        name->IsExempt = 0;
        var (message, source) = (facts.MessageId, facts.Source);
        _names.Table.StoreText(candidate.Name, _messageOffset, &message);
        _names.Table.StoreText(candidate.Name, _sourceOffset, &source);
        NewProfile(candidate.Name);
    }

    /// <summary>An event names a known identifier at a time.</summary>
    public void See(uint slot, long eventTime)
    {
        var name = Name(slot);
        if (eventTime == EventFacts.NoTime || (name->FirstSeen != EventFacts.NoTime && eventTime >= name->FirstSeen && eventTime <= name->LastSeen)) return;
        Touch(slot);
        if (name->FirstSeen == EventFacts.NoTime) (name->FirstSeen, name->LastSeen) = (eventTime, eventTime);
        name->FirstSeen = Math.Min(name->FirstSeen, eventTime);
        name->LastSeen = Math.Max(name->LastSeen, eventTime);
        TouchProfile(name->Profile)->See(eventTime, eventTime);
    }

    /// <summary>An event belongs to a known name.</summary>
    public void Remember(uint slot, in EventFacts facts) => _recent.Add(Name(slot), slot, facts.EventTime, facts.Sequence);

    /// <summary>A name no longer counts against its type's limit.</summary>
    public void Exempt(uint slot)
    {
        var name = Name(slot);
        if (name->IsExempt != 0) return;
        AddCount(name->Profile, name->Type, -1);
        name->IsExempt = 1;
    }

    /// <summary>The younger of two profiles goes into the older; gives the older one's row.</summary>
    public uint Join(uint left, uint right)
    {
        var (older, younger) = Profile(left)->Id < Profile(right)->Id ? (left, right) : (right, left);
        var to = TouchProfile(older);
        var from = TouchProfile(younger);
        var slot = from->First;
        for (var i = 0; i < from->Members; i++)
        {
            Touch(slot);
            var name = Name(slot);
            name->Profile = older;
            slot = name->Next;
            _steps++;
        }

        // Two rings become one.
        var (a, b) = (to->First, from->First);
        var (lastOfA, lastOfB) = (Name(a)->Previous, Name(b)->Previous);
        (Name(lastOfA)->Next, Name(b)->Previous) = (b, lastOfA);
        (Name(lastOfB)->Next, Name(a)->Previous) = (a, lastOfB);
        to->Members += from->Members;
        to->Merges += from->Merges;
        to->See(from->FirstSeen, from->LastSeen);
        to->Parted += from->Parted;
        to->Known += from->Known;
        for (var count = from->Counts; count != NameRow.None; count = Count(count)->Next) AddCount(older, Count(count)->Type, Count(count)->Members);
        RemoveProfile(younger);
        return older;
    }

    /// <summary>The names marked by <see cref="NameRow.IsSeen"/> leave their profile: links to those that stay end, and names on different sides never meet again. What no link holds together falls apart.</summary>
    public void Split(uint profile, long split)
    {
        MembersOf(profile);
        var members = _members.Items;
        foreach (var slot in members)
        {
            Touch(slot);
            Part(slot, split, Name(slot)->IsSeen);
        }

        foreach (var slot in members)
        {
            if (Name(slot)->IsSeen == 0) continue;
            for (var link = Name(slot)->Links; link != NameRow.None;)
            {
                var next = Links.Next(link, slot);
                if (Name(Links.OtherEnd(link, slot))->IsSeen == 0) Links.End(link);
                link = next;
            }
        }

        foreach (var slot in members) Name(slot)->IsSeen = 0;
        Regroup(profile, members);
    }

    /// <summary>The names of the profile that was split last, until the next change.</summary>
    public ReadOnlySpan<uint> LastSplit => _members.Items;

    /// <summary>All names of a profile are forgotten, with their links and partings.</summary>
    public void Erase(uint profile)
    {
        MembersOf(profile);
        foreach (var slot in _members.Items)
        {
            Touch(slot);
            while (Name(slot)->Links != NameRow.None) Links.End(Name(slot)->Links);
            while (Name(slot)->Partings != NameRow.None) RemoveParting(slot, Name(slot)->Partings);
            var name = Name(slot);
            _recent.Forget(name, slot);
            name->Number = 0;
            name->IsHidden = 0;
            name->Profile = NameRow.None;
        }

        RemoveProfile(profile);
    }

    /// <summary>Hides the names of a profile from readers, or shows them again.</summary>
    public void Hide(uint profile, byte isHidden)
    {
        MembersOf(profile);
        foreach (var slot in _members.Items)
        {
            Touch(slot);
            var name = Name(slot);
            if (name->Recent != NameRow.None) _recent.Touch(name, slot);
            name->IsHidden = isHidden;
        }

        TouchProfile(profile)->IsHidden = isHidden;
    }

    /// <summary>Ends a parting of a name.</summary>
    public void RemoveParting(uint slot, uint parting)
    {
        var name = Name(slot);
        var next = Parting(parting)->Next;
        if (name->Partings == parting)
        {
            name->Partings = next;
        }
        else
        {
            var before = name->Partings;
            while (Parting(before)->Next != parting) before = Parting(before)->Next;
            Parting(before)->Next = next;
        }

        if (name->Partings == NameRow.None) Profile(name->Profile)->Parted--;
        _partings.Remove(parting);
    }

    /// <summary>The step is over: names that nobody knows are forgotten.</summary>
    public void EndOfStep()
    {
        for (var i = 0; i < _recent.Changed.Count; i++) Name(_recent.Changed[i].Name)->IsRecent = 0;
        _recent.EndOfStep();
        for (var i = 0; i < _changed.Count; i++)
        {
            var slot = _changed[i].Name;
            var name = Name(slot);
            name->IsListed = 0;
            if (name->Number == 0) _names.Remove(RowCells.Hash(_names.Table, _names.Table.Row(slot), [0, 1], _seed), slot);
        }

        for (var i = 0; i < _changedProfiles.Count; i++)
            if (_profiles.IsLive(_changedProfiles[i].Profile)) Profile(_changedProfiles[i].Profile)->IsListed = 0;
        _changed.Clear();
        _changedProfiles.Clear();
        HasRegrouped = false;
        _names.EndOfStep();
        _profiles.EndOfStep();
        _counts.EndOfStep();
        Links.EndOfStep();
        _partings.EndOfStep();
    }

    public void Dispose()
    {
        Expiry.Dispose();
        _recent.Dispose();
        _names.Dispose();
        _profiles.Dispose();
        _counts.Dispose();
        Links.Dispose();
        _partings.Dispose();
    }

    private static StateTable Table(int bytes) => new(new RowLayout(ReadOnlySpan<PhysicalKind>.Empty, new ExtraField(bytes)), new PageVersions());

    private uint NewProfile(uint member)
    {
        var slot = _profiles.Add();
        *(ProfileRow*)_profiles.Row(slot) = new ProfileRow { Id = Name(member)->Number, First = NameRow.None, Counts = NameRow.None, FirstSeen = EventFacts.NoTime, LastSeen = EventFacts.NoTime };
        AddMember(slot, member);
        return slot;
    }

    /// <summary>A profile that is about to be changed: remembers how it was before the step.</summary>
    private ProfileRow* TouchProfile(uint slot)
    {
        var profile = Profile(slot);
        if (profile->IsListed != 0) return profile;
        profile->IsListed = 1;
        _changedProfiles.Add() = new ProfileBefore { Profile = slot, Id = profile->Id, Members = profile->IsHidden != 0 ? 0 : profile->Members, FirstSeen = profile->FirstSeen, LastSeen = profile->LastSeen };
        return profile;
    }

    private void AddMember(uint profile, uint member)
    {
        var to = TouchProfile(profile);
        var name = Name(member);
        if (to->First == NameRow.None)
        {
            to->First = member;
            (name->Next, name->Previous) = (member, member);
        }
        else
        {
            var (first, last) = (to->First, Name(to->First)->Previous);
            (name->Next, name->Previous) = (first, last);
            (Name(last)->Next, Name(first)->Previous) = (member, member);
        }

        name->Profile = profile;
        to->Members++;
        to->Id = Math.Min(to->Id, name->Number);
        to->See(name->FirstSeen, name->LastSeen);
        if (name->Partings != NameRow.None) to->Parted++;
        to->Known += name->IsKnown;
        if (name->IsExempt == 0) AddCount(profile, name->Type, 1);
    }

    private void AddCount(uint profile, int type, int members)
    {
        for (var count = Profile(profile)->Counts; count != NameRow.None; count = Count(count)->Next)
        {
            if (Count(count)->Type != type) continue;
            Count(count)->Members += members;
            return;
        }

        var slot = _counts.Add();
        *(CountRow*)_counts.Row(slot) = new CountRow { Type = type, Members = members, Next = Profile(profile)->Counts };
        Profile(profile)->Counts = slot;
    }

    private void RemoveProfile(uint profile)
    {
        Expiry.Remove(profile);
        TouchProfile(profile);
        for (var count = Profile(profile)->Counts; count != NameRow.None;)
        {
            var next = Count(count)->Next;
            _counts.Remove(count);
            count = next;
        }

        _profiles.Remove(profile);
    }

    private void MembersOf(uint profile)
    {
        _members.Clear();
        var slot = Profile(profile)->First;
        for (var i = 0; i < Profile(profile)->Members; i++)
        {
            _members.Add() = slot;
            slot = Name(slot)->Next;
        }
    }

    /// <summary>Profiles anew for names that links alone hold together.</summary>
    private void Regroup(uint profile, ReadOnlySpan<uint> members)
    {
        RemoveProfile(profile);
        HasRegrouped = true;
        foreach (var start in members)
        {
            if (Name(start)->IsSeen != 0) continue;
            _walk.Clear();
            _walk.Add() = start;
            Name(start)->IsSeen = 1;
            var group = NewProfile(start);
            for (var i = 0; i < _walk.Count; i++)
            {
                for (var link = Name(_walk[i])->Links; link != NameRow.None; link = Links.Next(link, _walk[i]))
                {
                    _steps++;
                    var other = Links.OtherEnd(link, _walk[i]);
                    if (Name(other)->IsSeen != 0) continue;
                    Name(other)->IsSeen = 1;
                    AddMember(group, other);
                    _walk.Add() = other;
                }
            }
        }

        foreach (var slot in members) Name(slot)->IsSeen = 0;
    }

    private void Part(uint slot, long split, byte leaves)
    {
        var parting = _partings.Add();
        var name = Name(slot);
        *(PartingRow*)_partings.Row(parting) = new PartingRow { Split = split, Leaves = leaves, Next = name->Partings };
        if (name->Partings == NameRow.None) Profile(name->Profile)->Parted++;
        name->Partings = parting;
    }
}
