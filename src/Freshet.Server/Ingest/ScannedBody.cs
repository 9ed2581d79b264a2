using System.Text.Json;

namespace Freshet.Server.Ingest;

/// <summary>A member of an object: where its name and its value lie in the body. Spans of strings include the quotes.</summary>
internal readonly struct Member(MemberName name, JsonTokenType kind, bool escaped, int nameStart, int nameEnd, int valueStart, int valueEnd)
{
    public readonly MemberName Name = name;

    /// <summary>The kind of the value; objects and arrays are their first token.</summary>
    public readonly JsonTokenType Kind = kind;

    /// <summary>A string value that contains a backslash.</summary>
    public readonly bool IsEscaped = escaped;
    public readonly int NameStart = nameStart;
    public readonly int NameEnd = nameEnd;
    public readonly int ValueStart = valueStart;
    public readonly int ValueEnd = valueEnd;
}

/// <summary>An element of the batch array, or the body itself: its span, its members, and what is wrong with it.</summary>
internal struct ScannedItem
{
    public int Start;
    public int End;
    public int FirstMember;
    public int MemberCount;

    /// <summary>Why this item cannot be an event; null where nothing is known against it.</summary>
    public string? Problem;
}

/// <summary>
/// What one pass over a body found. Arrays grow to the largest body seen and are used again for the next request of the
/// connection; <see cref="Clear"/> lets go of the ones that a rare large batch left behind.
/// </summary>
internal sealed class ScannedBody
{
    private const int KeptMembers = 4096;

    private Member[] _members = new Member[64];
    private ScannedItem[] _items = new ScannedItem[4];

    public int MemberCount { get; private set; }

    public int ItemCount { get; private set; }

    /// <summary>The members beside the array of a batch; they lie apart from those of the items.</summary>
    public List<Member> Envelope { get; } = [];

    /// <summary>A batch body had its array.</summary>
    public bool HasBatch { get; set; }

    public ReadOnlySpan<Member> MembersOf(in ScannedItem item) => _members.AsSpan(item.FirstMember, item.MemberCount);

    public ref ScannedItem Item(int index) => ref _items[index];

    public void Add(in Member member)
    {
        if (MemberCount == _members.Length) Array.Resize(ref _members, MemberCount * 2);
        _members[MemberCount++] = member;
    }

    public ref ScannedItem AddItem(int start)
    {
        if (ItemCount == _items.Length) Array.Resize(ref _items, ItemCount * 2);
        ref var item = ref _items[ItemCount++];
        item = new ScannedItem { Start = start, FirstMember = MemberCount };
        return ref item;
    }

    public void Clear()
    {
        MemberCount = 0;
        ItemCount = 0;
        HasBatch = false;
        Envelope.Clear();
        if (_members.Length <= KeptMembers) return;
        _members = new Member[64];
        _items = new ScannedItem[4];
    }
}
