using System.Runtime.InteropServices;

namespace Freshet.Customers.Identity;

/// <summary>What the state keeps of an identifier, behind its type and value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NameRow
{
    /// <summary>Its number: 32 times the place after that of its first event, and its place among the new ones there; 0 while it is not known.</summary>
    public long Number;

    /// <summary>received_at of the event that made it known.</summary>
    public long AddedAt;
    public long FirstSeen;
    public long LastSeen;

    /// <summary>Its profile's row; the ring of the profile's members.</summary>
    public uint Profile;
    public uint Next;
    public uint Previous;

    /// <summary>First of its links and of its partings; <see cref="None"/> for none.</summary>
    public uint Links;
    public uint Partings;

    /// <summary>Its latest events; <see cref="None"/> for none.</summary>
    public uint Recent;

    /// <summary>Its type: the place among the declared ones, or a number after them.</summary>
    public int Type;

    /// <summary>The old user_id of an alias: it does not count against the limit.</summary>
    public byte IsExempt;

    /// <summary>It is among the names that this step has changed, or may have to forget.</summary>
    public byte IsListed;

    /// <summary>Its latest events have changed in this step.</summary>
    public byte IsRecent;

    /// <summary>Set while a component is walked.</summary>
    public byte IsSeen;

    /// <summary>Its type says who somebody is, and not only which device.</summary>
    public byte IsKnown;

    /// <summary>Its profile is over by the clock, and shown nowhere.</summary>
    public byte IsHidden;

    /// <summary>Its number for readers; 0 while nobody sees it.</summary>
    public readonly long Shown => IsHidden != 0 ? 0 : Number;

    public const uint None = uint.MaxValue;
}

/// <summary>A profile: the connected names.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ProfileRow
{
    /// <summary>The least number of its members: the oldest profile that has gone into it.</summary>
    public long Id;

    /// <summary>When its members were first and last seen; <see cref="EventFacts.NoTime"/> where no event of theirs has a time.</summary>
    public long FirstSeen;
    public long LastSeen;
    public int Members;

    /// <summary>Profiles that have gone into it since it was made or split.</summary>
    public int Merges;

    /// <summary>Members with partings.</summary>
    public int Parted;
    public uint First;

    /// <summary>How many members count of each type: a list.</summary>
    public uint Counts;

    /// <summary>Members by which somebody is known.</summary>
    public int Known;

    /// <summary>Its names are hidden.</summary>
    public int IsHidden;

    /// <summary>The latest received_at of the log when its last event came, µs.</summary>
    public long LastActive;

    /// <summary>Where its timer stands, µs; 0 for none.</summary>
    public long Timer;

    /// <summary>It is among the profiles that this step has changed.</summary>
    public byte IsListed;

    /// <summary>Takes in the times of a member, or of another profile.</summary>
    public void See(long first, long last)
    {
        if (first == EventFacts.NoTime) return;
        FirstSeen = FirstSeen == EventFacts.NoTime ? first : Math.Min(FirstSeen, first);
        LastSeen = LastSeen == EventFacts.NoTime ? last : Math.Max(LastSeen, last);
    }
}

/// <summary>Members of a profile that count of one type.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CountRow
{
    public int Type;
    public int Members;
    public uint Next;
}

/// <summary>A kept link of two names; it stands in both their lists.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinkRow
{
    public uint A;
    public uint B;
    public uint NextOfA;
    public uint NextOfB;
}

/// <summary>A name's side in a split; names of different sides of one split never share a profile.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PartingRow
{
    /// <summary>The place of the split in the log.</summary>
    public long Split;
    public int Leaves;
    public uint Next;
}
